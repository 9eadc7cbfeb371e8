// The unary functions on lanes of AVX2.
#if defined(__x86_64__)
#include "internal/lanes_avx2.hpp"
// Written over those lanes:
#include "internal/functions_double.hpp"

namespace assay::numerics::internal {
namespace {

struct Family {
  template <template <class> class Function, Exact exact>
  ASSAY_AVX2 static void strip(void* out, const void* const* in, std::size_t n) {
    run_strip<Avx2, Twice<Avx2>, Function>(out, in, n, exact);
  }
};

}  // namespace

StripFunction function_strip_avx2(OpCode op) { return strip_of_function<Family>(op); }

}  // namespace assay::numerics::internal
#else
#include "internal/functions.hpp"

namespace assay::numerics::internal {
StripFunction function_strip_avx2(OpCode) { return nullptr; }
}  // namespace assay::numerics::internal
#endif

// The unary functions on lanes of AVX-512.
#if defined(__x86_64__)
#include "internal/lanes_avx512.hpp"
// Written over those lanes:
#include "internal/functions_double.hpp"

namespace assay::numerics::internal {
namespace {

struct Family {
  template <template <class> class Function, Exact exact>
  ASSAY_AVX512 static void strip(void* out, const void* const* in, std::size_t n) {
    run_strip<Avx512, Twice<Avx512>, Function>(out, in, n, exact);
  }
};

}  // namespace

StripFunction function_strip_avx512(OpCode op) { return strip_of_function<Family>(op); }

}  // namespace assay::numerics::internal
#else
#include "internal/functions.hpp"

namespace assay::numerics::internal {
StripFunction function_strip_avx512(OpCode) { return nullptr; }
}  // namespace assay::numerics::internal
#endif

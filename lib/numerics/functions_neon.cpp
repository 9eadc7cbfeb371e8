// The unary functions on lanes of NEON.
#if defined(__aarch64__)
#include "internal/lanes_neon.hpp"
// Written over those lanes:
#include "internal/functions_double.hpp"

namespace assay::numerics::internal {
namespace {

struct Family {
  template <template <class> class Function, Exact exact>
  static void strip(void* out, const void* const* in, std::size_t n) {
    run_strip<Neon, Twice<Neon>, Function>(out, in, n, exact);
  }
};

}  // namespace

StripFunction function_strip_neon(OpCode op) { return strip_of_function<Family>(op); }

}  // namespace assay::numerics::internal
#else
#include "internal/functions.hpp"

namespace assay::numerics::internal {
StripFunction function_strip_neon(OpCode) { return nullptr; }
}  // namespace assay::numerics::internal
#endif

// A bench ends at the first error.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "assay/core/result.hpp"

namespace assay::bench {

[[noreturn]] inline void die(const std::string& why) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, why.c_str());
  std::exit(1);
}
template <class T>
T need(Result<T> result) {
  if (!result) die(result.error().message);
  return std::move(*result);
}
inline void need(const Status& status) {
  if (!status) die(status.error().message);
}

}  // namespace assay::bench

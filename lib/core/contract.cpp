#include "assay/core/contract.hpp"

#include <cstdio>
#include <cstdlib>

#include "assay/core/result.hpp"

namespace assay {

void contract_failed(const char* kind, const char* expression, const char* file,
                     int line) noexcept {
  std::fprintf(stderr, "assay: broken %s at %s:%d: %s\nThis is a bug in assay: please report it.\n",
               kind, file, line, expression);
  std::abort();
}

const char* to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "invalid argument";
    case ErrorCode::kMalformed: return "malformed";
    case ErrorCode::kIntegrity: return "integrity";
    case ErrorCode::kNotFound: return "not found";
    case ErrorCode::kAlreadyExists: return "already exists";
    case ErrorCode::kPermission: return "permission";
    case ErrorCode::kLimit: return "limit";
    case ErrorCode::kUnavailable: return "unavailable";
    case ErrorCode::kTimeout: return "timeout";
    case ErrorCode::kCancelled: return "cancelled";
    case ErrorCode::kIo: return "i/o";
    case ErrorCode::kNoSpace: return "no space";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kConflict: return "conflict";
    case ErrorCode::kInternal: return "internal";
  }
  return "unknown";
}

}  // namespace assay

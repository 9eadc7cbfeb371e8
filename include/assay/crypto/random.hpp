// The operating system's cryptographic randomness, through OpenSSL. Thread-safe. A process whose
// generator fails must not go on: that aborts.
#pragma once

#include "assay/core/faces.hpp"

namespace assay::crypto {

class SystemRng final : public Rng {
 public:
  void fill(MutableBytes out) override;
};

}  // namespace assay::crypto

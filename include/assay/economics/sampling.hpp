// Which intervals a verifier replays: a pure function of the beacon, so that nobody chooses
// (docs/spec/economics.md). Thread-safe.
#pragma once

#include <vector>

#include "assay/core/ids.hpp"
#include "assay/core/sha256_function.hpp"

namespace assay::economics {

// One interval to replay: transcript entry `entry` from the one before (0: the init program), and
// the step after which the seal wants the state.
struct Draw {
  std::uint64_t entry = 0;
  std::uint64_t interior_step = 0;
  friend bool operator==(const Draw&, const Draw&) = default;
};

// No byte of it is the solver's choice: the claim's id is hash of the task and the solver's key,
// fixed before the beacon is known.
struct DrawTerms {
  Hash256 beacon;
  ClaimId claim;
  AccountId verifier;
  std::uint64_t entries = 0;  // of the transcript, at least 1
  std::uint32_t draws = 0;    // at most entries
  std::uint64_t steps = 0;    // of the task
  std::uint64_t commit_interval = 1;
};

// Draw i is the first of PRF(beacon, claim, verifier, i, attempt = 0, 1, ...) whose entry was not
// drawn before, so the entries are distinct and uniform. The interior step is uniform strictly
// inside the interval; the interval's last step if it has only one; 0 for entry 0. PRF:
// SHA-256("assay/draw/1" || beacon || claim || verifier || index u32 || attempt u32); the first 8
// bytes choose the entry and the next 8 the step, each as floor(x n / 2^64).
[[nodiscard]] std::vector<Draw> draw_intervals(Sha256Function sha256, const DrawTerms& terms);

// A seat among the relays of a claim, in one round.
struct RelayDraw {
  Hash256 beacon;
  ClaimId claim;
  std::uint32_t round = 1;
  std::uint32_t seat = 0;
  std::uint64_t total = 0;  // of all bonds, in atoms
};
// A point of all bonds laid end to end: floor(h[0..8] total / 2^64), h = SHA-256("assay/relay/1" ||
// beacon || claim || round u32 || seat u32). Each seat is drawn from all of them again.
[[nodiscard]] std::uint64_t draw_relay(Sha256Function sha256, const RelayDraw& draw) noexcept;

// floor(x n / 2^64): uniform in [0, n) up to n / 2^64.
[[nodiscard]] std::uint64_t scale_to(std::uint64_t x, std::uint64_t n) noexcept;

}  // namespace assay::economics

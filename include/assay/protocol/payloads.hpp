// What transactions ask for: one struct a kind (docs/spec/protocol.md has the byte tables). Every
// size that a sender controls has a named limit.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "assay/codec/buffer.hpp"
#include "assay/commit/path_record.hpp"
#include "assay/commit/task.hpp"
#include "assay/crypto/ed25519.hpp"
#include "assay/dispute/game.hpp"
#include "assay/economics/incentives.hpp"
#include "assay/protocol/ids.hpp"

namespace assay::protocol {

inline constexpr std::size_t kMaxUrlBytes = 200;
inline constexpr std::size_t kMaxSignedMoveBytes = 4 + 1 + 32 + 4 + dispute::kMaxMoveBytes + 64;
inline constexpr std::uint64_t kUnbondingMs = std::uint64_t{24} * 3600 * 1000;
inline constexpr std::uint32_t kMaxChallengesPerClaim = economics::kMaxChallenges;
inline constexpr std::uint64_t kMaxWindowMs = std::uint64_t{366} * 24 * 3600 * 1000;

// Windows of a task, in milliseconds of ledger time, each from 1 to kMaxWindowMs.
struct Windows {
  std::uint64_t accept_ms = 0;     // from posting: a solver accepts
  std::uint64_t train_ms = 0;      // from acceptance: the transcript is committed to
  std::uint64_t enlist_ms = 0;     // from then: free verifier seats are taken
  std::uint64_t reveal_ms = 0;     // from then: the transcript is revealed
  std::uint64_t seal_ms = 0;       // from the draw: drawn verifiers seal
  std::uint64_t open_ms = 0;       // from then: they open
  std::uint64_t challenge_ms = 0;  // from then: last challenges are committed to
  std::uint64_t challenge_reveal_ms =
      0;                          // from its commitment, at the earliest from the openings' end
  std::uint64_t stand_up_ms = 0;  // from its reveal: attestors join the defence
  std::uint64_t move_ms = 0;      // allowance of each turn of a game
  std::uint64_t replay_ms = 0;    // at most this a solver may quote for replaying an interval
  // From the openings' end: the solver discloses whether it forced an error. 0 exactly if the task
  // forces none.
  std::uint64_t disclose_ms = 0;
  friend bool operator==(const Windows&, const Windows&) = default;
};

struct Transfer {
  AccountId to;
  Amount amount;
  friend bool operator==(const Transfer&, const Transfer&) = default;
};
struct Stake {
  Amount amount;
  friend bool operator==(const Stake&, const Stake&) = default;
};
// The money is free after kUnbondingMs.
struct Unstake {
  Amount amount;
  friend bool operator==(const Unstake&, const Unstake&) = default;
};
// Where the account's blobs are fetched, and the SHA-256 of the certificate to expect there.
struct RegisterEndpoint {
  std::string url;  // "https://", printable ASCII, at most kMaxUrlBytes
  Hash256 certificate;
  friend bool operator==(const RegisterEndpoint&, const RegisterEndpoint&) = default;
};
struct PostTask {
  commit::TaskHeader header;
  std::optional<AccountId> reserved_solver;
  Amount price;
  Amount verification_fee;  // of all verifiers together
  Amount solver_stake;
  Amount verifier_stake;
  Amount challenger_bond;
  Amount declared_harm;
  Amount tax;  // on top of price and fee, taken when a claim becomes final
  std::uint32_t seats = 0;
  std::uint32_t draws = 0;       // of one verifier
  std::uint32_t force_rate = 0;  // chance of a forced error, of 2^32
  Windows windows;
  friend bool operator==(const PostTask&, const PostTask&) = default;
};
struct CancelTask {
  TaskId task;
  friend bool operator==(const CancelTask&, const CancelTask&) = default;
};
struct AcceptTask {
  TaskId task;
  std::uint64_t replay_ms = 0;  // the quote: what replaying one interval takes this solver
  Hash256 r_commitment;         // H of the solver's random bits, for forced errors
  friend bool operator==(const AcceptTask&, const AcceptTask&) = default;
};
struct EnlistVerifier {
  ClaimId claim;
  friend bool operator==(const EnlistVerifier&, const EnlistVerifier&) = default;
};
struct CommitTranscript {
  ClaimId claim;
  Hash256 commitment;  // transcript_commitment()
  friend bool operator==(const CommitTranscript&, const CommitTranscript&) = default;
};
// A transcript of another length than the task asks for cannot open its last entry.
struct RevealTranscript {
  ClaimId claim;
  Hash256 transcript_root;
  Hash256 salt;  // zero where the task forces errors: it would tell whether this one was forced
  Hash256 final_state_root;
  commit::Path final_path;        // of the last entry, transcript_entries(task) - 1
  crypto::Signature signature{};  // by the solver over dispute::claim_digest()
};
struct Seal {
  ClaimId claim;
  std::vector<Hash256> seals;  // seal_commitment() of each draw, in order
  friend bool operator==(const Seal&, const Seal&) = default;
};
struct OpenSeal {
  ClaimId claim;
  std::uint32_t draw = 0;
  Hash256 salt;
  Hash256 interior_root;
  Hash256 own_end_root;
  Hash256 start_root;       // what the transcript says before the interval; zero for entry 0
  commit::Path start_path;  // empty for entry 0
  Hash256 end_root;         // and after it
  commit::Path end_path;
  // Over dispute::attestation_digest(), present exactly if own_end_root == end_root.
  std::optional<crypto::Signature> attestation;
};
// The slot whose lowest bit a forced error flips: f32, scalar, written by every step and read by
// none.
inline constexpr std::string_view kLossSlot = "metric/loss";
// What a forced error was: the true state's root at the forced entry, and the place of its loss
// slot.
struct ForcedProof {
  Hash256 state_root;
  commit::Path entry_path;  // of the forced entry, in either transcript: they differ in it alone
  std::uint32_t slots = 0;  // of the state
  std::uint32_t slot = 0;   // the loss slot's index among them
  commit::Path slot_path;
  std::uint32_t loss_bits = 0;  // the true loss; the posted one has the lowest bit flipped
};
// The solver opens what it committed to before the beacon.
struct Disclose {
  ClaimId claim;
  Hash256 r;
  Hash256 salt;
  Hash256 transcript_root;            // the true one
  crypto::Signature signature{};      // by the solver over dispute::claim_digest() of it
  std::optional<ForcedProof> forced;  // exactly if an error was due
};
struct CommitChallenge {
  ClaimId claim;
  Hash256 commitment;  // challenge_commitment()
  friend bool operator==(const CommitChallenge&, const CommitChallenge&) = default;
};
struct RevealChallenge {
  ChallengeId challenge;
  std::uint64_t entry = 0;
  Hash256 salt;
  Hash256 start_root;
  commit::Path start_path;
  Hash256 end_root;
  commit::Path end_path;
};
// The sender's attestation of the challenged interval gets a game of its own.
struct StandUp {
  ChallengeId challenge;
  friend bool operator==(const StandUp&, const StandUp&) = default;
};
// Anybody may carry a move: it has its mover's signature inside.
struct PlayMove {
  GameId game;
  Bytes signed_move;  // dispute::write_signed_move()
  friend bool operator==(const PlayMove&, const PlayMove&) = default;
};
// The solver signed another transcript for the same claim.
struct ReportContradiction {
  ClaimId claim;
  Hash256 transcript_root;
  crypto::Signature signature{};
  friend bool operator==(const ReportContradiction&, const ReportContradiction&) = default;
};

// The kind's number on the wire is the alternative's index + 1.
using Payload = std::variant<Transfer, Stake, Unstake, RegisterEndpoint, PostTask, CancelTask,
                             AcceptTask, EnlistVerifier, CommitTranscript, RevealTranscript, Seal,
                             OpenSeal, CommitChallenge, RevealChallenge, StandUp, PlayMove,
                             ReportContradiction, Disclose>;

enum class TxKind : std::uint8_t {
  kTransfer = 1,
  kStake,
  kUnstake,
  kRegisterEndpoint,
  kPostTask,
  kCancelTask,
  kAcceptTask,
  kEnlistVerifier,
  kCommitTranscript,
  kRevealTranscript,
  kSeal,
  kOpenSeal,
  kCommitChallenge,
  kRevealChallenge,
  kStandUp,
  kPlayMove,
  kReportContradiction,
  kDisclose,
};
inline constexpr std::uint8_t kTxKindLast = 18;
static_assert(std::variant_size_v<Payload> == kTxKindLast);

[[nodiscard]] inline TxKind kind_of(const Payload& payload) noexcept {
  return static_cast<TxKind>(payload.index() + 1);
}

// The payload's bytes, without its kind.
[[nodiscard]] Bytes encode_payload(const Payload& payload);
// False if the bytes are no payload of this kind, or longer than its limit. kind: 1 to kTxKindLast.
[[nodiscard]] bool decode_payload(TxKind kind, ByteView bytes, Payload& out);

// The root of the state that has this loss at the proof's place. False if the path has the wrong
// length.
[[nodiscard]] bool state_root_with_loss(const ForcedProof& proof, std::uint32_t loss_bits,
                                        Hash256& root);

// The economics of a posted task.
[[nodiscard]] economics::TaskTerms terms_of(const PostTask& task) noexcept;

}  // namespace assay::protocol

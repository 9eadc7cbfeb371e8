// Ids and commitments of the protocol: each the hash of a domain and its parts, so that a party can
// compute it before it sends anything (docs/spec/protocol.md, "Ids"). Thread-safe.
#pragma once

#include "assay/core/ids.hpp"
#include "assay/crypto/vrf.hpp"

namespace assay::protocol {

using ClientId = std::array<std::uint8_t, 16>;  // chosen by the sender; one an action, for ever
using QuoteId = std::array<std::uint8_t, 16>;   // chosen by a solver; awarded at most once
using ChallengeId = Strong<struct ChallengeIdTag, Hash256>;
using DemandId = Strong<struct DemandIdTag, Hash256>;
// CometBFT's name of a validator: the first 20 bytes of SHA-256 of its Ed25519 key.
using ValidatorAddress = std::array<std::uint8_t, 20>;
[[nodiscard]] ValidatorAddress validator_address(const Hash256& key);

[[nodiscard]] TaskId task_id_of(const ChainId& chain, const AccountId& submitter,
                                const ClientId& client_id);
[[nodiscard]] ClaimId claim_id_of(const TaskId& task, const AccountId& solver);
[[nodiscard]] ChallengeId challenge_id_of(const ClaimId& claim, const AccountId& challenger,
                                          const Hash256& commitment);
[[nodiscard]] GameId game_id_of(const ChallengeId& challenge, const AccountId& defender);

// What commit_transcript carries.
[[nodiscard]] Hash256 transcript_commitment(const ClaimId& claim, const Hash256& transcript_root,
                                            const Hash256& salt);
// What report_progress carries: the state's root at the last reported entry, under the salt of the
// claim's transcript.
[[nodiscard]] Hash256 progress_commitment(const ClaimId& claim, std::uint64_t entries,
                                          const Hash256& state_root, const Hash256& salt);

// What seal carries for one draw: nobody else can open it, because the verifier's id is inside.
struct SealParts {
  ClaimId claim;
  AccountId verifier;
  std::uint32_t draw = 0;
  Hash256 salt;
  Hash256 interior_root;  // the state's root after the draw's interior step
  Hash256 end_root;       // and after the interval, both by the verifier's own replay
};
[[nodiscard]] Hash256 seal_commitment(const SealParts& parts);

// What a validator's key signs to show that whoever holds it is behind `account`.
[[nodiscard]] Hash256 possession_digest(const ChainId& chain, const AccountId& account);

// What a validator's share key proves to show that its holder is behind the account and the
// validator. Of the genesis record's validators: of no chain, since its id follows from the record.
[[nodiscard]] Hash256 share_possession_digest(const ChainId& chain, const AccountId& account,
                                              const ValidatorAddress& validator);
// What the share of each holder is about, in a round of the beacon.
[[nodiscard]] Hash256 share_input(const ChainId& chain, std::uint64_t round, Height opened_at);

// The signatures that bind a verifier to its word, so that anybody may challenge either root of it:
// over dispute::attestation_digest() of its draw's interval, from the start that stands in the
// transcript.
struct Attestation {
  crypto::Signature end{};       // to its own end root
  crypto::Signature interior{};  // to the interior root, of the task that header_up_to() gives
  friend bool operator==(const Attestation&, const Attestation&) = default;
};

// What a challenge disputes: the solver's word, or one of the two roots that a verifier's opened
// seal asserts.
enum class Disputed : std::uint8_t {
  kEntry = 1,  // an entry of the claim's transcript
  kEnd,        // the root that a verifier attested after the interval of a draw
  kInterior,   // and the one after the draw's interior step
};
struct ChallengeTarget {
  Disputed what = Disputed::kEntry;
  std::uint64_t place = 0;  // kEntry: the entry; else which draw of the verifier's
  AccountId verifier;       // zero of an entry

  ChallengeTarget() = default;
  ChallengeTarget(std::uint64_t entry) : place(entry) {}  // NOLINT: implicit by design
  ChallengeTarget(Disputed root, const AccountId& of, std::uint32_t draw)
      : what(root), place(draw), verifier(of) {}
  [[nodiscard]] bool is_of_claim() const noexcept { return what == Disputed::kEntry; }
  friend bool operator==(const ChallengeTarget&, const ChallengeTarget&) = default;
};
[[nodiscard]] const char* to_string(Disputed what) noexcept;

// What commit_challenge carries: nobody can tell from it whose word is disputed.
struct ChallengeParts {
  ClaimId claim;
  ChallengeTarget target;
  AccountId challenger;
  Hash256 salt;
};
[[nodiscard]] Hash256 challenge_commitment(const ChallengeParts& parts);

}  // namespace assay::protocol

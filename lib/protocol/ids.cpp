#include "assay/protocol/ids.hpp"

#include <cstring>
#include <string_view>

#include "assay/core/hex.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::protocol {

namespace {

struct Word {
  explicit Word(std::uint64_t value) { store_le(raw, value); }
  [[nodiscard]] ByteView view() const { return raw; }
  std::uint8_t raw[8];
};

}  // namespace

ValidatorAddress validator_address(const Hash256& key) {
  const Hash256 hash = crypto::sha256({key.view()});
  ValidatorAddress address;
  std::memcpy(address.data(), hash.bytes.data(), address.size());
  return address;
}

Hash256 possession_digest(const ChainId& chain, const AccountId& account) {
  return crypto::sha256({as_bytes("assay/validator/1"), chain.value.view(), account.value.view()});
}

Hash256 share_possession_digest(const ChainId& chain, const AccountId& account,
                                const ValidatorAddress& validator) {
  return crypto::sha256({as_bytes("assay/share-key/1"), chain.value.view(), account.value.view(),
                         ByteView{validator}});
}

Hash256 share_input(const ChainId& chain, std::uint64_t round, Height opened_at) {
  return crypto::sha256({as_bytes("assay/share/1"), chain.value.view(), Word(round).view(),
                         Word(opened_at.value).view()});
}

TaskId task_id_of(const ChainId& chain, const AccountId& submitter, const ClientId& client_id) {
  return TaskId{crypto::sha256(
      {as_bytes("assay/task/1"), chain.value.view(), submitter.value.view(), ByteView{client_id}})};
}

ClaimId claim_id_of(const TaskId& task, const AccountId& solver) {
  return ClaimId{
      crypto::sha256({as_bytes("assay/claim-id/1"), task.value.view(), solver.value.view()})};
}

ChallengeId challenge_id_of(const ClaimId& claim, const AccountId& challenger,
                            const Hash256& commitment) {
  return ChallengeId{crypto::sha256({as_bytes("assay/challenge-id/1"), claim.value.view(),
                                     challenger.value.view(), commitment.view()})};
}

GameId game_id_of(const ChallengeId& challenge, const AccountId& defender) {
  return GameId{
      crypto::sha256({as_bytes("assay/game-id/1"), challenge.value.view(), defender.value.view()})};
}

Hash256 transcript_commitment(const ClaimId& claim, const Hash256& transcript_root,
                              const Hash256& salt) {
  return crypto::sha256({as_bytes("assay/transcript-commitment/1"), claim.value.view(),
                         transcript_root.view(), salt.view()});
}

Hash256 progress_commitment(const ClaimId& claim, std::uint64_t entries, const Hash256& state_root,
                            const Hash256& salt) {
  return crypto::sha256({as_bytes("assay/progress/1"), claim.value.view(), Word(entries).view(),
                         state_root.view(), salt.view()});
}

Hash256 seal_commitment(const SealParts& p) {
  return crypto::sha256({as_bytes("assay/seal/1"), p.claim.value.view(), p.verifier.value.view(),
                         Word(p.draw).view(), p.salt.view(), p.interior_root.view(),
                         p.end_root.view()});
}

Hash256 challenge_commitment(const ChallengeParts& p) {
  const auto what = static_cast<std::uint8_t>(p.target.what);
  return crypto::sha256({as_bytes("assay/challenge/1"), p.claim.value.view(), ByteView{&what, 1},
                         Word(p.target.place).view(), p.target.verifier.value.view(),
                         p.challenger.value.view(), p.salt.view()});
}

}  // namespace assay::protocol

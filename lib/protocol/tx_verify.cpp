// enlist_verifier, seal, open_seal.
#include "assay/commit/transcript.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/claims.hpp"
#include "internal/context.hpp"

namespace assay::protocol::internal {

using ledger::LedgerVerdict;

Outcome execute(Context& c, const Sender& s, const EnlistVerifier& p) {
  std::optional<ClaimRecord> claim = c.state.claim(p.claim);
  if (!claim) return TxVerdict::kUnknownClaim;
  if (claim->solver == s.id) return TxVerdict::kSelfDealing;
  if (claim->status != ClaimStatus::kTraining && claim->status != ClaimStatus::kEnlisting)
    return TxVerdict::kWrongPhase;
  if (c.state.verifier(claim->id, s.id)) return TxVerdict::kAlreadyEnlisted;
  const PostTask terms = c.state.need_task(claim->task).terms;
  if (claim->enlisted >= terms.seats) return TxVerdict::kSeatsFull;
  if (terms.verifier_stake.value != 0 &&
      c.transfer(stake_account(s.id), lock_account(claim->id, s.id), terms.verifier_stake) !=
          LedgerVerdict::kOk)
    return TxVerdict::kInsufficientStake;
  VerifierRecord verifier;
  verifier.claim = claim->id;
  verifier.verifier = s.id;
  c.state.put(verifier);
  c.state.add_part(s.id, claim->task);
  ++claim->enlisted;
  c.state.put(*claim);
  c.emit(VerifierEnlisted{claim->id, s.id});
  if (claim->status == ClaimStatus::kEnlisting && claim->enlisted == terms.seats)
    end_enlisting(c, *claim);
  return {};
}

Outcome execute(Context& c, const Sender& s, const Seal& p) {
  std::optional<ClaimRecord> claim = c.state.claim(p.claim);
  if (!claim) return TxVerdict::kUnknownClaim;
  std::optional<VerifierRecord> verifier = c.state.verifier(p.claim, s.id);
  if (!verifier) return TxVerdict::kNotVerifier;
  if (claim->status != ClaimStatus::kSealing) return TxVerdict::kWrongPhase;
  if (p.seals.size() != verifier->draws.size()) return TxVerdict::kWrongSealCount;
  if (!verifier->seals.empty()) return TxVerdict::kAlreadySealed;
  verifier->seals = p.seals;
  verifier->opened.resize(p.seals.size());
  c.state.put(*verifier);
  ++claim->sealed;
  c.state.put(*claim);
  c.emit(VerifierSealed{claim->id, s.id});
  if (claim->sealed == claim->enlisted) end_sealing(c, *claim);
  return {};
}

namespace {

// What the transcript says around the drawn interval.
bool opens(const ClaimRecord& claim, const commit::TaskHeader& header, const OpenSeal& p,
           std::uint64_t entry) {
  const std::uint64_t count = commit::transcript_entries(header);
  const Sha256Function sha256 = crypto::sha256_function();
  if (!commit::verify_entry(sha256, claim.transcript_root, count, entry, p.end_root, p.end_path))
    return false;
  if (entry == 0) return p.start_root == Hash256{} && p.start_path.length == 0;
  return commit::verify_entry(sha256, claim.transcript_root, count, entry - 1, p.start_root,
                              p.start_path);
}

}  // namespace

Outcome execute(Context& c, const Sender& s, const OpenSeal& p) {
  std::optional<ClaimRecord> claim = c.state.claim(p.claim);
  if (!claim) return TxVerdict::kUnknownClaim;
  std::optional<VerifierRecord> verifier = c.state.verifier(p.claim, s.id);
  if (!verifier) return TxVerdict::kNotVerifier;
  if (claim->status != ClaimStatus::kOpening) return TxVerdict::kWrongPhase;
  if (verifier->seals.empty()) return TxVerdict::kNotSealed;
  if (p.draw >= verifier->seals.size()) return TxVerdict::kDrawOutOfRange;
  if (verifier->opened[p.draw]) return TxVerdict::kAlreadyOpened;
  if (seal_commitment({p.claim, s.id, p.draw, p.salt, p.interior_root, p.own_end_root}) !=
      verifier->seals[p.draw])
    return TxVerdict::kWrongCommitment;
  const TaskRecord task = c.state.need_task(claim->task);
  const std::uint64_t entry = verifier->draws[p.draw].entry;
  if (!opens(*claim, task.terms.header, p, entry)) return TxVerdict::kWrongOpening;
  const bool matches = p.own_end_root == p.end_root;
  if (matches != p.attestation.has_value()) return TxVerdict::kWrongAttestation;
  if (matches) {
    const Hash256 digest =
        dispute::attestation_digest(crypto::sha256_function(), c.chain, task.id, task.terms.header,
                                    entry, p.start_root, p.end_root);
    if (!crypto::ed25519_verify(s.id.value, digest.view(), p.attestation->data()))
      return TxVerdict::kWrongAttestation;
  }

  verifier->opened[p.draw] = OpenedSeal{p.interior_root, p.own_end_root, p.attestation};
  c.state.put(*verifier);
  ++claim->opened;
  c.state.put(*claim);
  c.emit(SealOpened{claim->id, s.id, entry, matches});
  if (claim->opened == claim->sealed * task.terms.draws) end_opening(c, *claim);
  return {};
}

}  // namespace assay::protocol::internal

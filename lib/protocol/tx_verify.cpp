// enlist_verifier, seal, open_seal.
#include "assay/commit/transcript.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/claims.hpp"
#include "internal/rules.hpp"

namespace assay::protocol::internal {

using V = TxVerdict;

Checked<EnlistVerifier> Rules::check(const Reading& r, const Sender& s, const EnlistVerifier& p) {
  std::optional<ClaimRecord> claim = r.state.claim(p.claim);
  if (!claim) return V::kUnknownClaim;
  if (claim->solver == s.id) return V::kSelfDealing;
  if (claim->status != ClaimStatus::kTraining && claim->status != ClaimStatus::kEnlisting)
    return V::kWrongPhase;
  if (r.state.verifier(claim->id, s.id)) return V::kAlreadyEnlisted;
  TaskRecord task = r.state.need_task(claim->task);
  if (claim->enlisted >= task.terms.seats) return V::kSeatsFull;
  if (!r.has(stake_account(s.id), task.terms.verifier_stake.value)) return V::kInsufficientStake;
  return holds(p, s, {{std::move(*claim), std::move(task)}});
}
void transition(Context& c, Proof<EnlistVerifier>&& t) {
  auto& [claim, task] = static_cast<OfClaim&>(t.found);
  const AccountId& id = t.sender.id;
  c.put_down(stake_account(id), stake_lock(claim.id, id), task.terms.verifier_stake.value);
  VerifierRecord verifier;
  verifier.claim = claim.id;
  verifier.verifier = id;
  c.state.put(verifier);
  c.state.add_part(id, claim.task);
  ++claim.enlisted;
  c.state.put(claim);
  c.emit(VerifierEnlisted{claim.id, id});
  if (claim.status == ClaimStatus::kEnlisting && claim.enlisted == task.terms.seats)
    end_enlisting(c, claim);
}

Checked<Seal> Rules::check(const Reading& r, const Sender& s, const Seal& p) {
  std::optional<ClaimRecord> claim = r.state.claim(p.claim);
  if (!claim) return V::kUnknownClaim;
  std::optional<VerifierRecord> verifier = r.state.verifier(p.claim, s.id);
  if (!verifier) return V::kNotVerifier;
  if (claim->status != ClaimStatus::kSealing) return V::kWrongPhase;
  if (p.seals.size() != verifier->draws.size()) return V::kWrongSealCount;
  if (!verifier->seals.empty()) return V::kAlreadySealed;
  TaskRecord task = r.state.need_task(claim->task);
  return holds(p, s, {{std::move(*claim), std::move(task), std::move(*verifier)}});
}
void transition(Context& c, Proof<Seal>&& t) {
  auto& [claim, task, verifier] = static_cast<OfVerifier&>(t.found);
  verifier.seals = t.payload.seals;
  verifier.opened.resize(verifier.seals.size());
  c.state.put(verifier);
  ++claim.sealed;
  c.state.put(claim);
  c.emit(VerifierSealed{claim.id, t.sender.id});
  if (claim.sealed == claim.enlisted) end_sealing(c, claim);
}

namespace {

// What the transcript says around the drawn interval.
bool opens(const ClaimRecord& claim, const OpenSeal& p, std::uint64_t entry) {
  const Sha256Function sha256 = crypto::sha256_function();
  if (!commit::verify_entry(sha256, claim.transcript_root, claim.entries, entry, p.end_root,
                            p.end_path))
    return false;
  if (entry == 0) return p.start_root == Hash256{} && p.start_path.length == 0;
  return commit::verify_entry(sha256, claim.transcript_root, claim.entries, entry - 1, p.start_root,
                              p.start_path);
}

// Who came to another end than the transcript stands by it with a challenge, unless there is no
// committing to one any more: others have used up the room for them, or the claim falls anyway.
bool stands_by(const ClaimRecord& claim, const OpenSeal& p) {
  const bool differs = p.own_end_root != p.end_root;
  return p.mismatch.has_value() == differs || (differs && (claim.doomed || !has_room(claim)));
}

// Both of its roots are signed by the verifier, so that either can be held against it; but not
// where it disputes an earlier entry, and so has nothing to replay the drawn interval from.
bool attests(const Reading& r, const OfVerifier& of, const OpenSeal& p) {
  const economics::Draw& draw = of.verifier.draws[p.draw];
  const bool is_free = !p.mismatch && p.own_end_root != p.end_root;
  const bool is_due = !p.mismatch || p.mismatch->entry == draw.entry;
  if (!is_free && p.attestation.has_value() != is_due) return false;
  const auto signs = [&](const commit::TaskHeader& header, const Hash256& root,
                         const crypto::Signature& signature) {
    const Hash256 digest = dispute::attestation_digest(
        crypto::sha256_function(), r.chain, of.task.id, header, draw.entry, p.start_root, root);
    return crypto::ed25519_verify(of.verifier.verifier.value, digest.view(), signature.data());
  };
  const commit::TaskHeader header = header_of(of.task, of.claim);
  return !p.attestation || (signs(header, p.own_end_root, p.attestation->end) &&
                            signs(header_up_to(header, draw.interior_step), p.interior_root,
                                  p.attestation->interior));
}

}  // namespace

Checked<OpenSeal> Rules::check(const Reading& r, const Sender& s, const OpenSeal& p) {
  std::optional<ClaimRecord> claim = r.state.claim(p.claim);
  if (!claim) return V::kUnknownClaim;
  std::optional<ChallengeRecord> challenge;
  if (p.mismatch) challenge = r.state.challenge(p.mismatch->challenge);
  if (p.mismatch && (!challenge || challenge->claim != claim->id)) return V::kUnknownChallenge;
  std::optional<VerifierRecord> verifier = r.state.verifier(p.claim, s.id);
  if (!verifier) return V::kNotVerifier;
  if (challenge && challenge->challenger != s.id) return V::kNotChallenger;
  if (claim->status != ClaimStatus::kOpening) return V::kWrongPhase;
  if (verifier->seals.empty()) return V::kNotSealed;
  if (p.draw >= verifier->seals.size()) return V::kDrawOutOfRange;
  if (verifier->opened[p.draw]) return V::kAlreadyOpened;
  const std::uint64_t entry = verifier->draws[p.draw].entry;
  if (p.mismatch && p.mismatch->entry > entry) return V::kEntryOutOfRange;
  if (challenge && challenge->committed_at == r.height) return V::kSameBlock;
  if (seal_commitment({p.claim, s.id, p.draw, p.salt, p.interior_root, p.own_end_root}) !=
          verifier->seals[p.draw] ||
      (challenge && challenge_commitment({p.claim, p.mismatch->entry, s.id, p.mismatch->salt}) !=
                        challenge->commitment))
    return V::kWrongCommitment;
  if (!opens(*claim, p, entry)) return V::kWrongOpening;
  TaskRecord task = r.state.need_task(claim->task);
  OfVerifier found{std::move(*claim), std::move(task), std::move(*verifier)};
  if (!stands_by(found.claim, p) || !attests(r, found, p)) return V::kWrongAttestation;
  return holds(p, s, {std::move(found), std::move(challenge)});
}
namespace {

// From here on everybody knows what the challenge is about; its bond sees to it that it is
// revealed, and becomes a game. Several seals may be opened on one challenge.
void show(Context& c, ChallengeRecord& challenge, std::uint64_t entry) {
  if (challenge.revealed_at != Height{}) return;
  challenge.revealed_at = c.height;
  challenge.target = entry;
  challenge.entry = entry;
  c.state.put(challenge);
  c.emit(ChallengeRevealed{challenge.id, challenge.claim, Disputed::kEntry, {}, entry});
}

}  // namespace

void transition(Context& c, Proof<OpenSeal>&& t) {
  const OpenSeal& p = t.payload;
  auto& [claim, task, verifier] = static_cast<OfVerifier&>(t.found);
  const std::uint64_t entry = verifier.draws[p.draw].entry;
  const bool matches = p.own_end_root == p.end_root;
  verifier.opened[p.draw] = OpenedSeal{p.interior_root, p.own_end_root, matches, p.attestation};
  c.state.put(verifier);
  ++claim.opened;
  c.state.put(claim);
  c.emit(SealOpened{claim.id, t.sender.id, entry, matches});
  if (t.found.challenge) show(c, *t.found.challenge, p.mismatch->entry);
  if (claim.opened == claim.sealed * draws_of(task, claim)) end_opening(c, claim);
}

}  // namespace assay::protocol::internal

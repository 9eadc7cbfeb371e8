// register_delegate, revoke_delegate: who else moves for a party in its games of a task.
#include "assay/crypto/ed25519.hpp"
#include "assay/crypto/sha256.hpp"
#include "internal/rules.hpp"

namespace assay::protocol::internal {

using V = TxVerdict;

// The certificate is looked at here once, so that what is registered can be carried in moves and
// shown in evidence.
Checked<RegisterDelegate> Rules::check(const Reading& r, const Sender& s,
                                       const RegisterDelegate& p) {
  const std::optional<TaskRecord> task = r.state.task(p.task);
  if (!task) return V::kUnknownTask;
  if (!r.state.has_part(s.id, p.task)) return V::kNotParty;
  if (p.certificate.delegate == s.id) return V::kSelfDealing;
  if (task->ended != LedgerTimeMs{}) return V::kWrongPhase;
  if (p.certificate.valid_until <= r.now ||
      !dispute::is_certified(crypto::sha256_function(), crypto::ed25519_verify, r.chain, p.task,
                             s.id, p.certificate))
    return V::kWrongCertificate;
  return holds(p, s);
}
void transition(Context& c, Proof<RegisterDelegate>&& t) {
  const dispute::Certificate& certificate = t.payload.certificate;
  c.state.put_delegate(t.payload.task, t.sender.id, certificate);
  c.emit(DelegateNamed{t.payload.task, t.sender.id, certificate.delegate, certificate.valid_until});
}

Checked<RevokeDelegate> Rules::check(const Reading& r, const Sender& s, const RevokeDelegate& p) {
  const std::optional<TaskRecord> task = r.state.task(p.task);
  if (!task) return V::kUnknownTask;
  if (task->ended != LedgerTimeMs{}) return V::kWrongPhase;
  const std::optional<dispute::Certificate> named = r.state.delegate(p.task, s.id);
  if (!named) return V::kNoDelegate;
  return holds(p, s, {{*named}});
}
void transition(Context& c, Proof<RevokeDelegate>&& t) {
  c.state.erase_delegate(t.payload.task, t.sender.id);
  c.emit(DelegateRevoked{t.payload.task, t.sender.id, t.found.certificate.delegate});
}

}  // namespace assay::protocol::internal

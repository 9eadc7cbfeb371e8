#include <algorithm>

#include "assay/crypto/sha256.hpp"
#include "assay/dispute/claims.hpp"
#include "assay/roles/checkers.hpp"
#include "internal/checker_role.hpp"

namespace assay::roles {

namespace {

using internal::Replayed;
using protocol::ClaimStatus;
using protocol::ClaimView;
using protocol::TaskView;

class Verifier final : public internal::CheckerRole {
 public:
  Verifier(RoleContext context, VerifierOptions options)
      : CheckerRole(std::move(context)), m_options(options) {}

 private:
  void update(const protocol::View& view) override {
    std::size_t seats = 0;
    for (const TaskView& task : view.tasks) {
      bool busy = task.claims.empty();
      for (const ClaimView& claim : task.claims) {
        const protocol::VerifierRecord* seat = seat_of(claim);
        busy |= seat == nullptr && wants(view, task, claim);
        if (seat == nullptr) continue;
        if (!protocol::is_settled(claim.record.status)) ++seats;
        busy |= check(task, claim, *seat);
      }
      if (!busy) forget(task);
    }
    for (const TaskView& task : view.tasks)
      for (const ClaimView& claim : task.claims)
        if (seat_of(claim) == nullptr && seats < m_options.seats_max && wants(view, task, claim) &&
            open_task(task)) {
          ++seats;
          submit("enlist/" + to_hex(claim.record.id.value),
                 protocol::EnlistVerifier{claim.record.id});
        }
  }

  [[nodiscard]] const protocol::VerifierRecord* seat_of(const ClaimView& claim) const {
    for (const protocol::VerifierRecord& record : claim.verifiers)
      if (record.verifier == account()) return &record;
    return nullptr;
  }

  // A silent seat is a fault: none is taken of a task that cannot be had, or does not open.
  [[nodiscard]] bool wants(const protocol::View& view, const TaskView& task,
                           const ClaimView& of) const {
    const protocol::ClaimRecord& claim = of.record;
    return (claim.status == ClaimStatus::kTraining || claim.status == ClaimStatus::kEnlisting) &&
           claim.enlisted < task.record.terms.seats && claim.solver != account() &&
           task.record.submitter != account() && leaves_time(task.record.terms, {1, 1}) &&
           view.self.staked.value >= task.record.terms.verifier_stake.value;
  }

  // False once nothing is left to do about the claim.
  bool check(const TaskView& task, const ClaimView& of, const protocol::VerifierRecord& seat) {
    const protocol::ClaimRecord& claim = of.record;
    const std::string id = to_hex(claim.id.value);
    report_once(id, "claim.enlisted", {{"claim", id}});
    if (protocol::is_settled(claim.status)) forget_checks(claim.id);
    if (protocol::is_settled(claim.status) && !has_challenged(of)) {
      forget(of);
      return false;
    }
    const internal::SharedTask opened = open_task(task);
    if (!opened) demand_task(task, of);
    if (!opened || claim.status < ClaimStatus::kSealing) return true;
    if (const commit::Transcript* roots = transcript(of)) {
      if (!protocol::is_settled(claim.status)) verify(task, of, seat, opened, *roots);
      carry_on(task, of, opened, *roots);
    }
    return true;
  }

  void verify(const TaskView& task, const ClaimView& of, const protocol::VerifierRecord& seat,
              const internal::SharedTask& opened, const commit::Transcript& roots) {
    const protocol::ClaimRecord& claim = of.record;
    std::vector<const Replayed*> replays;
    bool complete = true;
    for (const economics::Draw& draw : seat.draws) {
      replays.push_back(
          replay(task, of, opened, roots, {draw.entry, draw.entry, draw.interior_step}));
      complete &= replays.back() != nullptr;
    }
    for (const Replayed* found : replays) {
      if (found == nullptr) continue;
      challenge_differences(task, of, roots, *found);
      report_divergence(of, roots, *found);
    }
    if (complete && claim.status == ClaimStatus::kSealing && seat.seals.empty())
      seal(claim.id, seat, replays);
    if (complete && claim.status == ClaimStatus::kOpening && !seat.seals.empty())
      open(task, of, seat, replays, roots);
    stand_up(of, seat);
    std::set<std::uint64_t> drawn;
    for (const economics::Draw& draw : seat.draws) drawn.insert(draw.entry);
    if (complete) check_words(task, of, opened, roots, &drawn);
  }

  // Of a run that went wrong before the draw's entry nothing is known there; what is sealed instead
  // must not be what the transcript happens to say.
  [[nodiscard]] protocol::SealParts parts(const ClaimId& claim, std::uint32_t draw,
                                          std::uint64_t entry, const Replayed& replayed) const {
    const std::string purpose = "seal/" + to_hex(claim.value) + "/" + std::to_string(draw);
    const Hash256 salt = internal::derive_secret(context().key, purpose);
    const Hash256 unknown = crypto::sha256(salt.view());
    const bool is_known = replayed.last() == entry;
    const Hash256 end = is_known ? replayed.roots.back() : unknown;
    return {claim, account(), draw, salt, is_known ? replayed.interior_root.value_or(end) : unknown,
            end};
  }

  void seal(const ClaimId& claim, const protocol::VerifierRecord& seat,
            const std::vector<const Replayed*>& replays) {
    protocol::Seal payload{claim, {}};
    for (std::uint32_t draw = 0; draw < seat.draws.size(); ++draw)
      payload.seals.push_back(
          protocol::seal_commitment(parts(claim, draw, seat.draws[draw].entry, *replays[draw])));
    report_once(to_hex(claim.value), "verifier.sealed",
                {{"claim", to_hex(claim.value)}, {"draws", std::to_string(seat.draws.size())}});
    submit("seal/" + to_hex(claim.value), std::move(payload));
  }

  void open(const TaskView& task, const ClaimView& of, const protocol::VerifierRecord& seat,
            const std::vector<const Replayed*>& replays, const commit::Transcript& roots) {
    const protocol::ClaimRecord& claim = of.record;
    const std::string id = to_hex(claim.id.value);
    for (std::uint32_t draw = 0; draw < seat.draws.size(); ++draw) {
      if (draw < seat.opened.size() && seat.opened[draw]) continue;
      const std::uint64_t entry = seat.draws[draw].entry;
      const Replayed& replayed = *replays[draw];
      const protocol::SealParts own = parts(claim.id, draw, entry, replayed);
      protocol::OpenSeal payload;
      payload.claim = claim.id;
      payload.draw = draw;
      payload.salt = own.salt;
      payload.interior_root = own.interior_root;
      payload.own_end_root = own.end_root;
      if (entry > 0) {
        payload.start_root = roots.state_root(entry - 1);
        payload.start_path = roots.path(entry - 1);
      }
      payload.end_root = roots.state_root(entry);
      payload.end_path = roots.path(entry);
      const bool matches = payload.own_end_root == payload.end_root;
      if (!matches && !claim.doomed && protocol::has_room(claim)) {
        payload.mismatch = stands_by(task, of, replayed.last());
        if (!payload.mismatch) continue;  // on its way
      }
      if (replayed.last() == entry)
        payload.attestation = sign(task, claim, seat.draws[draw], payload);
      report_once(id + "/" + std::to_string(draw), "verifier.attested",
                  {{"claim", id},
                   {"entry", std::to_string(entry)},
                   {"matches", matches ? "true" : "false"}});
      submit("open/" + id + "/" + std::to_string(draw), std::move(payload));
    }
  }

  [[nodiscard]] protocol::Attestation sign(const TaskView& task, const protocol::ClaimRecord& claim,
                                           const economics::Draw& draw,
                                           const protocol::OpenSeal& payload) const {
    const auto signature = [&](const commit::TaskHeader& header, const Hash256& root) {
      return context().key.sign(dispute::attestation_digest(crypto::sha256_function(),
                                                            context().chain, task.record.id, header,
                                                            draw.entry, payload.start_root, root)
                                    .view());
    };
    const commit::TaskHeader header = protocol::header_of(task.record, claim);
    return {signature(header, payload.own_end_root),
            signature(protocol::header_up_to(header, draw.interior_step), payload.interior_root)};
  }

  // A solver that throws its game must not take this verifier's attestation with it.
  void stand_up(const ClaimView& claim, const protocol::VerifierRecord& seat) {
    for (const protocol::ChallengeView& challenge : claim.challenges) {
      const protocol::ChallengeRecord& record = challenge.record;
      if (record.status != protocol::ChallengeStatus::kPlaying || record.stand_up_closed) continue;
      if (std::find(record.defenders.begin(), record.defenders.end(), account()) !=
          record.defenders.end())
        continue;
      const std::uint64_t forced = claim.record.forced_entry;
      if (forced != 0 && record.entry == forced) continue;  // attested was the error
      for (std::size_t draw = 0; draw < seat.draws.size() && draw < seat.opened.size(); ++draw)
        if (seat.draws[draw].entry == record.entry && seat.opened[draw] &&
            seat.opened[draw]->matches)
          submit("stand-up/" + to_hex(record.id.value), protocol::StandUp{record.id});
    }
  }

  VerifierOptions m_options;
};

}  // namespace

std::unique_ptr<Role> make_verifier(RoleContext context, VerifierOptions options) {
  return std::make_unique<Verifier>(std::move(context), options);
}

}  // namespace assay::roles

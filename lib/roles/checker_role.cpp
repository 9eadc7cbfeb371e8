#include "internal/checker_role.hpp"

#include <algorithm>

#include "assay/codec/buffer.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/roles/names.hpp"
#include "assay/tensor/safetensors.hpp"
#include "assay/training/replay.hpp"
#include "assay/training/state.hpp"
#include "internal/forced_error.hpp"

namespace assay::roles::internal {

namespace {

using protocol::ChallengeStatus;
using protocol::ChallengeView;
using protocol::ClaimView;
using protocol::TaskView;

// How often a checkpoint that does not come or is wrong is asked for before the replay starts
// earlier.
constexpr std::uint64_t kCheckpointTries = 4;

// How long a blob is asked for in vain before a piece of it is demanded: longer than an outage of
// either side.
constexpr std::uint64_t kMissedMs = 15'000;
// Parts of one transcript: of 4,096 entries all, which is all that a checker needs. Longer ones
// cost too much, and who keeps these back has lost.
constexpr std::uint64_t kPartsDemandedMax = 16;

struct CheckedState final : JobOutcome {
  SharedState state;  // null: what came is wrong
  AccountId from;
};

// The last entry at or before `entry` after which a checkpoint is kept; 0: the initial state.
std::uint64_t checkpoint_entry(const commit::TaskHeader& header, std::uint64_t entry) {
  const std::uint64_t entries_apart = header.checkpoint_interval / header.commit_interval;
  return entry / entries_apart * entries_apart;
}

// What a check found is kept on disk until the claim is settled. States that games may begin from:
// whoever served them need not do so again after a restart of ours, and without them an interval
// after a false one cannot be played about. And outcomes: a replay made again may have to start
// elsewhere and find another first difference, which would not open what was sealed.
std::string check_folder(const ClaimId& claim) { return "checks/" + to_hex(claim.value); }
std::string start_file(const ClaimId& claim, std::uint64_t entry) {
  return check_folder(claim) + "/" + std::to_string(entry) + ".safetensors";
}

Bytes encode(const Replayed& replayed) {
  return codec::encode([&](codec::Writer& w) {
    w.u64(replayed.first);
    w.u64(replayed.roots.size());
    for (const Hash256& root : replayed.roots) w.hash(root);
    w.u64(replayed.looked_forced.size());
    for (const std::uint64_t entry : replayed.looked_forced) w.u64(entry);
    w.flag(replayed.interior_root.has_value());
    w.hash(replayed.interior_root.value_or(Hash256{}));
    w.u64(replayed.diverged_entry);
    w.hash(replayed.diverged.state_root);
    protocol::write(w, replayed.diverged.loss);
  });
}
// Null if there is none.
std::shared_ptr<Replayed> kept_outcome(const Files& files, const std::string& file) {
  if (!files.exists(file)) return nullptr;
  const auto bytes = files.read(file);
  if (!bytes) return nullptr;
  codec::Reader r(*bytes);
  auto replayed = std::make_shared<Replayed>();
  replayed->first = r.u64();
  for (std::uint64_t left = r.u64(); left > 0 && r.ok(); --left)
    replayed->roots.push_back(r.hash());
  for (std::uint64_t left = r.u64(); left > 0 && r.ok(); --left)
    replayed->looked_forced.insert(r.u64());
  const bool has_interior = r.flag();
  const Hash256 interior = r.hash();
  replayed->diverged_entry = r.u64();
  replayed->diverged.state_root = r.hash();
  protocol::read(r, replayed->diverged.loss);
  if (!r.finish() || replayed->roots.empty()) return nullptr;
  if (has_interior) replayed->interior_root = interior;
  return replayed;
}

std::vector<Hash256> roots_of(const Bytes& bytes) {
  std::vector<Hash256> roots(bytes.size() / 32);
  for (std::size_t i = 0; i < roots.size(); ++i)
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(32 * i), 32, roots[i].bytes.begin());
  return roots;
}

// The posted transcript with the true state where the error was forced.
commit::Transcript as_disclosed(const protocol::ClaimRecord& claim,
                                const commit::Transcript& posted) {
  std::vector<Hash256> roots(posted.size());
  for (std::uint64_t entry = 0; entry < roots.size(); ++entry)
    roots[entry] = entry != 0 && entry == claim.forced_entry ? claim.forced_state_root
                                                             : posted.state_root(entry);
  return commit::Transcript(std::move(roots));
}

// What is there differs from what should be as a forced error does.
bool looks_forced(const NamedTensors& state, const Hash256& there, TaskPool& pool) {
  if (!state.contains(protocol::kLossSlot)) return false;
  return training::state_root(with_flipped_loss(state), pool) == there;
}

// A state kept since before the disclosure, as the game agrees on it: it may have the error that
// was forced at its entry.
std::optional<NamedTensors> as_agreed(NamedTensors state, const Hash256& root, TaskPool& pool) {
  if (training::state_root(state, pool) == root) return state;
  if (!state.contains(protocol::kLossSlot)) return std::nullopt;
  state = with_flipped_loss(std::move(state));
  if (training::state_root(state, pool) == root) return state;
  return std::nullopt;
}

}  // namespace

const commit::Transcript* CheckerRole::transcript(const ClaimView& view) {
  const protocol::ClaimRecord& claim = view.record;
  const auto known = m_transcripts.find(claim.id);
  if (known != m_transcripts.end()) {
    if (known->second.root() != claim.transcript_root)
      known->second = as_disclosed(claim, known->second);
    return &known->second;
  }
  const std::string name = transcript_blob(claim.id);
  const AccountId from = source_of(name, claim.solver, attested_by(view));
  const Bytes* bytes = fetched(name, from, claim.entries * 32);
  if (bytes == nullptr) {
    if (auto supplied = supplied_transcript(view))
      return keep_transcript(claim, std::move(*supplied));
    const std::uint64_t parts = std::min(commit::part_count(claim.entries), kPartsDemandedMax);
    if (seems_withheld(name, claim.solver))
      for (std::uint64_t part = 0; part < parts; ++part)
        demand(view, {protocol::PieceKind::kTranscript, 0, 0, part});
    return nullptr;
  }
  if (bytes->size() == claim.entries * 32)
    if (const auto* kept = keep_transcript(claim, commit::Transcript(roots_of(*bytes)))) {
      release(name, from);
      return kept;
    }
  report_once(name, "blob.wrong", {{"name", name}, {"from", to_hex(from.value)}});
  release_wrong(name, from);
  return nullptr;
}

// Where a part was supplied before an error was disclosed, and another one after, only the entry of
// the error is not as it stands now.
const commit::Transcript* CheckerRole::keep_transcript(const protocol::ClaimRecord& claim,
                                                       commit::Transcript candidate) {
  if (candidate.root() != claim.transcript_root) candidate = as_disclosed(claim, candidate);
  if (candidate.root() != claim.transcript_root) return nullptr;
  release(transcript_blob(claim.id), claim.solver);
  return &m_transcripts.insert_or_assign(claim.id, std::move(candidate)).first->second;
}

std::optional<commit::Transcript> CheckerRole::supplied_transcript(const ClaimView& claim) {
  if (claim.parts.size() < commit::part_count(claim.record.entries)) return std::nullopt;
  std::vector<Hash256> all;
  for (const auto& [part, bytes] : claim.parts) {
    const std::vector<Hash256> roots = roots_of(bytes);
    all.insert(all.end(), roots.begin(), roots.end());
  }
  if (all.size() != claim.record.entries) return std::nullopt;
  return commit::Transcript(std::move(all));
}

bool CheckerRole::seems_withheld(const std::string& name, const AccountId& from) {
  if (!fetch_failed(name, from)) return false;
  const auto since = m_missed_since.try_emplace({name, from}, now_ms()).first;
  return !waits_until(since->second + kMissedMs);
}

protocol::Piece CheckerRole::any_piece(const ClaimId& claim, protocol::PieceKind kind,
                                       std::uint64_t entry) const {
  const Hash256 drawn =
      derive_secret(context().key, "piece/" + to_hex(claim.value) + "/" +
                                       protocol::to_string(kind) + "/" + std::to_string(entry));
  const bool has_chunks =
      kind == protocol::PieceKind::kState || kind == protocol::PieceKind::kDataSet;
  return {kind, entry, load_le<std::uint64_t>(drawn.bytes.data()),
          has_chunks ? load_le<std::uint64_t>(drawn.bytes.data() + 8) : 0};
}

void CheckerRole::demand(const ClaimView& claim, const protocol::Piece& piece) {
  const protocol::ClaimRecord& record = claim.record;
  const protocol::DemandId id = protocol::demand_id_of(record.id, piece);
  for (const protocol::DemandRecord& existing : claim.demands)
    if (existing.id == id) return;
  const std::uint64_t price = protocol::demand_price(record, piece).value;
  if (!protocol::takes_demands(record, view().head.ledger_time) ||
      view().self.available.value < price)
    return;
  report_once(to_hex(id.value), "chunk.demanded",
              {{"claim", to_hex(record.id.value)},
               {"piece", protocol::to_string(piece.kind)},
               {"entry", std::to_string(piece.entry)},
               {"price", std::to_string(price)}});
  submit("demand/" + to_hex(id.value), protocol::DemandChunk{record.id, piece});
}

void CheckerRole::demand_task(const TaskView& task, const ClaimView& claim) {
  using protocol::PieceKind;
  const commit::TaskHeader& header = task.record.terms.header;
  const std::pair<std::string, PieceKind> blobs[] = {
      {program_blob(header.init_program), PieceKind::kInitProgram},
      {program_blob(header.step_program), PieceKind::kStepProgram},
      {data_blob(header.data_set), PieceKind::kDataSet}};
  for (const auto& [name, kind] : blobs) {
    if (!seems_withheld(name, task.record.submitter)) continue;
    const protocol::Piece piece = any_piece(claim.record.id, kind, 0);
    if (protocol::may_be_demanded(task.record, claim.record, piece)) demand(claim, piece);
  }
}

SharedState CheckerRole::checkpoint(const ClaimView& view, const SharedTask& opened,
                                    const commit::Transcript& transcript, std::uint64_t entry,
                                    bool& gave_up) {
  const protocol::ClaimRecord& claim = view.record;
  const auto shelved = m_states.find({claim.id, entry});
  if (shelved != m_states.end()) return shelved->second;
  const std::string name = checkpoint_blob(claim.id, commit::step_of_entry(opened->header, entry));
  const std::string job = "state/" + name;
  if (auto* checked = static_cast<CheckedState*>(finished_job(job))) {
    SharedState state = checked->state;
    const AccountId from = checked->from;
    forget_job(job);
    if (state) return m_states[{claim.id, entry}] = std::move(state);
    report_once(name, "blob.wrong", {{"name", name}, {"from", to_hex(from.value)}});
    release_wrong(name, from);
    gave_up = tries(name) >= kCheckpointTries;
    return nullptr;
  }
  if (job_under_way(job)) return nullptr;
  if (m_tries[name] >= kCheckpointTries) {
    gave_up = true;
    return nullptr;
  }
  const AccountId from = source_of(name, claim.solver, attested_by(view));
  const Bytes* bytes = fetched(name, from, state_bytes_max(*opened));
  if (bytes == nullptr) {
    if (fetch_failed(name, from)) gave_up = tries(name) >= kCheckpointTries;
    return nullptr;
  }
  start_job(
      job,
      [bytes = *bytes, root = transcript.state_root(entry), from,
       &pool = context().pool](const auto&) -> JobResult {
        auto outcome = std::make_shared<CheckedState>();
        outcome->from = from;
        auto state = training::verify_state_bytes(bytes, root, pool);
        if (state) outcome->state = std::make_shared<const NamedTensors>(std::move(*state));
        return std::shared_ptr<JobOutcome>(std::move(outcome));
      },
      /*lengthy=*/false, due_of(view));
  release(name, from);
  return nullptr;
}

void CheckerRole::forget_checkpoint(const ClaimView& view, const SharedTask& opened,
                                    std::uint64_t entry) {
  m_states.erase({view.record.id, entry});
  m_tries.erase(checkpoint_blob(view.record.id, commit::step_of_entry(opened->header, entry)));
}

const Replayed* CheckerRole::replay(const TaskView& task, const ClaimView& view,
                                    const SharedTask& opened, const commit::Transcript& transcript,
                                    const ReplayPlan& plan) {
  const protocol::ClaimRecord& claim = view.record;
  const std::string name =
      std::to_string(plan.first) + "-" + std::to_string(plan.last) +
      (plan.interior_step ? "-" + std::to_string(*plan.interior_step) : std::string());
  const std::string job = "replay/" + to_hex(claim.id.value) + "/" + name;
  if (auto* replayed = static_cast<Replayed*>(finished_job(job))) {
    if (replayed->before_last && replayed->last() > 0)
      m_states[{claim.id, replayed->last() - 1}] = replayed->before_last;
    return replayed;
  }
  if (job_under_way(job)) return nullptr;
  const std::string outcome_file = check_folder(claim.id) + "/" + name;
  if (auto kept = kept_outcome(context().files, outcome_file)) {
    start_job(job, [kept](const auto&) -> JobResult { return std::shared_ptr<JobOutcome>(kept); });
    return nullptr;
  }
  // The state to start from: after entry `from`, if there is one.
  std::uint64_t first = plan.first;
  SharedState start;
  if (plan.first > 0) {
    const std::uint64_t from = checkpoint_entry(opened->header, plan.first - 1);
    bool gave_up = from == 0;  // the initial state is quicker made than fetched
    start = gave_up ? nullptr : checkpoint(view, opened, transcript, from, gave_up);
    if (!start && !gave_up) return nullptr;
    // The replay need not wait for it; a piece of it shows whether it is there.
    if (!start && from != 0) m_not_given.insert({claim.id, from});
    first = start ? from + 1 : 0;
  }
  std::vector<Hash256> roots;
  for (std::uint64_t entry = 0; entry <= plan.last; ++entry)
    roots.push_back(transcript.state_root(entry));
  start_job(
      job,
      [opened, start, first, plan, roots = std::move(roots), context = context(),
       claim_id = to_hex(claim.id.value), id = claim.id, forces = task.record.terms.force_rate != 0,
       outcome_file](const std::function<bool()>& cancelled) -> JobResult {
        ASSAY_TRY(auto execution, context.execution(*opened, context.pool));
        auto outcome = std::make_shared<Replayed>();
        outcome->first = first;
        NamedTensors state = start ? *start : NamedTensors();
        for (std::uint64_t entry = first; entry <= plan.last; ++entry) {
          if (cancelled()) return Error{ErrorCode::kCancelled, "the replay was asked to stop"};
          NamedTensors before = state;
          training::ReplayOptions options;
          if (entry == plan.last) options.interior_step = plan.interior_step;
          ASSAY_TRY(training::Replay replay,
                    training::replay_interval(*opened, *execution, std::move(state), entry,
                                              context.pool, options));
          outcome->roots.push_back(replay.end_root);
          outcome->interior_root = replay.interior_root;
          const bool matches = replay.end_root == roots[entry];
          context.log.write(LogLevel::kInfo, "replay.interval",
                            {{"claim", claim_id},
                             {"entry", std::to_string(entry)},
                             {"matches", matches ? "true" : "false"},
                             {"own_root", to_hex(replay.end_root)},
                             {"claimed_root", to_hex(roots[entry])}});
          const bool attests = entry == plan.last && plan.interior_step.has_value();
          if (entry > 0 && (!matches || attests)) {
            ASSAY_TRY(const Bytes file, tensor::write_safetensors(before));
            ASSAY_TRY_STATUS(context.files.write_atomically(start_file(id, entry - 1), file));
          }
          // An error changes nothing after it: the search goes on, for a lie might hide behind it.
          const bool forced = forces && !matches && entry > 0 &&
                              looks_forced(replay.end_state, roots[entry], context.pool);
          if (forced) outcome->looked_forced.insert(entry);
          if (!matches && !forced) {
            outcome->before_last = std::make_shared<const NamedTensors>(std::move(before));
            break;
          }
          state = std::move(replay.end_state);
          const std::uint64_t step = commit::step_of_entry(opened->header, entry);
          if (outcome->diverged_entry == 0 && commit::is_checkpoint(opened->header, step) &&
              has_diverged(state)) {
            outcome->diverged_entry = entry;
            outcome->diverged = open_loss(state, context.pool);
          }
        }
        ASSAY_TRY_STATUS(context.files.write_atomically(outcome_file, encode(*outcome)));
        return std::shared_ptr<JobOutcome>(std::move(outcome));
      },
      /*lengthy=*/true);
  return nullptr;
}

void CheckerRole::report_divergence(const ClaimView& view, const commit::Transcript& transcript,
                                    const Replayed& replayed) {
  const protocol::ClaimRecord& claim = view.record;
  const std::uint64_t entry = replayed.diverged_entry;
  const std::uint64_t last =
      claim.diverged_entry != 0 ? claim.diverged_entry : transcript.size() - 1;
  // A forced error may stand there: the true state's opening fits once it is disclosed.
  if (entry == 0 || entry >= last || transcript.state_root(entry) != replayed.diverged.state_root)
    return;
  const std::string id = to_hex(claim.id.value);
  report_once(id, "claim.diverged", {{"claim", id}, {"entry", std::to_string(entry)}});
  submit("diverged/" + id + "/" + std::to_string(entry),
         protocol::ReportDivergence{
             claim.id,
             entry,
             {replayed.diverged.state_root, transcript.path(entry), replayed.diverged.loss}});
}

namespace {

// "7", or "end/<verifier>/0".
std::string words_of(const protocol::ChallengeTarget& target) {
  const std::string place = std::to_string(target.place);
  if (target.is_of_claim()) return place;
  return std::string(target.what == protocol::Disputed::kEnd ? "end" : "interior") + "/" +
         to_hex(target.verifier.value) + "/" + place;
}

}  // namespace

Hash256 CheckerRole::challenge_salt(const ClaimId& claim, const protocol::ChallengeTarget& target,
                                    bool again) {
  const auto [secret, is_new] = m_challenge_secrets.try_emplace(claim);
  if (is_new) secret->second = derive_secret(context().key, "challenge/" + to_hex(claim.value));
  Bytes message = to_bytes(secret->second.view());
  const std::string which = "/" + words_of(target) + (again ? "/again" : "");
  message.insert(message.end(), which.begin(), which.end());
  return crypto::sha256(message);
}

bool CheckerRole::has_challenged(const ClaimView& claim) const {
  return std::any_of(claim.challenges.begin(), claim.challenges.end(),
                     [&](const ChallengeView& c) { return c.record.challenger == account(); });
}

void CheckerRole::challenge(const TaskView& task, const ClaimView& view,
                            const protocol::ChallengeTarget& target) {
  const protocol::ClaimRecord& claim = view.record;
  // The first challenge of a forced entry was about what was posted; whoever replayed something
  // else than what was disclosed has another.
  const bool again =
      target.is_of_claim() && target.place != 0 && target.place == claim.forced_entry;
  const Hash256 salt = challenge_salt(claim.id, target, again);
  const Hash256 commitment = protocol::challenge_commitment({claim.id, target, account(), salt});
  m_hidden[commitment] = Hidden{target, salt, again};
  const std::string key = to_hex(claim.id.value) + "/" + words_of(target) + (again ? "/again" : "");
  report_once(key, "claim.disputed",
              {{"claim", to_hex(claim.id.value)}, {"entry", words_of(target)}});
  for (const ChallengeView& existing : view.challenges)
    if (existing.record.commitment == commitment) return;
  if (!protocol::is_challengeable(task.record.terms, claim.status)) return;
  if (!leaves_time(task.record.terms, {1, 1})) return;
  submit("challenge/" + key, protocol::CommitChallenge{claim.id, commitment});
}

std::optional<protocol::MismatchProof> CheckerRole::stands_by(const TaskView& task,
                                                              const ClaimView& claim,
                                                              std::uint64_t entry) {
  challenge(task, claim, entry);
  const Hash256 salt = challenge_salt(claim.record.id, entry);
  const Hash256 commitment =
      protocol::challenge_commitment({claim.record.id, entry, account(), salt});
  for (const ChallengeView& existing : claim.challenges)
    if (existing.record.commitment == commitment)
      return protocol::MismatchProof{existing.record.id, entry, salt};
  return std::nullopt;
}

void CheckerRole::check_words(const TaskView& task, const ClaimView& claim,
                              const SharedTask& opened, const commit::Transcript& transcript,
                              const std::set<std::uint64_t>* entries) {
  if (claim.record.status != protocol::ClaimStatus::kChallenging) return;
  for (const protocol::VerifierRecord& verifier : claim.verifiers) {
    if (verifier.verifier == account()) continue;
    for (std::uint32_t draw = 0; draw < verifier.opened.size(); ++draw)
      if (entries == nullptr || entries->contains(verifier.draws[draw].entry))
        check_word(task, claim, opened, transcript, verifier, draw);
  }
}

// One challenge is enough: the verifier has one stake. What was attested of a forced entry was the
// error, which settlement sees to.
void CheckerRole::check_word(const TaskView& task, const ClaimView& claim, const SharedTask& opened,
                             const commit::Transcript& transcript,
                             const protocol::VerifierRecord& verifier, std::uint32_t draw) {
  const economics::Draw& place = verifier.draws[draw];
  const std::optional<protocol::OpenedSeal>& word = verifier.opened[draw];
  const bool is_forced = place.entry != 0 && place.entry == claim.record.forced_entry;
  if (verifier.lost || is_forced || !word || !word->attestation) return;
  const Replayed* const own =
      replay(task, claim, opened, transcript, {place.entry, place.entry, place.interior_step});
  if (own == nullptr || own->last() != place.entry) return;  // it began from what is false
  using protocol::Disputed;
  if (own->interior_root && *own->interior_root != word->interior_root)
    challenge(task, claim, {Disputed::kInterior, verifier.verifier, draw});
  else if (own->roots.back() != word->own_end_root)
    challenge(task, claim, {Disputed::kEnd, verifier.verifier, draw});
}

bool CheckerRole::challenge_differences(const TaskView& task, const ClaimView& claim,
                                        const commit::Transcript& transcript,
                                        const Replayed& replayed) {
  const bool is_disclosed = claim.record.status > protocol::ClaimStatus::kDisclosing;
  for (std::uint64_t entry = replayed.first; entry <= replayed.last(); ++entry) {
    if (replayed.roots[entry - replayed.first] == transcript.state_root(entry)) continue;
    if (is_disclosed || !replayed.looked_forced.contains(entry)) {
      challenge(task, claim, entry);
      return true;
    }
    challenge_forced(task, claim, entry);
  }
  return false;
}

void CheckerRole::challenge_forced(const TaskView& task, const ClaimView& claim,
                                   std::uint64_t entry) {
  if (claim.record.status <= protocol::ClaimStatus::kSealing) challenge(task, claim, entry);
}

bool CheckerRole::try_hidden(const ClaimId& claim, const Hash256& commitment,
                             const protocol::ChallengeTarget& target, bool again) {
  const Hash256 salt = challenge_salt(claim, target, again);
  if (protocol::challenge_commitment({claim, target, account(), salt}) != commitment) return false;
  m_hidden[commitment] = Hidden{target, salt, again};
  return true;
}

// What the commitment hides follows from the salts alone, also after a restart. All of a long
// transcript are millions of hashes, so the answer is kept.
std::optional<CheckerRole::Hidden> CheckerRole::hidden_by(const ClaimView& claim,
                                                          const Hash256& commitment) {
  const auto [known, is_new] = m_hidden.try_emplace(commitment);
  if (!is_new) return known->second;
  const ClaimId& id = claim.record.id;
  using protocol::Disputed;
  for (const protocol::VerifierRecord& verifier : claim.verifiers)
    for (std::uint32_t draw = 0; draw < verifier.draws.size(); ++draw)
      for (const Disputed what : {Disputed::kEnd, Disputed::kInterior})
        if (try_hidden(id, commitment, {what, verifier.verifier, draw}, false))
          return m_hidden[commitment];
  for (std::uint64_t entry = 0; entry < claim.record.entries; ++entry)
    for (const bool again : {false, true})
      if (try_hidden(id, commitment, entry, again)) return m_hidden[commitment];
  return std::nullopt;
}

// Not before the ledger takes it: what it refused once counts against every later life of ours,
// which has to try all those client ids again.
void CheckerRole::reveal(const ChallengeView& challenge, const ClaimView& claim,
                         const commit::Transcript& transcript) {
  const protocol::ChallengeRecord& record = challenge.record;
  if (view().head.height <= record.committed_at ||
      claim.record.status < protocol::ClaimStatus::kChallenging)
    return;
  const std::optional<Hidden> hidden = hidden_by(claim, record.commitment);
  if (!hidden) return;
  protocol::RevealChallenge reveal;
  reveal.challenge = record.id;
  reveal.target = hidden->target;
  reveal.salt = hidden->salt;
  const bool of_claim = hidden->target.is_of_claim();
  std::uint64_t entry = hidden->target.place;
  if (!of_claim)
    for (const protocol::VerifierRecord& verifier : claim.verifiers)
      if (verifier.verifier == hidden->target.verifier)
        entry = verifier.draws.at(hidden->target.place).entry;
  // Whether it found the error or came too late for that, it is not about what stands now: opening
  // nothing, it is taken back.
  const bool of_error = !hidden->again && entry != 0 && entry == claim.record.forced_entry;
  if (!of_error && entry > 0) {
    reveal.start_root = transcript.state_root(entry - 1);
    reveal.start_path = transcript.path(entry - 1);
  }
  if (!of_error && of_claim) {
    reveal.end_root = transcript.state_root(entry);
    reveal.end_path = transcript.path(entry);
  }
  submit("reveal-challenge/" + to_hex(record.id.value), std::move(reveal));
}

std::optional<LedgerRole::Known> CheckerRole::own_run(const TaskView& /*task*/,
                                                      const SharedTask& /*opened*/) {
  return std::nullopt;
}

// Kept in memory or on disk, else the solver's checkpoint. Without it we play from a run of our
// own, which serves if nothing before was false (the player sees to that), and keep asking.
std::optional<LedgerRole::Known> CheckerRole::known_start(const ChallengeView& challenge,
                                                          const ClaimView& claim,
                                                          const SharedTask& opened,
                                                          const commit::Transcript& transcript) {
  const protocol::ChallengeRecord& record = challenge.record;
  const ClaimId id = claim.record.id;
  const bool plays =
      std::any_of(challenge.games.begin(), challenge.games.end(), [&](const auto& game) {
        return game.record.status == protocol::GameStatus::kOpen && plays_in(game.record);
      });
  SharedState before;
  const std::string file = record.entry == 0 ? "" : start_file(id, record.entry - 1);
  bool start_given = record.entry == 0;
  if (plays && record.entry > 0) {
    const auto exact = m_states.find({id, record.entry - 1});
    if (exact != m_states.end()) {
      before = exact->second;
    } else if (!context().files.exists(file) &&
               record.entry - 1 == checkpoint_entry(opened->header, record.entry - 1)) {
      bool gave_up = false;
      before = checkpoint(claim, opened, transcript, record.entry - 1, gave_up);
      if (!before && gave_up) m_unserved.insert(file);
      if (!before && !m_unserved.contains(file)) return std::nullopt;
    }
    start_given = before != nullptr || context().files.exists(file);
  }
  const std::uint64_t step =
      record.entry == 0 ? 0 : commit::step_of_entry(opened->header, record.entry - 1);
  return Known{opened,
               [before, step, file, root = record.start_root, &files = context().files,
                &pool = context().pool](
                   std::uint64_t wanted) -> Result<std::optional<training::KnownState>> {
                 if (file.empty() || wanted < step) return std::optional<training::KnownState>();
                 std::optional<NamedTensors> state;
                 if (before) {
                   state = as_agreed(*before, root, pool);
                 } else if (const auto bytes = files.read(file)) {
                   if (auto kept = tensor::read_safetensors(*bytes))
                     state = as_agreed(std::move(*kept), root, pool);
                 }
                 if (!state) return std::optional<training::KnownState>();
                 return std::optional<training::KnownState>({step, std::move(*state)});
               },
               start_given};
}

// Asked for on, for as long as it may be an outage.
void CheckerRole::demand_checkpoints(const ClaimView& claim, const training::Task& opened) {
  const protocol::ClaimRecord& record = claim.record;
  std::erase_if(m_not_given, [&](const auto& one) {
    const auto& [id, entry] = one;
    if (id != record.id) return false;
    if (!protocol::takes_demands(record, view().head.ledger_time)) return true;
    const std::string name = checkpoint_blob(id, commit::step_of_entry(opened.header, entry));
    const bool is_there = fetched(name, record.solver, state_bytes_max(opened)) != nullptr;
    if (is_there) release(name, record.solver);
    if (!is_there && seems_withheld(name, record.solver))
      demand(claim, any_piece(id, protocol::PieceKind::kState, entry));
    return is_there;
  });
}

void CheckerRole::carry_on(const TaskView& task, const ClaimView& claim, const SharedTask& opened,
                           const commit::Transcript& transcript) {
  demand_checkpoints(claim, *opened);
  for (const ChallengeView& challenge : claim.challenges) {
    const protocol::ChallengeRecord& record = challenge.record;
    const std::string id = to_hex(record.id.value);
    const bool mine = record.challenger == account();
    if (mine && record.status == ChallengeStatus::kCommitted) {
      reveal(challenge, claim, transcript);
      continue;
    }
    if (mine && protocol::is_resolved(record.status))
      report_once(id, "challenge.ended",
                  {{"challenge", id},
                   {"claim", to_hex(claim.record.id.value)},
                   {"status", protocol::to_string(record.status)}});
    if (record.status < ChallengeStatus::kPlaying) continue;
    std::optional<Known> known = own_run(task, opened);
    if (!known) known = known_start(challenge, claim, opened, transcript);
    if (!known) continue;
    for (const protocol::GameView& game : challenge.games)
      if (plays_in(game.record)) play(task, challenge, game, *known);
  }
}

void CheckerRole::forget_checks(const ClaimId& claim) {
  if (!m_forgotten.insert(claim).second) return;
  m_states.erase(m_states.lower_bound({claim, 0}), m_states.upper_bound({claim, UINT64_MAX}));
  m_not_given.erase(m_not_given.lower_bound({claim, 0}),
                    m_not_given.upper_bound({claim, UINT64_MAX}));
  if (const auto names = context().files.list(check_folder(claim)))
    for (const std::string& name : *names) static_cast<void>(context().files.remove(name));
}

}  // namespace assay::roles::internal

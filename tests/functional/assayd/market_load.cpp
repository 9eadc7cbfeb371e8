#include "market_load.hpp"

#include "assay/dispute/claims.hpp"
#include "assay/dispute/moves.hpp"
#include "unit/protocol/played.hpp"

namespace assay::node::test {

using namespace protocol;
using protocol::test::hash_of_text;
using protocol::test::MadeRun;

namespace {

constexpr std::uint64_t kEntry = 1;  // that is challenged, the first false one of the lie
constexpr ReplayTimes kTimes{2'000, 100};

Hash256 salt_of(std::uint32_t draw) { return hash_of_text("seal" + std::to_string(draw)); }

const GameView* open_game(const ChallengeView& challenge) {
  for (const GameView& game : challenge.games)
    if (game.record.status == GameStatus::kOpen) return &game;
  return nullptr;
}

}  // namespace

ClientId client_id_of(std::uint64_t nonce) {
  ClientId id{};
  store_le(id.data(), nonce);
  return id;
}

unsigned MarketLoad::party_of(const AccountId& id) const {
  unsigned party = 0;
  while (party < kParties && account(party) != id) ++party;
  return party;
}

const toy::World& MarketLoad::claimed_world() const {
  return kind() == Kind::kChallengedLie ? protocol::test::lie() : toy::truth();
}
MadeRun MarketLoad::run() const { return MadeRun(claimed_world().transcript_roots()); }

PostTask MarketLoad::terms() const {
  PostTask t = protocol::test::toy_terms();
  const bool disputed = kind() == Kind::kChallengedLie || kind() == Kind::kChallengedTruth;
  // Short where only the clock ends it, long where somebody may be kept from coming by a cut.
  t.windows.challenge_ms = disputed ? 3'000 : 300;
  t.windows.stand_up_ms = 400;
  t.windows.replay_ms = 10'000;
  t.pays_partial = true;
  if (kind() == Kind::kChallengedLie || kind() == Kind::kCancelled) {
    t.sale = Sale::kAuction;
    t.bid_deposit = Amount{51};
    t.windows.bid_ms = 60'000;
  }
  if (kind() == Kind::kCancelled) t.sought = Amount{500};
  return t;
}

std::optional<MarketLoad::Sent> MarketLoad::next(const View& view) {
  const MaybeStep step = decide(view);
  if (!step) return std::nullopt;
  Envelope e;
  e.chain = m_chain;
  e.sender = account(step->party);
  e.nonce = ++m_nonces[step->party];
  e.client_id = client_id_of(e.nonce);
  e.valid_until = Height{900'000};
  e.payload = step->payload;
  if (std::holds_alternative<PostTask>(e.payload))
    m_task = task_id_of(m_chain, e.sender, e.client_id);
  const std::uint8_t seed = seed_of(step->party);
  return Sent{seed, e.nonce, sign_transaction(e, assay::test::key_of(seed))};
}

void MarketLoad::answered(const Sent& sent, TxVerdict verdict) {
  if (m_staked < 3 && sent.sender == seed_of(kSolver + m_staked) && verdict == TxVerdict::kApplied)
    ++m_staked;
}

MarketLoad::MaybeStep MarketLoad::decide(const View& view) {
  if (m_staked < 3) return Step{kSolver + m_staked, Stake{Amount{10'000'000}}};
  const auto task = std::find_if(view.tasks.begin(), view.tasks.end(),
                                 [&](const TaskView& t) { return t.record.id == m_task; });
  if (task == view.tasks.end()) return Step{submitter(), terms()};
  const TaskRecord& record = task->record;
  if (record.ended != LedgerTimeMs{}) {
    ++m_life;
    m_games.clear();
    return Step{submitter(), terms()};
  }
  if (record.status != TaskStatus::kClaimed) return sale(*task, view.head.height);
  const ClaimView& claim = task->claims.front();
  switch (claim.record.status) {
    case ClaimStatus::kTraining: return training(claim);
    case ClaimStatus::kRevealing: return reveal(*task, claim);
    case ClaimStatus::kSealing:
    case ClaimStatus::kOpening: return sealing(*task, claim);
    case ClaimStatus::kChallenging:
    case ClaimStatus::kResolving: return disputing(*task, claim, view.head.height);
    default: return std::nullopt;
  }
}

MarketLoad::MaybeStep MarketLoad::sale(const TaskView& task, Height height) const {
  const TaskRecord& record = task.record;
  if (record.status == TaskStatus::kFunding) return Step{kBob, FundTask{record.id, record.missing}};
  const Hash256 r = crypto::sha256(hash_of_text("r").view());
  if (kind() == Kind::kChallengedTruth) return Step{kSolver, AcceptTask{record.id, kTimes, r}};
  if (kind() == Kind::kQuoted) return quote(task, height);
  if (record.bids_ever == 0) return Step{kSolver, PlaceBid{record.id, Amount{990}, kTimes, r}};
  if (record.bids_ever == 1) return Step{kBob, PlaceBid{record.id, Amount{995}, kTimes, r}};
  if (kind() == Kind::kChallengedLie)
    return Step{submitter(), AwardTask{record.id, account(kSolver)}};
  if (record.bids == 2) return Step{kBob, WithdrawBid{record.id}};
  return Step{submitter(), CancelTask{record.id}};
}

MarketLoad::Step MarketLoad::quote(const TaskView& task, Height height) const {
  AwardQuote award;
  award.task = task.record.id;
  award.quote.solver = account(kSolver);
  award.quote.terms = task.record.posted_terms;
  award.quote.price = task.record.terms.price;
  award.quote.times = kTimes;
  award.quote.r_commitment = hash_of_text("r");
  store_le(award.quote.id.data(), std::uint64_t{m_life} + 1);
  award.quote.valid_until = Height{height.value + 1'000};
  award.signature =
      assay::test::key_of(seed_of(kSolver)).sign(quote_digest(m_chain, award.quote).view());
  return {submitter(), award};
}

MarketLoad::MaybeStep MarketLoad::training(const ClaimView& claim) const {
  const ClaimRecord& record = claim.record;
  for (const unsigned who : {kAnn, kBob})
    if (std::none_of(claim.verifiers.begin(), claim.verifiers.end(),
                     [&](const VerifierRecord& v) { return v.verifier == account(who); }))
      return Step{who, EnlistVerifier{record.id}};
  const MadeRun made = run();
  if (kind() == Kind::kQuoted && record.reported == 1)
    return Step{kSolver,
                ReportProgress{
                    record.id, 2,
                    progress_commitment(record.id, 2, made.transcript.state_root(1), made.salt)}};
  return Step{kSolver,
              CommitTranscript{record.id,
                               transcript_commitment(record.id, made.transcript.root(), made.salt),
                               made.transcript.size()}};
}

MarketLoad::Step MarketLoad::reveal(const TaskView& task, const ClaimView& claim) const {
  const MadeRun made = run();
  const std::uint64_t last = made.transcript.size() - 1;
  RevealTranscript r;
  r.claim = claim.record.id;
  r.transcript_root = made.transcript.root();
  r.salt = made.salt;
  r.final_state_root = made.transcript.state_root(last);
  r.final_path = made.transcript.path(last);
  const Hash256 digest =
      dispute::claim_digest(crypto::sha256_function(), m_chain, task.record.id,
                            header_of(task.record, claim.record), r.transcript_root);
  r.signature = assay::test::key_of(seed_of(kSolver)).sign(digest.view());
  if (claim.record.progress != Hash256{})
    r.progress = ProgressProof{made.transcript.state_root(claim.record.reported - 1),
                               made.transcript.path(claim.record.reported - 1)};
  return {kSolver, r};
}

OpenSeal MarketLoad::opening(const TaskView& task, const ClaimView& claim, const VerifierRecord& v,
                             std::uint32_t draw) const {
  const MadeRun made = run();
  const std::uint64_t entry = v.draws[draw].entry;
  OpenSeal o;
  o.claim = claim.record.id;
  o.draw = draw;
  o.salt = salt_of(draw);
  o.interior_root = hash_of_text("interior");
  o.start_root = made.start_root(entry);
  o.start_path = made.start_path(entry);
  o.own_end_root = o.end_root = made.transcript.state_root(entry);
  o.end_path = made.transcript.path(entry);
  const auto sign = [&](const commit::TaskHeader& header, const Hash256& root) {
    const Hash256 digest = dispute::attestation_digest(
        crypto::sha256_function(), m_chain, task.record.id, header, entry, o.start_root, root);
    return assay::test::key_of(seed_of(party_of(v.verifier))).sign(digest.view());
  };
  const commit::TaskHeader header = header_of(task.record, claim.record);
  o.attestation =
      Attestation{sign(header, o.end_root),
                  sign(header_up_to(header, v.draws[draw].interior_step), o.interior_root)};
  return o;
}

MarketLoad::MaybeStep MarketLoad::sealing(const TaskView& task, const ClaimView& claim) const {
  for (const VerifierRecord& v : claim.verifiers) {
    const unsigned who = party_of(v.verifier);
    if (claim.record.status == ClaimStatus::kSealing && v.seals.empty()) {
      Seal seal{claim.record.id, {}};
      for (std::uint32_t i = 0; i < v.draws.size(); ++i) {
        const OpenSeal o = opening(task, claim, v, i);
        seal.seals.push_back(seal_commitment(
            {o.claim, v.verifier, o.draw, o.salt, o.interior_root, o.own_end_root}));
      }
      return Step{who, seal};
    }
    if (claim.record.status != ClaimStatus::kOpening) continue;
    for (std::uint32_t i = 0; i < v.opened.size(); ++i)
      if (!v.opened[i]) return Step{who, opening(task, claim, v, i)};
  }
  return std::nullopt;
}

MarketLoad::MaybeStep MarketLoad::disputing(const TaskView& task, const ClaimView& claim,
                                            Height height) {
  if (kind() == Kind::kQuoted) return std::nullopt;
  const Hash256 salt = hash_of_text("challenge");
  if (claim.challenges.empty()) {
    if (claim.record.status != ClaimStatus::kChallenging) return std::nullopt;
    return Step{submitter(),
                CommitChallenge{claim.record.id,
                                challenge_commitment({claim.record.id, kEntry, reader(), salt})}};
  }
  const ChallengeView& challenge = claim.challenges.front();
  const ChallengeRecord& record = challenge.record;
  const MadeRun made = run();
  if (record.status == ChallengeStatus::kCommitted && height >= record.committed_at)
    return Step{
        submitter(),
        RevealChallenge{record.id, kEntry, salt, made.start_root(kEntry), made.start_path(kEntry),
                        made.transcript.state_root(kEntry), made.transcript.path(kEntry)}};
  if (record.status != ChallengeStatus::kPlaying) return std::nullopt;
  if (kind() == Kind::kChallengedLie && !record.stand_up_closed && challenge.games.size() == 1)
    return Step{kAnn, StandUp{record.id}};
  const GameView* const game = open_game(challenge);
  return game != nullptr ? MaybeStep(move(task, challenge, *game)) : std::nullopt;
}

MarketLoad::Step MarketLoad::move(const TaskView& task, const ChallengeView& challenge,
                                  const GameView& game) {
  using dispute::Role;
  using dispute::Stage;
  std::unique_ptr<Sides>& sides = m_games[game.record.id];
  if (!sides) {
    sides = std::make_unique<Sides>();
    sides->terms = terms_of(m_chain, task, challenge, game);
    sides->parties[0].emplace(claimed_world(), sides->terms);
    sides->parties[1].emplace(toy::truth(), sides->terms);
  }
  const dispute::Position position = position_of(sides->terms, game);
  if (sides->seen != position.turn)
    for (auto& side : sides->parties) side->observe(position);
  sides->seen = position.turn;
  const Role role = dispute::on_turn(position);
  toy::Party& party = *sides->parties[role == Role::kDefender ? 0 : 1];
  const bool opens = position.stage == Stage::kStateLeaf || position.stage == Stage::kSource ||
                     position.stage == Stage::kScalar;
  const bool honest = kind() == Kind::kChallengedLie;
  Bytes body = opens                     ? party.open(position)
               : role == Role::kDefender ? party.offer(position)
               : honest                  ? party.point_at_first_difference(position)
                                         : party.point_anywhere(position, m_random);
  const unsigned mover =
      party_of(role == Role::kDefender ? game.record.defender : game.record.challenger);
  const dispute::RecordedMove recorded =
      dispute::record_move(crypto::sha256_function(), sides->terms, position, role, std::move(body),
                           [&](const Hash256& digest) {
                             return assay::test::key_of(seed_of(mover)).sign(digest.view());
                           });
  return {mover, PlayMove{game.record.id, codec::encode([&](codec::Writer& w) {
                            dispute::write_signed_move(w, recorded.view());
                          })}};
}

}  // namespace assay::node::test

#include "assay/node/json.hpp"

#include <algorithm>

#include "assay/economics/incentives.hpp"
#include "assay/protocol/offer.hpp"

namespace assay::node {

using codec::Json;
namespace p = protocol;

namespace {

template <class Tag>
Json hex(const Strong<Tag, Hash256>& id) {
  return to_hex(id.value);
}
Json hex(const Hash256& hash) { return to_hex(hash); }
Json text(Amount amount) { return std::to_string(amount.value); }
Json text(std::uint64_t number) { return std::to_string(number); }
Json ms(LedgerTimeMs time) { return time.value; }

template <class Id>
Json hex_list(const std::vector<Id>& ids) {
  Json list = Json::array();
  for (const Id& id : ids) list.push_back(hex(id));
  return list;
}
Json text_list(const std::vector<std::string>& texts) {
  Json list = Json::array();
  for (const std::string& one : texts) list.push_back(one);
  return list;
}
// Atoms for 10^6 units of work, rounded down, so that tasks compare; at most 2^64 - 1.
Json price_per_million_units(Amount price, std::uint64_t units) {
  __extension__ using Wide = unsigned __int128;
  if (units == 0) return Json();
  const Wide each = Wide{price.value} * 1'000'000 / units;
  return text(static_cast<std::uint64_t>(std::min<Wide>(each, ~std::uint64_t{0})));
}

Json key_json(const ledger::AccountKey& key) {
  return Json::object({{"kind", to_string(key.kind)}, {"owner", hex(key.owner)}});
}

Json windows_json(const p::Windows& w) {
  return Json::object({{"accept_ms", w.accept_ms},
                       {"train_ms", w.train_ms},
                       {"enlist_ms", w.enlist_ms},
                       {"reveal_ms", w.reveal_ms},
                       {"seal_ms", w.seal_ms},
                       {"open_ms", w.open_ms},
                       {"challenge_ms", w.challenge_ms},
                       {"challenge_reveal_ms", w.challenge_reveal_ms},
                       {"stand_up_ms", w.stand_up_ms},
                       {"move_ms", w.move_ms},
                       {"replay_ms", w.replay_ms},
                       {"bid_ms", w.bid_ms},
                       {"disclose_ms", w.disclose_ms}});
}

Json header_json(const commit::TaskHeader& h) {
  return Json::object({{"profile", h.profile},
                       {"init_program", hex(h.init_program)},
                       {"step_program", hex(h.step_program)},
                       {"data_set", hex(h.data_set)},
                       {"seed", text(h.seed)},
                       {"steps", h.steps},
                       {"commit_interval", h.commit_interval},
                       {"checkpoint_interval", h.checkpoint_interval}});
}

Json piece_json(const p::Piece& piece) {
  return Json::object({{"kind", to_string(piece.kind)},
                       {"entry", piece.entry},
                       {"item", text(piece.item)},
                       {"chunk", text(piece.chunk)}});
}

struct EventFields {
  Json operator()(const p::MoneyMoved& e) const {
    return Json::object({{"debit", key_json(e.transfer.debit)},
                         {"credit", key_json(e.transfer.credit)},
                         {"amount", text(e.transfer.amount)}});
  }
  Json operator()(const p::TaskPosted& e) const {
    return Json::object(
        {{"task", hex(e.task)},
         {"submitter", hex(e.submitter)},
         {"sale", to_string(e.sale)},
         {"price", text(e.price)},
         {"work_units", text(e.work_units)},
         {"price_per_million_units", price_per_million_units(e.price, e.work_units)}});
  }
  Json operator()(const p::TaskEnded& e) const {
    return Json::object(
        {{"task", hex(e.task)}, {"status", to_string(e.status)}, {"reason", to_string(e.reason)}});
  }
  Json operator()(const p::TaskAccepted& e) const {
    return Json::object({{"task", hex(e.task)},
                         {"claim", hex(e.claim)},
                         {"solver", hex(e.solver)},
                         {"price", text(e.price)}});
  }
  Json operator()(const p::VerifierEnlisted& e) const {
    return Json::object({{"claim", hex(e.claim)}, {"verifier", hex(e.verifier)}});
  }
  Json operator()(const p::TranscriptCommitted& e) const {
    return Json::object(
        {{"claim", hex(e.claim)}, {"commitment", hex(e.commitment)}, {"entries", e.entries}});
  }
  Json operator()(const p::TranscriptRevealed& e) const {
    return Json::object({{"claim", hex(e.claim)},
                         {"transcript_root", hex(e.transcript_root)},
                         {"final_state_root", hex(e.final_state_root)}});
  }
  Json operator()(const p::ClaimAdvanced& e) const {
    return Json::object({{"claim", hex(e.claim)}, {"status", to_string(e.status)}});
  }
  Json operator()(const p::VerifierDrawn& e) const {
    return Json::object({{"claim", hex(e.claim)},
                         {"verifier", hex(e.verifier)},
                         {"draw", e.draw},
                         {"entry", e.entry},
                         {"interior_step", e.interior_step}});
  }
  Json operator()(const p::VerifierSealed& e) const {
    return Json::object({{"claim", hex(e.claim)}, {"verifier", hex(e.verifier)}});
  }
  Json operator()(const p::SealOpened& e) const {
    return Json::object({{"claim", hex(e.claim)},
                         {"verifier", hex(e.verifier)},
                         {"entry", e.entry},
                         {"matches", e.matches}});
  }
  Json operator()(const p::ChallengeCommitted& e) const {
    return Json::object({{"challenge", hex(e.challenge)},
                         {"claim", hex(e.claim)},
                         {"challenger", hex(e.challenger)},
                         {"sequence", e.sequence}});
  }
  Json operator()(const p::ChallengeRevealed& e) const {
    return Json::object({{"challenge", hex(e.challenge)},
                         {"claim", hex(e.claim)},
                         {"disputes", to_string(e.what)},
                         {"verifier", e.verifier == AccountId{} ? std::string() : hex(e.verifier)},
                         {"entry", e.entry}});
  }
  Json operator()(const p::ChallengeEnded& e) const {
    return Json::object({{"challenge", hex(e.challenge)}, {"status", to_string(e.status)}});
  }
  Json operator()(const p::ChunkDemanded& e) const {
    return Json::object({{"demand", hex(e.demand)},
                         {"claim", hex(e.claim)},
                         {"demander", hex(e.demander)},
                         {"piece", piece_json(e.piece)}});
  }
  Json operator()(const p::DemandEnded& e) const {
    return Json::object({{"demand", hex(e.demand)}, {"status", to_string(e.status)}});
  }
  Json operator()(const p::ValidatorSlashed& e) const {
    return Json::object({{"validator", hex(e.key)},
                         {"account", hex(e.owner)},
                         {"height", e.height.value},
                         {"amount", text(e.amount)}});
  }
  Json operator()(const p::ValidatorChanged& e) const {
    return Json::object({{"validator", hex(e.key)}, {"power", text(e.power)}});
  }
  Json operator()(const p::RelayDrawn& e) const {
    return Json::object(
        {{"claim", hex(e.claim)}, {"relay", hex(e.relay)}, {"round", e.round}, {"seat", e.seat}});
  }
  Json operator()(const p::DataAttested& e) const {
    return Json::object({{"claim", hex(e.claim)}, {"relay", hex(e.relay)}, {"seats", e.seats}});
  }
  Json operator()(const p::RelayLeft& e) const {
    return Json::object({{"relay", hex(e.relay)}, {"bond", text(e.bond)}});
  }
  Json operator()(const p::DelegateNamed& e) const {
    return Json::object({{"task", hex(e.task)},
                         {"party", hex(e.party)},
                         {"delegate", hex(e.delegate)},
                         {"valid_until_ms", ms(e.valid_until)}});
  }
  Json operator()(const p::DelegateRevoked& e) const {
    return Json::object(
        {{"task", hex(e.task)}, {"party", hex(e.party)}, {"delegate", hex(e.delegate)}});
  }
  Json operator()(const p::GameStarted& e) const {
    return Json::object({{"game", hex(e.game)},
                         {"challenge", hex(e.challenge)},
                         {"defender", hex(e.defender)},
                         {"challenger", hex(e.challenger)}});
  }
  Json operator()(const p::GameMoved& e) const {
    return Json::object({{"game", hex(e.game)},
                         {"turn", e.turn},
                         {"role", e.role == dispute::Role::kDefender ? "defender" : "challenger"},
                         {"stage", to_string(e.stage)}});
  }
  Json operator()(const p::GameFinished& e) const {
    return Json::object(
        {{"game", hex(e.game)}, {"status", to_string(e.status)}, {"by_clock", e.by_clock}});
  }
  Json operator()(const p::ClaimSettled& e) const {
    return Json::object({{"claim", hex(e.claim)},
                         {"status", to_string(e.status)},
                         {"reason", to_string(e.reason)},
                         {"paid", text(e.paid)}});
  }
  Json operator()(const p::TranscriptDisclosed& e) const {
    return Json::object({{"claim", hex(e.claim)},
                         {"forced_entry", e.forced_entry},
                         {"transcript_root", hex(e.transcript_root)}});
  }
  Json operator()(const p::JackpotPaid& e) const {
    return Json::object(
        {{"claim", hex(e.claim)}, {"finder", hex(e.finder)}, {"amount", text(e.amount)}});
  }
  Json operator()(const p::TaskFunded& e) const {
    return Json::object({{"task", hex(e.task)},
                         {"funder", hex(e.funder)},
                         {"amount", text(e.amount)},
                         {"missing", text(e.missing)}});
  }
  Json operator()(const p::TaskOpened& e) const {
    return Json::object({{"task", hex(e.task)}, {"deadline_ms", ms(e.deadline)}});
  }
  Json operator()(const p::BidPlaced& e) const {
    return Json::object(
        {{"task", hex(e.task)}, {"bidder", hex(e.bidder)}, {"price", text(e.price)}});
  }
  Json operator()(const p::BidEnded& e) const {
    return Json::object(
        {{"task", hex(e.task)}, {"bidder", hex(e.bidder)}, {"how", to_string(e.how)}});
  }
  Json operator()(const p::ProgressReported& e) const {
    return Json::object({{"claim", hex(e.claim)}, {"entries", e.entries}});
  }
  Json operator()(const p::DivergenceReported& e) const {
    return Json::object({{"claim", hex(e.claim)}, {"entry", e.entry}});
  }
  Json operator()(const p::RoundOpened& e) const {
    return Json::object({{"round", e.round},
                         {"input", hex(e.input)},
                         {"holders", e.holders},
                         {"claims", e.claims}});
  }
  Json operator()(const p::ShareShown& e) const {
    return Json::object({{"round", e.round}, {"validator", hex(e.key)}});
  }
  Json operator()(const p::BeaconDrawn& e) const {
    return Json::object({{"round", e.round}, {"beacon", hex(e.beacon)}});
  }
  Json operator()(const p::ShareWithheld& e) const {
    return Json::object({{"round", e.round},
                         {"validator", hex(e.key)},
                         {"account", hex(e.owner)},
                         {"amount", text(e.amount)}});
  }
  Json operator()(const p::ClaimCancelled& e) const {
    return Json::object({{"claim", hex(e.claim)}, {"entries_max", e.entries_max}});
  }
  Json operator()(const p::Slashed& e) const {
    return Json::object({{"account", hex(e.account)},
                         {"claim", hex(e.claim)},
                         {"amount", text(e.amount)},
                         {"burned", text(e.burned)}});
  }
};

Json verifier_json(const p::VerifierRecord& v) {
  Json draws = Json::array();
  for (std::size_t i = 0; i < v.draws.size(); ++i) {
    Json draw =
        Json::object({{"entry", v.draws[i].entry}, {"interior_step", v.draws[i].interior_step}});
    const bool opened = i < v.opened.size() && v.opened[i].has_value();
    draw["opened"] = opened;
    if (opened) draw["attested"] = v.opened[i]->matches;
    draws.push_back(std::move(draw));
  }
  return Json::object({{"verifier", hex(v.verifier)},
                       {"draws", std::move(draws)},
                       {"sealed", !v.seals.empty()},
                       {"lost", v.lost}});
}

}  // namespace

Json to_json(const p::BlockHeader& h) {
  return Json::object({{"chain", hex(h.chain)},
                       {"height", h.height.value},
                       {"time_ms", h.time_ms},
                       {"ledger_time_ms", h.ledger_time.value},
                       {"beacon", hex(h.beacon)},
                       {"parent", hex(h.parent)},
                       {"tx_root", hex(h.tx_root)},
                       {"receipts_root", hex(h.receipts_root)},
                       {"state_root", hex(h.state_root)},
                       {"hash", hex(hash_of(h))}});
}

Json to_json(const p::Event& event) {
  Json json = std::visit(EventFields{}, event);
  json["event"] = p::name_of(event);
  return json;
}

std::string detail_text(p::TxVerdict verdict, std::uint8_t detail) {
  if (verdict == p::TxVerdict::kOfferRefused && detail <= p::kOfferVerdictLast)
    return to_string(static_cast<p::OfferVerdict>(detail));
  const bool by_terms =
      verdict == p::TxVerdict::kTermsRefused || verdict == p::TxVerdict::kPriceRefused;
  if (by_terms && detail <= economics::kTermsVerdictLast)
    return to_string(static_cast<economics::TermsVerdict>(detail));
  if (verdict == p::TxVerdict::kMoveRefused &&
      detail <= static_cast<std::uint8_t>(dispute::MoveVerdict::kTooManyTurns))
    return to_string(static_cast<dispute::MoveVerdict>(detail));
  return "";
}

Json to_json(const p::Receipt& r) {
  Json events = Json::array();
  for (const p::Event& event : r.events) events.push_back(to_json(event));
  return Json::object({{"tx", hex(r.id)},
                       {"verdict", to_string(r.verdict)},
                       {"verdict_code", static_cast<std::uint16_t>(r.verdict)},
                       {"detail", r.detail},
                       {"detail_text", detail_text(r.verdict, r.detail)},
                       {"repeated", r.repeated},
                       {"events", std::move(events)}});
}

Json to_json(const TxOutcome& o) {
  return Json::object({{"tx", hex(o.id)},
                       {"height", o.height.value},
                       {"verdict", to_string(o.verdict)},
                       {"verdict_code", static_cast<std::uint16_t>(o.verdict)},
                       {"detail", o.detail},
                       {"detail_text", detail_text(o.verdict, o.detail)},
                       {"repeated", o.repeated}});
}

Json to_json(const p::AccountView& a) {
  Json reputation = Json::object({});
  for (std::size_t i = 0; i < a.reputation.size(); ++i) {
    const p::Reputation& r = a.reputation[i];
    reputation[to_string(static_cast<p::Standing>(i + 1))] =
        Json::object({{"score", text(r.score)},
                      {"at_ms", ms(r.at)},
                      {"completed", r.completed},
                      {"faults", r.faults},
                      {"last_fault_ms", ms(r.last_fault)},
                      {"slashes", r.slashes}});
  }
  return Json::object({{"account", hex(a.id)},
                       {"exists", a.exists},
                       {"available", text(a.available)},
                       {"reserved", text(a.reserved)},
                       {"staked", text(a.staked)},
                       {"unbonding", text(a.unbonding)},
                       {"unbonding_until_ms", ms(a.locked.unbonding_until)},
                       {"locked", Json::object({{"stakes", text(a.locked.stakes)},
                                                {"bonds", text(a.locked.bonds)},
                                                {"deposits", text(a.locked.deposits)},
                                                {"bonded", text(a.locked.bonded)}})},
                       {"nonce", text(a.profile.last_nonce)},
                       {"url", a.profile.url},
                       {"certificate", hex(a.profile.certificate)},
                       {"capabilities", text_list(a.profile.capabilities)},
                       {"reputation", std::move(reputation)}});
}

Json to_json(const p::ValidatorRecord& v) {
  Json unbonding = Json::array();
  for (const p::ValidatorUnbonding& part : v.unbonding)
    unbonding.push_back(
        Json::object({{"amount", text(part.amount)}, {"until_ms", ms(part.until)}}));
  return Json::object({{"key", hex(v.key)},
                       {"address", to_hex(p::validator_address(v.key))},
                       {"account", hex(v.owner)},
                       {"stake", text(v.stake)},
                       {"unbonding", std::move(unbonding)},
                       {"slashed_at", v.slashed_at.value},
                       {"share_key", to_hex(v.share_key)}});
}

Json to_json(const p::BeaconRound& r) {
  Json holders = Json::array(), claims = Json::array();
  for (const p::ShareHolder& holder : r.holders)
    holders.push_back(Json::object({{"address", to_hex(holder.validator)},
                                    {"share_key", to_hex(holder.share_key)},
                                    {"shown", holder.output.has_value()}}));
  for (const p::AwaitingClaim& one : r.claims)
    claims.push_back(Json::object({{"claim", hex(one.claim)}, {"awaits", to_string(one.what)}}));
  return Json::object({{"round", r.number},
                       {"opened_at", r.opened_at.value},
                       {"opened_ms", ms(r.opened)},
                       {"value", text(r.value)},
                       {"least_stake", text(r.least_stake)},
                       {"is_secured", r.value <= r.least_stake},
                       {"holders", std::move(holders)},
                       {"claims", std::move(claims)}});
}

Json to_json(const p::Misbehaviour& m) {
  return Json::object(
      {{"kind", to_string(m.kind)}, {"address", to_hex(m.validator)}, {"height", m.height.value}});
}

Json to_json(const p::Totals& t) {
  return Json::object({{"issued", text(t.issued)},
                       {"burned", text(t.burned)},
                       {"jackpot", text(t.jackpot)},
                       {"treasury", text(t.treasury)}});
}

namespace {

Json bid_json(const p::Bid& b) {
  return Json::object({{"bidder", hex(b.bidder)},
                       {"price", text(b.price)},
                       {"interval_ms", b.times.interval_ms},
                       {"game_ms", b.times.game_ms},
                       {"sequence", b.sequence}});
}

}  // namespace

Json to_json(const p::TaskView& view) {
  const p::TaskRecord& t = view.record;
  Json bids = Json::array();
  for (const p::Bid& bid : view.bids) bids.push_back(bid_json(bid));
  Json funders = Json::array();
  for (const p::Funder& f : t.funders)
    funders.push_back(Json::object({{"account", hex(f.account)}, {"amount", text(f.amount)}}));
  const p::PostTask& terms = t.terms;
  return Json::object(
      {{"task", hex(t.id)},
       {"submitter", hex(t.submitter)},
       {"status", to_string(t.status)},
       {"reason", to_string(t.reason)},
       {"header", header_json(terms.header)},
       {"sale", to_string(terms.sale)},
       {"allow", hex_list(terms.allow)},
       {"deny", hex_list(terms.deny)},
       {"capabilities", text_list(terms.capabilities)},
       {"reputation_min", text(terms.reputation_min)},
       {"copies", terms.copies},
       {"price", text(terms.price)},
       {"verification_fee", text(terms.verification_fee)},
       {"tax", text(terms.tax)},
       {"sought", text(terms.sought)},
       {"bid_deposit", text(terms.bid_deposit)},
       {"solver_stake", text(terms.solver_stake)},
       {"verifier_stake", text(terms.verifier_stake)},
       {"challenger_bond", text(terms.challenger_bond)},
       {"declared_harm", text(terms.declared_harm)},
       {"relay_fee", text(terms.relay_fee)},
       {"relay_stake", text(terms.relay_stake)},
       {"seats", terms.seats},
       {"draws", terms.draws},
       {"force_rate", terms.force_rate},
       {"relays", terms.relays},
       {"relay_quorum", terms.relay_quorum},
       {"work_units", text(terms.work_units)},
       {"price_per_million_units", price_per_million_units(terms.price, terms.work_units)},
       {"progress_entries", terms.progress_entries},
       {"pays_partial", terms.pays_partial},
       {"windows", windows_json(terms.windows)},
       {"deters_harm", t.deters_harm},
       {"deters_idling", economics::deters_idling(protocol::terms_of(terms))},
       {"attests_data", economics::attests_data(protocol::terms_of(terms))},
       {"deadline_ms", ms(t.deadline)},
       {"ended_ms", ms(t.ended)},
       {"missing", text(t.missing)},
       {"funders", std::move(funders)},
       {"claims", hex_list(t.claims)},
       {"bids", std::move(bids)}});
}

namespace {

Json seats_json(const std::optional<p::RelayRound>& round) {
  Json seats = Json::array();
  if (round)
    for (const p::RelaySeat& seat : round->seats)
      seats.push_back(Json::object({{"relay", hex(seat.relay)}, {"attested", seat.attested}}));
  return seats;
}

Json demand_json(const p::DemandRecord& d) {
  return Json::object({{"demand", hex(d.id)},
                       {"demander", hex(d.demander)},
                       {"piece", piece_json(d.piece)},
                       {"price", text(d.price)},
                       {"status", to_string(d.status)},
                       {"deadline_ms", ms(d.deadline)}});
}

}  // namespace

Json to_json(const p::ClaimView& c) {
  const p::ClaimRecord& r = c.record;
  Json verifiers = Json::array(), challenges = Json::array(), demands = Json::array();
  for (const auto& v : c.verifiers) verifiers.push_back(verifier_json(v));
  for (const auto& challenge : c.challenges) challenges.push_back(hex(challenge.record.id));
  for (const auto& demand : c.demands) demands.push_back(demand_json(demand));
  return Json::object({{"claim", hex(r.id)},
                       {"task", hex(r.task)},
                       {"solver", hex(r.solver)},
                       {"status", to_string(r.status)},
                       {"reason", to_string(r.reason)},
                       {"deadline_ms", ms(r.deadline)},
                       {"price", text(r.price)},
                       {"tax", text(r.tax)},
                       {"entries", r.entries},
                       {"reported", r.reported},
                       {"abandoned", r.abandoned},
                       {"cancelled", r.cancelled},
                       {"diverged_entry", r.diverged_entry},
                       {"interval_ms", r.times.interval_ms},
                       {"game_ms", r.times.game_ms},
                       {"commitment", hex(r.commitment)},
                       {"transcript_root", hex(r.transcript_root)},
                       {"final_state_root", hex(r.final_state_root)},
                       {"enlisted", r.enlisted},
                       {"sealed", r.sealed},
                       {"opened", r.opened},
                       {"unresolved", r.unresolved},
                       {"doomed", r.doomed},
                       {"withheld", r.withheld},
                       {"fallen_entry", r.fallen_entry},
                       {"forced_entry", r.forced_entry},
                       {"solver_lost", r.solver_lost},
                       {"verifiers", std::move(verifiers)},
                       {"challenges", std::move(challenges)},
                       {"demands", std::move(demands)},
                       {"relays", seats_json(c.relays)}});
}

Json to_json(const p::ChallengeView& c) {
  const p::ChallengeRecord& r = c.record;
  Json games = Json::array();
  for (const auto& game : c.games) games.push_back(hex(game.record.id));
  return Json::object(
      {{"challenge", hex(r.id)},
       {"claim", hex(r.claim)},
       {"challenger", hex(r.challenger)},
       {"sequence", r.sequence},
       {"status", to_string(r.status)},
       {"committed_at", r.committed_at.value},
       {"deadline_ms", ms(r.deadline)},
       {"disputes", to_string(r.target.what)},
       {"verifier", r.target.is_of_claim() ? std::string() : hex(r.target.verifier)},
       {"entry", r.entry},
       {"interior_step", r.interior_step},
       {"revealed_at", r.revealed_at.value},
       {"start_root", hex(r.start_root)},
       {"end_root", hex(r.end_root)},
       {"games", std::move(games)}});
}

Json to_json(const p::GameRecord& g) {
  return Json::object(
      {{"game", hex(g.id)},
       {"challenge", hex(g.challenge)},
       {"claim", hex(g.claim)},
       {"defender", hex(g.defender)},
       {"challenger", hex(g.challenger)},
       {"by_attestor", g.by_attestor},
       {"status", to_string(g.status)},
       {"by_clock", g.by_clock},
       {"turn", g.turn},
       {"on_turn", g.on_turn == dispute::Role::kDefender ? "defender" : "challenger"},
       {"deadline_ms", ms(g.deadline)},
       {"defender_bank_ms", g.defender_bank_ms},
       {"challenger_bank_ms", g.challenger_bank_ms}});
}

Json to_json(const dispute::Position& q) {
  return Json::object({{"stage", to_string(q.stage)},
                       {"outcome", to_string(q.outcome)},
                       {"turn", q.turn},
                       {"step_low", q.step_low},
                       {"step_high", q.step_high},
                       {"node", q.node_index},
                       {"operator", numerics::name_of(q.node.spec.op)},
                       {"element", q.element},
                       {"fold_low", q.fold_low},
                       {"fold_high", q.fold_high}});
}

}  // namespace assay::node

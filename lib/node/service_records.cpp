#include "assay/dispute/evidence_file.hpp"
#include "assay/node/json.hpp"
#include "assay/node/service.hpp"

namespace assay::node {

using codec::Json;

namespace {

// The records that a game hangs from.
struct GamePlace {
  protocol::TaskView task;
  protocol::ChallengeView challenge;
  protocol::GameView game;
};

Result<GamePlace> place_of(const protocol::StateReader& reader, const GameId& id) {
  const Error none{ErrorCode::kNotFound, "there is no such game on this ledger"};
  // What is being forgotten goes from the top down, in several blocks if it is much.
  ASSAY_TRY(auto game, reader.game(id));
  if (!game) return none;
  ASSAY_TRY(auto challenge, reader.challenge(game->record.challenge));
  if (!challenge) return none;
  ASSAY_TRY(auto claim, reader.claim(game->record.claim));
  if (!claim) return none;
  ASSAY_TRY(auto task, reader.task(claim->record.task));
  if (!task || find_claim(*task, game->record.claim) == nullptr) return none;
  return GamePlace{std::move(*task), std::move(*challenge), std::move(*game)};
}

// What binds the defender: the solver's transcript, or the attestation of the seal that it opened.
Result<dispute::Claim> binding_of(const GamePlace& place) {
  const auto& [task, challenge, game] = place;
  const protocol::ClaimView& claim = *find_claim(task, game.record.claim);
  dispute::Claim out;
  if (!game.record.by_attestor) {
    out.kind = dispute::ClaimKind::kTranscript;
    out.signature = claim.record.signature;
    out.transcript_root = claim.record.transcript_root;
    out.end_path = challenge.record.end_path;
    out.start_path = challenge.record.start_path;
    return out;
  }
  out.kind = dispute::ClaimKind::kAttestation;
  const protocol::ChallengeRecord& record = challenge.record;
  const bool interior = record.target.what == protocol::Disputed::kInterior;
  for (const protocol::VerifierRecord& verifier : claim.verifiers) {
    if (verifier.verifier != game.record.defender) continue;
    for (std::size_t i = 0; i < verifier.draws.size() && i < verifier.opened.size(); ++i)
      if (verifier.draws[i].entry == record.entry && verifier.opened[i] &&
          verifier.opened[i]->attestation) {
        const protocol::Attestation& word = *verifier.opened[i]->attestation;
        out.signature = interior ? word.interior : word.end;
        return out;
      }
  }
  return {ErrorCode::kIntegrity, "the ledger holds an attestor's game without its attestation"};
}

}  // namespace

Result<Bytes> make_evidence(const protocol::StateReader& reader, const GameId& id) {
  ASSAY_TRY(const GamePlace place, place_of(reader, id));
  const auto& record = place.game.record;
  if (record.by_clock || (record.status != protocol::GameStatus::kDefenderWon &&
                          record.status != protocol::GameStatus::kChallengerWon))
    return {ErrorCode::kUnavailable,
            std::string("this game is ") +
                (record.by_clock ? "decided by a clock" : to_string(record.status)) +
                ": evidence needs a verdict"};
  ASSAY_TRY(const protocol::BlockHeader head, reader.head());
  dispute::Evidence evidence;
  evidence.terms = terms_of(head.chain, place.task, place.challenge, place.game);
  ASSAY_TRY(evidence.claim, binding_of(place));
  for (const Bytes& bytes : place.game.moves) {
    codec::Reader move_reader(bytes);
    const dispute::SignedMove move = dispute::read_signed_move(move_reader);
    if (!move_reader.finish()) return {ErrorCode::kIntegrity, "the ledger holds a damaged move"};
    evidence.moves.push_back(
        {move.turn, move.role, move.position_hash, to_bytes(move.body), move.by, move.signature});
  }
  return write_evidence(evidence);
}

Result<Json> NodeService::validators() const {
  ASSAY_TRY(const auto set, m_node.reader().validator_set());
  ASSAY_TRY(const auto records, m_node.reader().validators());
  Json members = Json::array(), candidates = Json::array();
  for (const protocol::ValidatorPower& member : set.members)
    members.push_back(
        Json::object({{"key", to_hex(member.key)}, {"power", std::to_string(member.power)}}));
  for (const protocol::ValidatorRecord& record : records) candidates.push_back(to_json(record));
  return Json::object({{"members", std::move(members)}, {"candidates", std::move(candidates)}});
}

Result<Json> NodeService::beacon() const {
  ASSAY_TRY(const auto shares, m_node.reader().shares());
  ASSAY_TRY(const auto round, m_node.reader().beacon_round());
  const bool by_comet = is_replicated(m_node.genesis());
  return Json::object({{"kind", shares     ? "shares of the validators"
                                : by_comet ? "hash of the block before: its proposer could grind it"
                                           : "signature of the operator, who is trusted for it"},
                       {"window_ms", shares ? shares->window_ms : 0},
                       {"rounds", shares ? shares->rounds : 0},
                       {"open", round.has_value()},
                       {"round", round ? to_json(*round) : Json::object({})}});
}

Result<Json> NodeService::evidence(const GameId& id) const {
  ASSAY_TRY(const Bytes file, make_evidence(m_node.reader(), id));
  return Json::object({{"evidence", to_hex(file)}});
}

Result<Json> NodeService::game(const GameId& id) const {
  ASSAY_TRY(const GamePlace place, place_of(m_node.reader(), id));
  const auto terms = terms_of(m_node.head().chain, place.task, place.challenge, place.game);
  Json moves = Json::array();
  for (const Bytes& move : place.game.moves) moves.push_back(to_hex(move));
  return Json::object({{"game", to_json(place.game.record)},
                       {"position", to_json(position_of(terms, place.game))},
                       {"moves", std::move(moves)}});
}

Result<Json> NodeService::view(const AccountId& account, const protocol::KnownMoves& known,
                               const protocol::Principals& principals) {
  if (m_views_height != m_node.head().height) m_views.clear();
  m_views_height = m_node.head().height;
  const auto view_now = [&]() -> Result<std::string> {
    ASSAY_TRY(const auto excerpt, m_node.reader().view_excerpt(account, known, principals));
    return to_hex(encode(excerpt));
  };
  const auto answer = [&](std::string excerpt) {
    return Json::object({{"height", m_node.head().height.value}, {"excerpt", std::move(excerpt)}});
  };
  // What strangers say they know, or play for, would make as many views of one account.
  if (!known.empty() || !principals.empty()) {
    ASSAY_TRY(std::string view, view_now());
    return answer(std::move(view));
  }
  auto found = m_views.find(account);
  if (found == m_views.end()) {
    ASSAY_TRY(std::string view, view_now());
    if (m_views.size() >= 64) m_views.clear();
    found = m_views.emplace(account, std::move(view)).first;
  }
  return answer(found->second);
}

Result<Json> NodeService::proof(ByteView key, Height height) const {
  if (key.size() > kMaxKeyBytes) return {ErrorCode::kLimit, "a key has at most 256 bytes"};
  ASSAY_TRY(const auto kept, m_node.reader().provable_heights());
  if (height < kept.first || kept.second < height)
    return {ErrorCode::kNotFound, "this node proves heights " + std::to_string(kept.first.value) +
                                      " to " + std::to_string(kept.second.value) + " only"};
  ASSAY_TRY(const auto value, m_node.reader().record_at(key, height));
  ASSAY_TRY(const Bytes proof, m_node.reader().prove_at(key, height));
  return Json::object({{"key", to_hex(key)},
                       {"value", value ? Json(to_hex(*value)) : Json()},
                       {"proof", to_hex(proof)}});
}

}  // namespace assay::node

#include "support/toy_player.hpp"

#include <algorithm>

#include "assay/crypto/sha256.hpp"
#include "assay/dispute/moves.hpp"
#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/memory_access.hpp"
#include "assay/referee/opening.hpp"

namespace assay::toy {

using dispute::Position;
using dispute::Role;
using dispute::Stage;

namespace {

Sha256Function sha() { return crypto::sha256_function(); }

template <class Body>
Bytes encode(Body&& body) {
  return codec::encode(std::forward<Body>(body));
}

Hash256 offered_hash(const Position& p, unsigned i) {
  Hash256 hash;
  std::copy_n(p.offered.begin() + i * 32, 32, hash.bytes.begin());
  return hash;
}

numerics::MemoryAccess operands_of(const Execution& run, const graph::Node& node) {
  numerics::MemoryAccess access;
  access.spec = &node.spec;
  for (unsigned i = 0; i < node.spec.operand_count; ++i)
    access.operands[i] = run.outputs.at(node.inputs[i]).data.data();
  return access;
}

ByteView chunk_of(const Tensor& tensor, std::uint64_t index) {
  return commit::chunk_of(tensor.data, index);
}

}  // namespace

void Party::observe(const Position& p) {
  if (p.stage == Stage::kTracePoint)
    m_trace_offers.emplace_back(p.range,
                                Bytes(p.offered.begin(), p.offered.begin() + p.offered_bytes));
}

const Program& Party::program() const {
  return m_terms->entry == 0 ? m_world->task().init : m_world->task().step;
}

const Execution& Party::execution(const Position& p) const {
  return m_terms->entry == 0 ? m_world->init() : m_world->step(p.step_low);
}

numerics::FoldState Party::fold_state(const Position& p, std::uint64_t step) const {
  numerics::MemoryAccess access = operands_of(execution(p), p.node);
  numerics::FoldState state = numerics::fold_init(p.node.spec, p.element);
  for (std::uint32_t k = 0; k < step; ++k)
    numerics::fold_step<numerics::HardwareArithmetic>(p.node.spec, p.element, k, access, state);
  const std::optional<Lie>& lie = m_world->lie();
  const bool lies_here = lie && lie->kind == Lie::Kind::kNode && lie->index == p.node_index &&
                         lie->element == p.element && lie->in_init == (m_terms->entry == 0) &&
                         (lie->in_init || lie->step == p.step_low);
  const std::uint32_t from =
      std::min(fold_lies_from.value_or(~0U), numerics::fold_length(p.node.spec));
  if (lies_here && step >= from) state.words[0] ^= static_cast<std::uint32_t>(lie->flip);
  return state;
}

Bytes Party::offer(const Position& p) const {
  std::vector<Hash256> roots;
  switch (p.stage) {
    case Stage::kChainOffer: {
      const dispute::Spacing steps = dispute::chain_spacing(p, m_rules);
      for (unsigned k = 1; k < steps.segments; ++k)
        roots.push_back(m_world->state_root(steps.at(k)));
      return encode([&](auto& w) { dispute::write_chain_offer(w, roots); });
    }
    case Stage::kTraceOffer: {
      const bool first = p.program.node_count == 0;
      const commit::Range range = first ? commit::Range{0, program().nodes.size()} : p.range;
      roots = execution(p).trace.children_roots(range, m_rules.split_depth);
      return encode([&](auto& w) {
        dispute::write_trace_offer(w, first ? &program().header() : nullptr, roots);
      });
    }
    case Stage::kStateOffer:
      roots = execution(p).state_tree.tree.children_roots(p.range, m_rules.split_depth);
      return encode([&](auto& w) { dispute::write_tree_offer(w, p.stage, roots); });
    case Stage::kTensorOffer:
      roots =
          execution(p).tensor_trees.at(p.node_index).children_roots(p.range, m_rules.split_depth);
      return encode([&](auto& w) { dispute::write_tree_offer(w, p.stage, roots); });
    case Stage::kChunkReveal:
      return encode([&](auto& w) {
        dispute::write_chunk_reveal(w,
                                    chunk_of(execution(p).outputs.at(p.node_index), p.range.first));
      });
    case Stage::kFoldOffer: {
      const dispute::Spacing steps = dispute::fold_spacing(p, m_rules);
      std::vector<numerics::FoldState> states;
      for (unsigned k = 1; k < steps.segments; ++k) states.push_back(fold_state(p, steps.at(k)));
      return encode([&](auto& w) {
        dispute::write_fold_offer(w, states, numerics::fold_words(p.node.spec));
      });
    }
    default: return {};
  }
}

unsigned choices(const Position& p, const dispute::Rules& rules) {
  switch (p.stage) {
    case Stage::kChainPoint: return dispute::chain_spacing(p, rules).segments;
    case Stage::kFoldPoint: return dispute::fold_spacing(p, rules).segments;
    case Stage::kElementPoint: return p.offered_bytes / size_of(p.node.spec.output.dtype);
    case Stage::kTracePoint:
      return commit::children_of(p.range, rules.split_depth).count +
             (p.range.count == p.program.node_count ? 1 : 0);
    default: return commit::children_of(p.range, rules.split_depth).count;
  }
}

unsigned Party::first_difference(const Position& p) const {
  const auto first_child = [&](const commit::MerkleTree& own) {
    const std::vector<Hash256> roots = own.children_roots(p.range, m_rules.split_depth);
    for (unsigned i = 0; i < roots.size(); ++i)
      if (roots[i] != offered_hash(p, i)) return i;
    return static_cast<unsigned>(roots.size());
  };
  switch (p.stage) {
    case Stage::kChainPoint: {
      const dispute::Spacing steps = dispute::chain_spacing(p, m_rules);
      for (unsigned k = 0; k + 1 < steps.segments; ++k)
        if (offered_hash(p, k) != m_world->state_root(steps.at(k + 1))) return k;
      return steps.segments - 1;
    }
    case Stage::kTracePoint: return first_child(execution(p).trace);
    case Stage::kStatePoint: return first_child(execution(p).state_tree.tree);
    case Stage::kTensorPoint: return first_child(execution(p).tensor_trees.at(p.node_index));
    case Stage::kElementPoint: {
      const ByteView own = chunk_of(execution(p).outputs.at(p.node_index), p.range.first);
      const auto at = std::mismatch(own.begin(), own.end(), p.offered.begin()).first - own.begin();
      return static_cast<unsigned>(at) / size_of(p.node.spec.output.dtype);
    }
    default: {
      const dispute::Spacing steps = dispute::fold_spacing(p, m_rules);
      const unsigned words = numerics::fold_words(p.node.spec);
      for (unsigned k = 0; k + 1 < steps.segments; ++k) {
        const numerics::FoldState own = fold_state(p, steps.at(k + 1));
        if (std::memcmp(own.words.data(), p.offered.data() + k * words * 4, words * 4) != 0)
          return k;
      }
      return steps.segments - 1;
    }
  }
}

Bytes Party::point(const Position& p, unsigned index) const {
  if (p.stage == Stage::kElementPoint)
    return encode([&](auto& w) { dispute::write_element_point(w, index); });
  if (p.stage != Stage::kTracePoint)
    return encode([&](auto& w) { dispute::write_point(w, p.stage, index); });
  const commit::Children children = commit::children_of(p.range, m_rules.split_depth);
  if (index >= children.count || children.ranges[index].count != 1)
    return encode([&](auto& w) { dispute::write_trace_point(w, index); });
  const std::uint64_t node = children.ranges[index].first;
  return encode([&](auto& w) {
    dispute::write_trace_leaf(w, index, program().node_record(node),
                              program().node_tree().path(node));
  });
}

Bytes Party::point_at_first_difference(const Position& p) const {
  return point(p, first_difference(p));
}

Bytes Party::point_anywhere(const Position& p, std::mt19937& random) const {
  return point(p, static_cast<unsigned>(random() % choices(p, m_rules)));
}

commit::Path Party::trace_path(const Position& p, std::uint64_t node) const {
  dispute::KnownTree tree(execution(p).trace);
  for (const auto& [range, offered] : m_trace_offers)
    tree.learn(range, offered, m_rules.split_depth);
  return tree.path(node);
}

Bytes Party::scalar_opening(const Position& p) const {
  const Execution& run = execution(p);
  numerics::MemoryAccess memory = operands_of(run, p.node);
  referee::RecordingAccess access(memory);
  numerics::FoldState state = p.state_low;
  numerics::fold_step<numerics::HardwareArithmetic>(p.node.spec, p.element, p.fold_low, access,
                                                    state);
  return encode([&](codec::Writer& w) {
    std::vector<std::pair<std::uint32_t, std::uint64_t>> opened;
    for (const referee::Read& read : access.reads()) {
      const std::uint32_t input = p.node.inputs[read.operand];
      const std::uint64_t chunk =
          referee::place_of(p.node.spec.operands[read.operand].dtype, read.index).chunk;
      const std::pair key{input, chunk};
      if (std::find(opened.begin(), opened.end(), key) != opened.end()) {
        referee::write_repeated_operand(w);
        continue;
      }
      opened.push_back(key);
      referee::write_operand(w, chunk_of(run.outputs[input], chunk),
                             run.tensor_trees[input].path(chunk), trace_path(p, input));
    }
  });
}

Bytes Party::open(const Position& p) const {
  switch (p.stage) {
    case Stage::kStateLeaf: {
      const std::uint64_t slot = p.range.first;
      const std::uint32_t output = program().slots.at(slot).output;
      return encode([&](auto& w) {
        dispute::write_state_leaf(w, program().slot_record(slot), program().slot_tree().path(slot),
                                  execution(p).output_roots.at(output), trace_path(p, output));
      });
    }
    case Stage::kSource: {
      const std::uint64_t index = p.node.spec.attributes[0];
      const bool is_slot = p.node.spec.op == numerics::OpCode::kStateSlot;
      const commit::NamedTree tree =
          is_slot ? m_world->state_before(p.step_low) : m_world->task().data_tree();
      const commit::NamedRoot& leaf = tree.leaves.at(index);
      return encode([&](auto& w) {
        dispute::write_source(w, {as_bytes(leaf.name), leaf.root}, tree.tree.path(index));
      });
    }
    case Stage::kScalar: {
      const Bytes opening = scalar_opening(p);
      return encode([&](auto& w) { dispute::write_scalar(w, opening); });
    }
    default: return {};
  }
}

namespace {

crypto::KeyPair numbered_key(std::uint8_t number) {
  const std::array<std::uint8_t, 32> seed{number};
  return crypto::KeyPair{crypto::SecretKey(seed.data())};
}

}  // namespace

const Keys& keys() {
  static const Keys kKeys{numbered_key(1), numbered_key(2)};
  return kKeys;
}

const OtherKeys& other_keys() {
  static const OtherKeys kKeys{numbered_key(3), numbered_key(4), numbered_key(5)};
  return kKeys;
}

dispute::Certificate certificate(const dispute::GameTerms& terms, Role role) {
  const bool defends = role == Role::kDefender;
  const crypto::KeyPair& party = defends ? keys().defender : keys().challenger;
  const crypto::KeyPair& delegate =
      defends ? other_keys().defender_delegate : other_keys().challenger_delegate;
  return dispute::make_certificate(
      sha(), terms.chain, terms.task_id, defends ? terms.defender : terms.challenger,
      AccountId(delegate.public_key()), LedgerTimeMs{1'000'000},
      [&](const Hash256& digest) { return party.sign(digest.view()); });
}

Challenge challenge(const World& claimed, std::uint64_t entry, dispute::ClaimKind kind) {
  const std::vector<Hash256> roots = claimed.transcript_roots();
  Challenge c;
  c.terms.chain.value.bytes[0] = 0xc0;
  c.terms.game.value.bytes[0] = 0x9a;
  c.terms.defender = AccountId(keys().defender.public_key());
  c.terms.challenger = AccountId(keys().challenger.public_key());
  c.terms.task = claimed.task().header;
  c.terms.entry = entry;
  if (entry != 0) c.terms.start_root = roots.at(entry - 1);
  c.terms.end_root = roots.at(entry);
  c.claim.kind = kind;
  c.terms.task_id.value.bytes[0] = 0x7a;
  Hash256 digest;
  if (kind == dispute::ClaimKind::kTranscript) {
    const commit::Transcript transcript(roots);
    c.claim.transcript_root = transcript.root();
    c.claim.end_path = transcript.path(entry);
    if (entry != 0) c.claim.start_path = transcript.path(entry - 1);
    digest = dispute::claim_digest(sha(), c.terms.chain, c.terms.task_id, c.terms.task,
                                   transcript.root());
  } else {
    digest = dispute::attestation_digest(sha(), c.terms.chain, c.terms.task_id, c.terms.task, entry,
                                         c.terms.start_root, c.terms.end_root);
  }
  c.claim.signature = keys().defender.sign(digest.view());
  return c;
}

std::uint64_t first_false_entry(const World& claimed, const World& truth) {
  const std::vector<Hash256> a = claimed.transcript_roots();
  const std::vector<Hash256> b = truth.transcript_roots();
  return static_cast<std::uint64_t>(std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin());
}

std::size_t Game::bytes() const {
  std::size_t total = 0;
  for (const dispute::RecordedMove& move : moves) total += move.body.size();
  return total;
}

namespace {

struct Seat {
  const crypto::KeyPair& key;
  dispute::Signer by;
};
Seat seat_of(const dispute::GameTerms& terms, Role role, bool is_opening,
             const PlayOptions& options) {
  const bool defends = role == Role::kDefender;
  if (is_opening && options.strangers_open)
    return {other_keys().stranger, {{}, AccountId(other_keys().stranger.public_key())}};
  if (options.by_delegates)
    return {defends ? other_keys().defender_delegate : other_keys().challenger_delegate,
            {certificate(terms, role), {}}};
  return {defends ? keys().defender : keys().challenger, {}};
}

}  // namespace

Game play(const dispute::GameTerms& terms, const World& defender, const World& challenger,
          const PlayOptions& options) {
  Game game;
  game.terms = terms;
  game.position = dispute::start(terms);
  Party defends(defender, game.terms, options.rules);
  defends.fold_lies_from = options.fold_lies_from;
  Party challenges(challenger, game.terms, options.rules);
  std::mt19937 random(options.seed);
  while (game.position.stage != Stage::kFinished) {
    const Position before = game.position;
    defends.observe(before);
    challenges.observe(before);
    const bool anyone = may_move(before, Role::kDefender) && may_move(before, Role::kChallenger);
    const bool challenger_opens = options.challenger_opens && !options.strangers_open;
    const Role mover =
        anyone ? (challenger_opens ? Role::kChallenger : Role::kDefender) : on_turn(before);
    Bytes body;
    if (anyone) {
      body = (options.challenger_opens ? challenges : defends).open(before);
    } else if (mover == Role::kDefender) {
      body = defends.offer(before);
    } else {
      body = options.challenger == Challenger::kHonest
                 ? challenges.point_at_first_difference(before)
                 : challenges.point_anywhere(before, random);
    }
    dispute::MoveVerdict verdict{};
    const Seat seat = seat_of(terms, mover, may_move(before, dispute::Mover::stranger()), options);
    dispute::RecordedMove move = dispute::record_move(
        sha(), terms, before, mover, body,
        [&](const Hash256& d) {
          return options.sign ? seat.key.sign(d.view()) : dispute::Signature{};
        },
        seat.by);
    verdict = options.sign
                  ? apply_signed(sha(), crypto::ed25519_verify, terms, game.position, move.view())
                  : apply(sha(), terms, game.position, mover, move.body, options.rules);
    if (verdict != dispute::MoveVerdict::kAccepted) {
      // What is not accepted lets the clock of whoever is on turn run out.
      dispute::forfeit(game.position);
      return game;
    }
    game.before.push_back(before);
    game.moves.push_back(std::move(move));
  }
  return game;
}

}  // namespace assay::toy

#include "abstract_game.hpp"

namespace assay::dispute::abstract {

namespace {

using By = Move::By;

// Where the second of two halves begins.
int middle(int low, int high) { return low + (high - low) / 2; }
int first_half(int count) {
  int half = 1;
  while (half * 2 < count) half *= 2;
  return half;
}

Values sum(Values a, const Values& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i % b.size()];
  return a;
}

// All combinations of one choice each.
template <class T>
std::vector<std::vector<T>> product(const std::vector<std::vector<T>>& choices) {
  std::vector<std::vector<T>> all{{}};
  for (const std::vector<T>& one : choices) {
    std::vector<std::vector<T>> longer;
    for (const std::vector<T>& head : all)
      for (const T& choice : one) {
        longer.push_back(head);
        longer.back().push_back(choice);
      }
    all = std::move(longer);
  }
  return all;
}

}  // namespace

State World::state(int after) const {
  State state;
  for (const Values& values : initial) state.slots.emplace_back(values);
  if (is_init) after = 1;  // one execution, of which nothing goes before
  for (int t = 0; t < after; ++t) {
    const Trace run = trace(t);
    for (std::size_t i = 0; i < slot_nodes.size(); ++i) state.slots[i] = run.nodes[slot_nodes[i]];
  }
  return state;
}

Trace World::trace(int step) const {
  const State before = is_init ? State{} : state(step);
  Trace trace;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Node& node = nodes[i];
    Values out(static_cast<std::size_t>(node.size), static_cast<int>(node.a));
    if (node.op == Op::kSlot) out = *before.slots[node.a];
    if (node.op == Op::kData) out = data[node.a];
    if (node.op == Op::kStepIndex) out = {step};
    if (node.op == Op::kSeed) out = {kSeedOfTask};
    trace.nodes.emplace_back(out);
    if (node.op != Op::kAdd && node.op != Op::kMatMul) continue;
    for (int e = 0; e < node.size; ++e)
      out[static_cast<std::size_t>(e)] =
          fold_entry(trace, static_cast<int>(i), e, fold_length(static_cast<int>(i)));
    trace.nodes.back() = out;
  }
  return trace;
}

std::vector<State> World::state_claims(int after) const {
  const State truth = state(after);
  std::vector<std::vector<Claim>> choices;
  for (std::size_t i = 0; i < truth.slots.size(); ++i) {
    std::vector<Claim> slot{truth.slots[i]};
    for (const Values& lie : node_lies[slot_nodes[i]]) slot.push_back(sum(*truth.slots[i], lie));
    if (hides_slots) slot.emplace_back();
    choices.push_back(std::move(slot));
  }
  std::vector<State> all;
  for (auto& slots : product(choices)) all.push_back({false, std::move(slots)});
  if (hides_slots) all.push_back({true, std::vector<Claim>(truth.slots.size())});
  return all;
}

std::vector<Trace> World::trace_claims(int step) const {
  const Trace truth = trace(step);
  std::vector<std::vector<Claim>> choices;
  for (std::size_t i = 0; i < truth.nodes.size(); ++i) {
    std::vector<Claim> node{truth.nodes[i]};
    for (const Values& lie : node_lies[i]) node.push_back(sum(*truth.nodes[i], lie));
    if (hides_nodes && !node_lies[i].empty()) node.emplace_back();
    choices.push_back(std::move(node));
  }
  std::vector<Trace> all;
  for (const auto& claims : product(choices)) all.push_back({claims, {}});
  const std::size_t half = static_cast<std::size_t>(first_half(static_cast<int>(nodes.size())));
  for (unsigned mask = 1; hides_halves && mask < 4; ++mask) {
    Trace trace = truth;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const unsigned side = i < half ? 0 : 1;
      if ((mask >> side & 1) == 0) continue;
      trace.invented[side] = true;
      trace.nodes[i].reset();
    }
    all.push_back(std::move(trace));
  }
  return all;
}

int World::fold_length(int node) const {
  const Node& n = nodes[static_cast<std::size_t>(node)];
  return n.op == Op::kMatMul ? n.terms : 1;
}

std::optional<int> World::fold_step(const Trace& trace, int node, int element, int step,
                                    int entry) const {
  const Node& n = nodes[static_cast<std::size_t>(node)];
  if (n.op == Op::kConstant) return static_cast<int>(n.a);
  const Claim& a = trace.nodes[n.a];
  const Claim& b = trace.nodes[n.b];
  if (!a || !b) return std::nullopt;
  const auto at = [](const Values& values, int index) {
    return values[static_cast<std::size_t>(index) % values.size()];
  };
  if (n.op == Op::kAdd) return at(*a, element) + at(*b, element);
  return entry + at(*a, step) * at(*b, step * n.size + element);
}

int World::fold_entry(const Trace& trace, int node, int element, int step) const {
  int entry = 0;
  for (int k = 0; k < step; ++k) entry = fold_step(trace, node, element, k, entry).value();
  return entry;
}

namespace {

// The moves at one position, stage by stage.
class Moves {
 public:
  Moves(const World& world, const Position& position) : m_world(world), m_at(position) {}

  std::vector<Move> all() {
    if (m_at.stage == Stage::kFinished) return {};
    switch (m_at.stage) {
      case Stage::kChainOffer: chain_offer(); break;
      case Stage::kChainPoint: chain_point(); break;
      case Stage::kTraceOffer: trace_offer(); break;
      case Stage::kTracePoint: trace_point(); break;
      case Stage::kStateOffer:
        if (!m_at.root_high.invented) go(By::kDefender, Stage::kStatePoint);
        break;
      case Stage::kStatePoint: state_point(); break;
      case Stage::kStateLeaf: state_leaf(); break;
      case Stage::kSource: source(); break;
      case Stage::kTensorOffer:
        if (claimed()) go(By::kDefender, Stage::kTensorPoint);
        break;
      case Stage::kTensorPoint: tensor_point(); break;
      case Stage::kChunkReveal:
        if (claimed()) go(By::kDefender, Stage::kElementPoint);
        break;
      case Stage::kElementPoint: element_point(); break;
      case Stage::kFoldOffer: fold_offer(); break;
      case Stage::kFoldPoint: fold_point(); break;
      default: scalar(); break;
    }
    clock();
    return std::move(m_moves);
  }

 private:
  Move& go(By by, Stage stage) {
    m_moves.push_back({by, 0, true, true, m_at});
    m_moves.back().next.stage = stage;
    return m_moves.back();
  }
  Move& point(int index, int first_difference, Stage stage) {
    Move& move = go(By::kChallenger, stage);
    move.index = index;
    move.keeps_challenger_honest = index == first_difference;
    return move;
  }
  // Anyone's opening: either side may make it.
  void decide(bool holds) {
    for (const By by : {By::kDefender, By::kChallenger})
      go(by, Stage::kFinished).next.outcome =
          holds ? Outcome::kDefenderWins : Outcome::kChallengerWins;
  }
  void clock() {
    bool is_challengers = false;
    for (const Stage s : {Stage::kChainPoint, Stage::kTracePoint, Stage::kStatePoint,
                          Stage::kTensorPoint, Stage::kElementPoint, Stage::kFoldPoint})
      is_challengers |= m_at.stage == s;
    Move& move = go(By::kClock, Stage::kFinished);
    move.next.outcome = is_challengers ? Outcome::kDefenderWins : Outcome::kChallengerWins;
    (is_challengers ? move.keeps_challenger_honest : move.keeps_defender_honest) = false;
  }

  [[nodiscard]] const Claim& claimed() const {
    return m_at.trace->nodes[static_cast<std::size_t>(m_at.node)];
  }
  [[nodiscard]] Trace true_trace() const { return m_world.trace(m_at.low); }

  void chain_offer() {
    const int at = middle(m_at.low, m_at.high);
    for (const State& claim : m_world.state_claims(at)) {
      Move& move = go(By::kDefender, Stage::kChainPoint);
      move.keeps_defender_honest = claim == m_world.state(at);
      move.next.offered_state = claim;
    }
  }
  void chain_point() {
    const int at = middle(m_at.low, m_at.high);
    const int difference = *m_at.offered_state == m_world.state(at) ? 1 : 0;
    for (const int k : {0, 1}) {
      Position& next = point(k, difference, Stage::kChainOffer).next;
      (k == 0 ? next.high : next.low) = at;
      (k == 0 ? next.root_high : next.root_low) = *m_at.offered_state;
      next.offered_state.reset();
      if (next.high - next.low == 1) next.stage = Stage::kTraceOffer;
    }
  }

  void trace_offer() {
    if (m_at.trace) {
      const int half = first_half(static_cast<int>(m_world.nodes.size()));
      if (!m_at.trace->invented[m_at.first < half ? 0 : 1]) go(By::kDefender, Stage::kTracePoint);
      return;
    }
    for (const Trace& claim : m_world.trace_claims(m_at.low)) {
      Move& move = go(By::kDefender, Stage::kTracePoint);
      move.keeps_defender_honest = claim == true_trace();
      move.next.trace = claim;
      move.next.first = 0;
      move.next.count = static_cast<int>(m_world.nodes.size());
    }
  }

  // The halves of the range, and the first in which `differs`; 2 if none does.
  struct Halves {
    std::array<std::pair<int, int>, 2> parts;
    int difference = 2;
  };
  template <class Differs>
  Halves halves(Differs&& differs) const {
    const int left = first_half(m_at.count);
    Halves h{{{{m_at.first, left}, {m_at.first + left, m_at.count - left}}}, 2};
    for (int k = 1; k >= 0; --k)
      for (int i = 0; i < h.parts[static_cast<std::size_t>(k)].second; ++i)
        if (differs(h.parts[static_cast<std::size_t>(k)].first + i)) h.difference = k;
    return h;
  }

  void trace_point() {
    const Trace truth = true_trace();
    const Halves h = halves([&](int i) {
      const auto at = static_cast<std::size_t>(i);
      return m_at.trace->nodes[at] != truth.nodes[at];
    });
    for (const int k : {0, 1}) {
      const auto [first, count] = h.parts[static_cast<std::size_t>(k)];
      Move& move = point(k, h.difference, Stage::kTraceOffer);
      move.next.first = first;
      move.next.count = count;
      if (count == 1) enter(move.next, first, truth);
    }
    if (m_at.count != static_cast<int>(m_world.nodes.size())) return;
    Position& next = point(2, h.difference, Stage::kStateOffer).next;
    next.first = 0;
    next.count = static_cast<int>(m_world.slot_nodes.size());
  }
  void enter(Position& next, int node, const Trace& truth) {
    const auto at = static_cast<std::size_t>(node);
    const Node& n = m_world.nodes[at];
    next.node = node;
    if (n.op == Op::kStepIndex || n.op == Op::kSeed) {
      next.stage = Stage::kFinished;
      next.outcome = m_at.trace->nodes[at] == truth.nodes[at] ? Outcome::kDefenderWins
                                                              : Outcome::kChallengerWins;
    } else if (n.op == Op::kSlot || n.op == Op::kData) {
      next.stage = Stage::kSource;
    } else {
      next.first = 0;
      next.count = (n.size + m_world.chunk - 1) / m_world.chunk;
      next.stage = next.count == 1 ? Stage::kChunkReveal : Stage::kTensorOffer;
    }
  }

  void state_point() {
    if (m_at.count == 1) {
      point(0, 0, Stage::kStateLeaf);
      return;
    }
    const State truth = m_world.state(m_at.high);
    const Halves h = halves([&](int i) {
      const auto at = static_cast<std::size_t>(i);
      return m_at.root_high.slots[at] != truth.slots[at];
    });
    for (const int k : {0, 1}) {
      const auto [first, count] = h.parts[static_cast<std::size_t>(k)];
      Position& next =
          point(k, h.difference, count == 1 ? Stage::kStateLeaf : Stage::kStateOffer).next;
      next.first = first;
      next.count = count;
    }
  }
  void state_leaf() {
    const auto slot = static_cast<std::size_t>(m_at.first);
    const Claim& output = m_at.trace->nodes[m_world.slot_nodes[slot]];
    if (output) decide(m_at.root_high.slots[slot] == output);
  }
  void source() {
    const Node& node = m_world.nodes[static_cast<std::size_t>(m_at.node)];
    if (node.op == Op::kData) {
      decide(claimed() == Claim(m_world.data[node.a]));
      return;
    }
    const Claim& slot = m_at.root_low.slots[node.a];
    if (slot && !m_at.root_low.invented) decide(claimed() == slot);
  }

  void tensor_point() {
    const Values truth = *true_trace().nodes[static_cast<std::size_t>(m_at.node)];
    const Halves h = halves([&](int chunk) {
      for (int i = chunk * m_world.chunk; i < (chunk + 1) * m_world.chunk; ++i) {
        const auto at = static_cast<std::size_t>(i);
        if (at < truth.size() && (*claimed())[at] != truth[at]) return true;
      }
      return false;
    });
    for (const int k : {0, 1}) {
      const auto [first, count] = h.parts[static_cast<std::size_t>(k)];
      Position& next =
          point(k, h.difference, count == 1 ? Stage::kChunkReveal : Stage::kTensorOffer).next;
      next.first = first;
      next.count = count;
    }
  }
  void element_point() {
    const Values truth = *true_trace().nodes[static_cast<std::size_t>(m_at.node)];
    const int begin = m_at.first * m_world.chunk;
    const int end = std::min<int>(begin + m_world.chunk, static_cast<int>(truth.size()));
    int difference = begin;
    while (difference < end && (*claimed())[static_cast<std::size_t>(difference)] ==
                                   truth[static_cast<std::size_t>(difference)])
      ++difference;
    for (int element = begin; element < end; ++element) {
      const int length = m_world.fold_length(m_at.node);
      Move& move = point(element - begin, difference - begin,
                         length == 1 ? Stage::kScalar : Stage::kFoldOffer);
      move.next.element = element;
      move.next.fold_low = 0;
      move.next.fold_high = length;
      move.next.value_low = 0;
      move.next.value_high = (*claimed())[static_cast<std::size_t>(element)];
    }
  }

  [[nodiscard]] int true_entry(int step) const {
    return m_world.fold_entry(true_trace(), m_at.node, m_at.element, step);
  }
  void fold_offer() {
    const int truth = true_entry(middle(m_at.fold_low, m_at.fold_high));
    std::vector<int> lies = m_world.fold_lies;
    lies.insert(lies.begin(), 0);
    for (const int lie : lies) {
      Move& move = go(By::kDefender, Stage::kFoldPoint);
      move.keeps_defender_honest = lie == 0;
      move.next.offered_value = truth + lie;
    }
  }
  void fold_point() {
    const int at = middle(m_at.fold_low, m_at.fold_high);
    const int difference = *m_at.offered_value == true_entry(at) ? 1 : 0;
    for (const int k : {0, 1}) {
      Position& next = point(k, difference, Stage::kFoldOffer).next;
      (k == 0 ? next.fold_high : next.fold_low) = at;
      (k == 0 ? next.value_high : next.value_low) = *m_at.offered_value;
      next.offered_value.reset();
      if (next.fold_high - next.fold_low == 1) next.stage = Stage::kScalar;
    }
  }
  void scalar() {
    const auto after =
        m_world.fold_step(*m_at.trace, m_at.node, m_at.element, m_at.fold_low, m_at.value_low);
    if (after) decide(*after == m_at.value_high);
  }

  const World& m_world;
  const Position& m_at;
  std::vector<Move> m_moves;
};

}  // namespace

Position start(const World& world, const State& claimed_end) {
  Position position;
  position.high = world.is_init ? 0 : world.steps;
  if (!world.is_init) position.root_low = world.state(0);
  position.root_high = claimed_end;
  if (world.steps > 1) position.stage = Stage::kChainOffer;
  return position;
}

std::vector<Move> moves(const World& world, const Position& position) {
  return Moves(world, position).all();
}

}  // namespace assay::dispute::abstract

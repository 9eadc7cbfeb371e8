#include <map>
#include <random>

#include "actors/subject.hpp"
#include "unit/protocol/played.hpp"

namespace assay::actors {

namespace {

using dispute::Role;
using dispute::Stage;
using protocol::test::truth;

constexpr unsigned kLies = 200;

// Some false execution that changes the transcript, the same for equal numbers.
const toy::World& some_lie(unsigned number) {
  static std::map<unsigned, std::unique_ptr<toy::World>> known;
  std::unique_ptr<toy::World>& world = known[number];
  std::mt19937 random(number);
  while (!world) {
    toy::Lie lie;
    lie.kind = random() % 3 == 0 ? toy::Lie::Kind::kState : toy::Lie::Kind::kNode;
    lie.in_init = random() % 6 == 0;
    lie.step = random() % toy::task().header.steps;
    const toy::Program& program = lie.in_init ? toy::task().init : toy::task().step;
    lie.index = static_cast<std::uint32_t>(random() % (lie.kind == toy::Lie::Kind::kState
                                                           ? program.slots.size()
                                                           : program.nodes.size()));
    lie.flip = 1U << random() % 7;
    auto made = std::make_unique<toy::World>(toy::task(), lie);
    if (toy::first_false_entry(*made, truth()) < made->transcript_roots().size())
      world = std::move(made);
  }
  return *world;
}

class ToyMind final : public Mind {
 public:
  ToyMind(const toy::World& world, const dispute::GameTerms& terms, const Side& side)
      : m_party(world, terms), m_side(side), m_random(side.seed) {}

  void observe(const dispute::Position& position) override {
    m_party.observe(position);
    m_position = position;
  }
  std::optional<Bytes> move() override {
    const dispute::Position& p = m_position;
    if (p.stage == Stage::kStateLeaf || p.stage == Stage::kSource || p.stage == Stage::kScalar)
      return m_party.open(p);
    if (m_side.role == Role::kDefender) return m_party.offer(p);
    switch (m_side.points) {
      case Points::kFirstDifference: return m_party.point_at_first_difference(p);
      case Points::kAnywhere: return m_party.point_anywhere(p, m_random);
      case Points::kFirst: return m_party.point(p, 0);
      case Points::kLast: return m_party.point(p, toy::choices(p) - 1);
    }
    return std::nullopt;
  }

 private:
  toy::Party m_party;
  Side m_side;
  std::mt19937 m_random;
  dispute::Position m_position;
};

class ToySubject : public Subject {
 public:
  ToySubject(const toy::World& truth, const toy::World& claimed)
      : m_truth(truth), m_claimed(claimed) {}
  const commit::TaskHeader& header() const override { return m_truth.task().header; }
  std::vector<Hash256> transcript(Belief belief) const override {
    return world(belief).transcript_roots();
  }
  Hash256 state_root(Belief belief, std::uint64_t step) const override {
    return world(belief).state_root(step);
  }
  std::unique_ptr<Mind> mind(const dispute::GameTerms& terms, const Side& side) override {
    return std::make_unique<ToyMind>(world(side.belief), terms, side);
  }

 private:
  const toy::World& world(Belief belief) const {
    return belief == Belief::kTruth ? m_truth : m_claimed;
  }
  const toy::World& m_truth;
  const toy::World& m_claimed;
};

// A root after every step.
struct LongRun {
  LongRun(std::uint64_t steps, std::optional<std::uint64_t> false_step)
      : task(toy::make_task(steps, 1, 5)), truth(task) {
    // The first slot of the state, whatever the program makes of it afterwards.
    if (false_step) claimed.emplace(task, toy::Lie{toy::Lie::Kind::kState, false, *false_step});
  }
  toy::Task task;
  toy::World truth;
  std::optional<toy::World> claimed;
};
struct LongSubject final : LongRun, ToySubject {
  LongSubject(std::uint64_t steps, std::optional<std::uint64_t> false_step)
      : LongRun(steps, false_step), ToySubject(truth, claimed ? *claimed : truth) {}
};

}  // namespace

std::unique_ptr<Subject> toy_subject(bool lies, unsigned seed) {
  return std::make_unique<ToySubject>(truth(), lies ? some_lie(seed % kLies) : truth());
}

std::unique_ptr<Subject> long_subject(std::uint64_t steps,
                                      std::optional<std::uint64_t> false_step) {
  return std::make_unique<LongSubject>(steps, false_step);
}

}  // namespace assay::actors

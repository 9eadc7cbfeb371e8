#include "support/operator_games.hpp"

#include <bit>
#include <tuple>

#include "assay/commit/transcript.hpp"
#include "assay/crypto/ed25519.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/moves.hpp"
#include "assay/models/model.hpp"
#include "assay/player/player.hpp"
#include "assay/training/run.hpp"
#include "support/duel.hpp"
#include "support/tiny_programs.hpp"

namespace assay::games {
namespace {

using dispute::Position;
using dispute::Role;
using dispute::Stage;
using numerics::OpCode;

const crypto::KeyPair& key_of(Role role) {
  const auto make = [](const char* name) {
    return crypto::KeyPair(crypto::SecretKey(crypto::sha256(as_bytes(name)).bytes.data()));
  };
  static const crypto::KeyPair kDefender = make("defender"), kChallenger = make("challenger");
  return role == Role::kDefender ? kDefender : kChallenger;
}

std::unique_ptr<World> demo_world(const models::Network& network, models::OptimizerKind optimizer) {
  models::ModelDescription d = models::recommended(network, optimizer, 100);
  d.images = {.examples = 24, .height = 8, .width = 8};
  d.batch = 6;
  auto programs = models::build(d).value();
  Tensor images({DType::kU8, {24, 8, 8}}), labels({DType::kU8, {24}});
  for (std::size_t i = 0; i < images.byte_count(); ++i)
    images.data()[i] = static_cast<std::uint8_t>(i * 2654435761u >> 13);
  for (std::size_t i = 0; i < 24; ++i) labels.data()[i] = static_cast<std::uint8_t>(i % 10);
  NamedTensors data;
  data.emplace(std::string(models::kImages), std::move(images));
  data.emplace(std::string(models::kLabels), std::move(labels));
  SerialTaskPool pool;
  return std::make_unique<World>(
      std::string(models::name_of(network)) + "-" + models::name_of(optimizer),
      training::make_task({.seed = 11,
                           .steps = kSteps,
                           .commit_interval = kInterval,
                           .checkpoint_interval = kInterval},
                          programs.init, programs.step, std::move(data), pool)
          .value());
}

}  // namespace

World::World(std::string name, training::Task task)
    : m_name(std::move(name)), m_task(std::move(task)) {
  m_honest = training::ProgramExecution::create(m_task, m_pool).value();
  m_transcript = transcript_of(*m_honest);
  m_before = m_honest->initial_state().value();
  for (std::uint64_t t = 0; t < kDisputedStep; ++t)
    ASSAY_ENSURES(static_cast<bool>(m_honest->step(t, m_before)));
  m_init_run = cheats::interpret(program(true), m_task.data, numerics::best_isa(), m_pool, 0,
                                 m_task.header.seed, {});
  m_step_run = cheats::interpret(program(false), m_task.data, numerics::best_isa(), m_pool,
                                 kDisputedStep, m_task.header.seed, m_before);
}

std::vector<Hash256> World::transcript_of(training::Execution& execution) {
  auto run = training::TrainingRun::open(m_task, execution, m_pool).value();
  // A liar's loss may be no number; its claim is what stands until then, and we stop it there.
  static_cast<void>(run->advance(kSteps));
  return run->transcript();
}

std::vector<std::uint32_t> World::nodes_of(bool in_init, OpCode op) const {
  std::vector<std::uint32_t> nodes;
  const graph::Program& own = program(in_init);
  for (std::uint32_t i = 0; i < own.nodes.size(); ++i)
    if (own.nodes[i].spec.op == op) nodes.push_back(i);
  return nodes;
}

std::optional<cheats::NodeLie> World::lie_in(bool in_init, OpCode op) {
  constexpr std::uint64_t kTries = 24;  // elements of one node, evenly spread
  const cheats::Run& truth = in_init ? m_init_run : m_step_run;
  for (const std::uint32_t node : nodes_of(in_init, op)) {
    const TensorType& type = program(in_init).nodes[node].spec.output;
    const std::uint64_t elements = type.shape.elements();
    for (std::uint64_t i = 0; i < std::min(kTries, elements); ++i) {
      cheats::NodeLie lie{in_init, kDisputedStep, node, elements * i / std::min(kTries, elements),
                          type.dtype == DType::kF32 ? 18u : 0u};
      const cheats::Run told = cheats::interpret(
          program(in_init), m_task.data, numerics::best_isa(), m_pool, in_init ? 0 : kDisputedStep,
          m_task.header.seed, in_init ? NamedTensors{} : m_before, cheats::tamper_of(lie));
      if (told.after != truth.after) return lie;
    }
  }
  return std::nullopt;
}

Game World::play(bool in_init, training::Execution& defends, const std::vector<Hash256>& claimed,
                 const std::uint32_t* pointed, std::uint64_t seed) {
  Game game;
  dispute::GameTerms& terms = game.evidence.terms;
  terms.chain.value = crypto::sha256(as_bytes("chain"));
  terms.game.value = crypto::sha256(as_bytes(m_name));
  terms.defender = AccountId(key_of(Role::kDefender).public_key());
  terms.challenger = AccountId(key_of(Role::kChallenger).public_key());
  terms.task = m_task.header;
  terms.entry = in_init ? 0 : kDisputedStep / kInterval + 1;
  if (claimed.size() <= terms.entry) {
    game.error = "the claim is too short";
    return game;
  }
  if (terms.entry > 0) terms.start_root = claimed[terms.entry - 1];
  terms.end_root = claimed[terms.entry];

  dispute::Claim& claim = game.evidence.claim;
  std::vector<Hash256> roots = claimed;
  roots.resize(kSteps / kInterval + 1);  // a run that stopped: what comes after is not played about
  const commit::Transcript transcript(roots);
  terms.task_id.value = crypto::sha256(as_bytes("task"));
  claim.transcript_root = transcript.root();
  claim.end_path = transcript.path(terms.entry);
  if (terms.entry > 0) claim.start_path = transcript.path(terms.entry - 1);
  claim.signature = key_of(Role::kDefender)
                        .sign(dispute::claim_digest(crypto::sha256_function(), terms.chain,
                                                    terms.task_id, terms.task, transcript.root())
                                  .view());

  player::Player defender(std::make_shared<player::Interval>(m_task, defends, terms.entry, m_pool),
                          terms, Role::kDefender);
  player::Player challenger(
      std::make_shared<player::Interval>(m_task, *m_honest, terms.entry, m_pool), terms,
      Role::kChallenger);
  const duel::Mover random = duel::random_pointer(m_task, terms, seed);
  const auto recorded = [&](Role role, const Position& position,
                            Result<std::optional<Bytes>> move) {
    if (move && *move)
      game.evidence.moves.push_back(dispute::record_move(
          crypto::sha256_function(), terms, position, role, **move,
          [&](const Hash256& digest) { return key_of(role).sign(digest.view()); }));
    return move;
  };
  const duel::Duel duel = duel::play(
      terms, [&](const Position& p) { return recorded(Role::kDefender, p, defender.next_move(p)); },
      [&](const Position& p) {
        if (pointed == nullptr) return recorded(Role::kChallenger, p, challenger.next_move(p));
        if (p.stage == Stage::kTracePoint)
          return recorded(Role::kChallenger, p, duel::point_at_node(m_task, terms, p, *pointed));
        if (p.stage == Stage::kChainPoint)  // the last segment is the disputed step
          return recorded(
              Role::kChallenger, p, std::optional<Bytes>(codec::encode([&](codec::Writer& w) {
                dispute::write_point(w, p.stage, dispute::chain_spacing(p).segments - 1);
              })));
        return recorded(Role::kChallenger, p, random(p));
      },
      true);
  game.position = duel.position;
  game.error = duel.error;
  return game;
}

Game World::against(const cheats::NodeLie& lie) {
  const auto liar = cheats::make_node_lie(m_task, m_pool, lie).value();
  return play(lie.in_init, *liar, transcript_of(*liar), nullptr, 0);
}

Game World::against_truth(bool in_init, std::uint32_t node, std::uint64_t seed) {
  return play(in_init, *m_honest, m_transcript, &node, seed);
}

const std::vector<std::unique_ptr<World>>& demo_worlds() {
  using models::OptimizerKind;
  static const std::vector<std::unique_ptr<World>> kWorlds = [] {
    std::vector<std::unique_ptr<World>> worlds;
    const models::Network networks[] = {models::Mlp{.hidden = {12}},
                                        models::Cnn{.channels = {3, 4}, .hidden = {12}}};
    for (const models::Network& network : networks)
      for (const OptimizerKind optimizer : {OptimizerKind::kSgd, OptimizerKind::kAdam})
        worlds.push_back(demo_world(network, optimizer));
    return worlds;
  }();
  return kWorlds;
}

namespace {

// Slots m, p, s and w of the world below: what transformers and grouped convolutions are made of,
// on [4, 6]. What has elements that nothing is read for is bound to a slot as it is.
void add_transformer_parts(tiny::Sketch& init, tiny::Sketch& step) {
  const Shape wide{4, 6}, square{4, 4}, picture{1, 2, 3, 4};
  const auto column = init.f32(OpCode::kIota, wide, {}, {1});
  const auto row = init.f32(OpCode::kIota, wide, {}, {0});
  const auto w0 = init.f32(OpCode::kFma, wide, {column, init.constant(0.3f), row});
  for (const auto& [name, shape, node] :
       {std::tuple{"m", square, init.constant(0.0f, square)},
        std::tuple{"p", wide, init.constant(0.0f, wide)},
        std::tuple{"s", wide, init.constant(0.0f, wide)}, std::tuple{"w", wide, w0}})
    init.program.slots.push_back({name, {DType::kF32, shape}, node});

  const auto seed = step.add(OpCode::kSeed, {DType::kU64, {}});
  const auto t = step.add(OpCode::kStepIndex, {DType::kU64, {}});
  const auto w = step.f32(OpCode::kStateSlot, wide, {}, {3});
  const auto square_w = step.f32(OpCode::kFma, wide, {w, w, step.constant(1.0f)});
  auto sum = step.f32(OpCode::kRsqrt, wide, {square_w});
  for (const OpCode op :
       {OpCode::kTanh, OpCode::kErf, OpCode::kSin, OpCode::kCos, OpCode::kSigmoid})
    sum = step.f32(OpCode::kAdd, wide, {sum, step.f32(op, wide, {w})});
  const auto turned = step.f32(OpCode::kTranspose, {6, 4}, {sum}, {0x01});
  const auto middle = step.f32(OpCode::kSlice, square, {turned}, {0, 1});
  const auto padded = step.f32(OpCode::kPad, wide, {middle}, {1, 1});
  const auto end = step.f32(OpCode::kSlice, {4, 2}, {sum}, {1, 4});
  const auto joined = step.f32(OpCode::kConcat, wide, {middle, end}, {1});
  const std::uint64_t quarter = std::bit_cast<std::uint32_t>(0.25f);
  const auto scores =
      step.f32(OpCode::kMatMulTriangular, square, {sum, sum}, {0, 1, 0, 0, quarter});
  const auto lower = step.f32(OpCode::kMatMulTriangular, wide, {scores, sum}, {0, 0, 1, 0, 0});
  const auto upper = step.f32(OpCode::kMatMulTriangular, wide, {scores, sum}, {1, 0, 2, 0, 0});
  const auto minus_upper = step.f32(OpCode::kNeg, wide, {upper});
  // Four rows to three places: one comes twice and the last of four stays empty.
  const auto index = step.add(OpCode::kShuffleIndex, {DType::kU32, {4}}, {seed, t}, {3, 7});
  const auto scattered = step.f32(OpCode::kScatterAddRows, wide, {index, joined});
  const auto filters = step.f32(OpCode::kReshape, {1, 1, 2, 4}, {end});
  const auto image = step.f32(OpCode::kReshape, picture, {sum});
  const auto groups = step.f32(OpCode::kConv2d, picture, {image, filters}, {1, 0});
  auto next = step.f32(OpCode::kReshape, wide, {groups});
  for (const auto part : {padded, scattered, lower, minus_upper})
    next = step.f32(OpCode::kAdd, wide, {next, part});
  next = step.f32(OpCode::kMul, wide, {next, step.constant(0.05f)});
  for (const auto& [name, shape, node] :
       {std::tuple{"m", square, scores}, std::tuple{"p", wide, padded},
        std::tuple{"s", wide, scattered}, std::tuple{"w", wide, next}})
    step.program.slots.push_back({name, {DType::kF32, shape}, node});
}

}  // namespace

World& other_operators_world() {
  static World world = [] {
    tiny::Sketch init, step;
    add_transformer_parts(init, step);
    // And y = min(x, 1 - x) from one step to the next.
    init.program.slots.push_back({"x", {DType::kF32, {3, 5}}, init.constant(0.75f, {3, 5})});
    const auto x = step.f32(OpCode::kStateSlot, {3, 5}, {}, {4});
    const auto rest = step.f32(OpCode::kSub, {3, 5}, {step.constant(1.0f), x});
    step.program.slots.push_back(
        {"x", {DType::kF32, {3, 5}}, step.f32(OpCode::kMin, {3, 5}, {x, rest})});
    SerialTaskPool pool;
    return World("others", training::make_task({.seed = 11,
                                                .steps = kSteps,
                                                .commit_interval = kInterval,
                                                .checkpoint_interval = kInterval},
                                               init.program, step.program, {}, pool)
                               .value());
  }();
  return world;
}

}  // namespace assay::games

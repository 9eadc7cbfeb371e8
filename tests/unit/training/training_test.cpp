#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "assay/graph/meter.hpp"
#include "assay/models/model.hpp"
#include "assay/tensor/safetensors.hpp"
#include "assay/training/evaluate.hpp"
#include "assay/training/replay.hpp"
#include "assay/training/run.hpp"
#include "support/memory_files.hpp"
#include "support/tiny_programs.hpp"

namespace assay::training {
namespace {

struct World {
  tiny::Programs programs;
  SerialTaskPool pool;
  Task task;
  std::unique_ptr<ProgramExecution> execution;

  explicit World(TaskParameters parameters = {3, 50, 5, 10}, float rate = 0.1f)
      : programs(tiny::conv_net(rate)) {
    task = make_task(parameters, programs.init.program(), programs.step.program(),
                     tiny::conv_net_data(), pool)
               .value();
    execution = ProgramExecution::create(task, pool).value();
  }
  std::unique_ptr<TrainingRun> open(RunOptions options = {}) {
    return TrainingRun::open(task, *execution, pool, options).value();
  }
};

TEST(Task, NamesItsProgramsAndData) {
  World world;
  EXPECT_EQ(world.task.header.init_program, world.programs.init.root());
  EXPECT_EQ(world.task.header.step_program, world.programs.step.root());
  EXPECT_EQ(world.task.header.data_set, data_root(world.task.data, world.pool));
  const auto& p = world.programs;
  EXPECT_TRUE(open_task(world.task.header, p.init.program(), p.step.program(),
                        tiny::conv_net_data(), world.pool));
  NamedTensors other = tiny::conv_net_data();
  other["labels"].data()[3] ^= 1;
  EXPECT_EQ(open_task(world.task.header, p.init.program(), p.step.program(), other, world.pool)
                .error()
                .code,
            ErrorCode::kIntegrity);
  other.erase("labels");
  EXPECT_EQ(
      make_task({1, 1, 1, 1}, p.init.program(), p.step.program(), other, world.pool).error().code,
      ErrorCode::kInvalidArgument);
  EXPECT_EQ(make_task({1, 10, 3, 4}, p.init.program(), p.step.program(), tiny::conv_net_data(),
                      world.pool)
                .error()
                .code,
            ErrorCode::kInvalidArgument);
}

TEST(Run, RecordsTranscriptAndLossesAndLearns) {
  World world({3, 48, 5, 10});
  auto run = world.open();
  ASSERT_TRUE(run->advance(1000));
  EXPECT_TRUE(run->finished());
  EXPECT_EQ(run->transcript().size(), commit::transcript_entries(world.task.header));
  EXPECT_EQ(run->transcript().back(), run->state_root());
  ASSERT_EQ(run->losses().size(), 48u);
  EXPECT_LT(run->losses().back(), 0.5f * run->losses().front());
}

// INV-TRN-001.
TEST(Run, KilledAnywhereItContinuesWithTheSameResults) {
  World world;
  auto whole = world.open();
  ASSERT_TRUE(whole->advance(50));
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    test::MemoryFiles files;
    FilesSink sink(files);
    std::uint64_t resumes = 0;
    for (;;) {
      auto run = world.open({&files, &sink, 0, nullptr});
      EXPECT_EQ(run->step() % 10, 0u);
      resumes += run->resumed_from() > 0;
      ASSERT_TRUE(run->advance(8 + random() % 20));
      if (!run->finished()) continue;  // killed: the object is dropped
      EXPECT_EQ(run->transcript(), whole->transcript());
      EXPECT_EQ(run->losses(), whole->losses());
      EXPECT_EQ(run->state(), whole->state());
      EXPECT_EQ(run->checkpoints(), (std::vector<std::uint64_t>{10, 20, 30, 40, 50}));
      break;
    }
    EXPECT_GT(resumes, 0u);
    // Opened once more, it is finished already.
    EXPECT_TRUE(world.open({&files, &sink, 0, nullptr})->finished());
  }
}

// INV-TRN-002.
TEST(Run, DamagedFilesArePassedOver) {
  World world;
  auto whole = world.open();
  ASSERT_TRUE(whole->advance(50));
  test::MemoryFiles sound;
  FilesSink sink(sound);
  ASSERT_TRUE(world.open({&sound, &sink, 0, nullptr})->advance(50));
  ASSERT_EQ(sound.files.size(), 10u);
  struct Damage {
    const char* file;
    std::uint64_t resumes_from;
  };
  // A damaged checkpoint costs itself, a damaged journal everything after it.
  for (const Damage damage :
       {Damage{"checkpoints/50.safetensors", 40}, Damage{"checkpoints/20.safetensors", 50},
        Damage{"journal/50", 40}, Damage{"journal/30", 20}, Damage{"journal/10", 0}}) {
    for (const int how : {0, 1, 2}) {
      test::MemoryFiles files;
      files.files = sound.files;
      Bytes& bytes = files.files[damage.file];
      if (how == 0) bytes.resize(bytes.size() / 2);
      if (how == 1) bytes[bytes.size() - 40] ^= 4;
      if (how == 2) files.files.erase(damage.file);
      FilesSink out(files);
      test::RecordingLog log;
      auto run = world.open({&files, &out, 0, &log});
      EXPECT_EQ(run->resumed_from(), damage.resumes_from) << damage.file << " " << how;
      ASSERT_TRUE(run->advance(50));
      EXPECT_EQ(run->transcript(), whole->transcript());
      EXPECT_EQ(run->state(), whole->state());
      EXPECT_EQ(files.files.at("journal/50"), sound.files.at("journal/50"));
      if (how < 2 && damage.resumes_from < 50) {
        EXPECT_FALSE(log.events.empty()) << damage.file;
      }
    }
  }
}

// INV-TRN-002. A sound checkpoint of another run, or of another step, is not this run's.
TEST(Run, ForeignFilesAreNotUsed) {
  World world, other({4, 50, 5, 10});
  test::MemoryFiles files, foreign;
  FilesSink sink(files), foreign_sink(foreign);
  ASSERT_TRUE(world.open({&files, &sink, 0, nullptr})->advance(50));
  ASSERT_TRUE(other.open({&foreign, &foreign_sink, 0, nullptr})->advance(50));
  files.files["checkpoints/50.safetensors"] = foreign.files["checkpoints/50.safetensors"];
  files.files["checkpoints/40.safetensors"] = files.files["checkpoints/30.safetensors"];
  EXPECT_EQ(world.open({&files, &sink, 0, nullptr})->resumed_from(), 30u);
  files.files["journal/20"] = foreign.files["journal/20"];
  EXPECT_EQ(world.open({&files, &sink, 0, nullptr})->resumed_from(), 10u);
}

TEST(Run, AFullDiskStopsItAndItGoesOn) {
  World world;
  auto whole = world.open();
  ASSERT_TRUE(whole->advance(50));
  test::MemoryFiles files;
  FilesSink sink(files);
  auto run = world.open({&files, &sink, 0, nullptr});
  files.writes_until_failure = 3;
  EXPECT_EQ(run->advance(50).error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(run->step(), 20u);
  files.writes_until_failure = -1;
  ASSERT_TRUE(run->advance(50));
  EXPECT_EQ(run->transcript(), whole->transcript());
  EXPECT_EQ(world.open({&files, &sink, 0, nullptr})->transcript(), whole->transcript());
}

TEST(Run, KeepsTheNewestCheckpoints) {
  World world;
  test::MemoryFiles files;
  FilesSink sink(files);
  auto run = world.open({&files, &sink, 2, nullptr});
  ASSERT_TRUE(run->advance(50));
  EXPECT_EQ(run->checkpoints(), (std::vector<std::uint64_t>{40, 50}));
  EXPECT_FALSE(files.exists("checkpoints/30.safetensors"));
  EXPECT_TRUE(files.exists("checkpoints/40.safetensors"));
  const CheckpointReader reader(files, world.task.root(), world.pool, nullptr);
  const Journal journal = reader.journal().value();
  EXPECT_EQ(reader.nearest(journal, 49).value()->step, 40u);
  EXPECT_FALSE(reader.nearest(journal, 39).value());
}

TEST(Run, HaltsAtTheFirstLossThatIsNotFinite) {
  World world({3, 200, 5, 10}, 1e20f);
  auto run = world.open();
  const Status status = run->advance(200);
  ASSERT_FALSE(status);
  EXPECT_TRUE(run->halted());
  EXPECT_EQ(run->losses().size(), run->step());
  EXPECT_FALSE(std::isfinite(run->losses().back()));
  EXPECT_TRUE(std::isfinite(run->losses()[run->losses().size() - 2]));
  EXPECT_NE(status.error().message.find("step " + std::to_string(run->step())), std::string::npos);
  EXPECT_FALSE(run->advance(1));
}

TEST(Replay, GivesTheTranscriptsRoots) {
  World world({3, 23, 5, 5});
  auto run = world.open();
  ASSERT_TRUE(run->advance(23));
  NamedTensors state;
  for (std::uint64_t entry = 0; entry < run->transcript().size(); ++entry) {
    ReplayOptions options;
    const std::uint64_t end = commit::step_of_entry(world.task.header, entry);
    if (entry > 0) options.interior_step = end - (end > 20 ? 1 : 2);
    auto replay =
        replay_interval(world.task, *world.execution, state, entry, world.pool, options).value();
    EXPECT_EQ(replay.end_root, run->transcript()[entry]);
    EXPECT_EQ(state_root(replay.end_state, world.pool), replay.end_root);
    EXPECT_EQ(replay.interior_root.has_value(), entry > 0);
    EXPECT_NE(replay.interior_root, replay.end_root);
    state = std::move(replay.end_state);
  }
  EXPECT_FALSE(replay_interval(world.task, *world.execution, state, 99, world.pool));
  ReplayOptions outside;
  outside.interior_step = 5;
  EXPECT_EQ(
      replay_interval(world.task, *world.execution, state, 2, world.pool, outside).error().code,
      ErrorCode::kInvalidArgument);
}

// INV-TRN-003.
TEST(State, BytesAreVerifiedAndEveryFlippedOrCutByteIsRejected) {
  SerialTaskPool pool;
  NamedTensors state;
  state.emplace("a", Tensor::of<float>({3}, {1, 2, 3}));
  state.emplace("b/c", Tensor::of<std::uint8_t>({2}, {7, 8}));
  const Hash256 root = state_root(state, pool);
  const Bytes file = tensor::write_safetensors(state).value();
  EXPECT_EQ(verify_state_bytes(file, root, pool).value(), state);
  for (std::size_t i = 0; i < file.size(); ++i) {
    for (const int flip : {0x01, 0x20, 0x80}) {
      Bytes bad = file;
      bad[i] = static_cast<std::uint8_t>(bad[i] ^ flip);
      EXPECT_FALSE(verify_state_bytes(bad, root, pool)) << i;
    }
    EXPECT_FALSE(verify_state_bytes(ByteView(file).first(i), root, pool)) << i;
  }
}

TEST(Journal, SegmentsRoundTripAndEveryFlippedOrCutByteIsRejected) {
  JournalSegment segment{Hash256{{1}}, 0, 4, {Hash256{{2}}, Hash256{{3}}}, {0.5f, 0.25f}};
  const Bytes bytes = encode_segment(segment);
  EXPECT_EQ(decode_segment(bytes).value(), segment);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes bad = bytes;
    bad[i] ^= 1;
    EXPECT_FALSE(decode_segment(bad)) << i;
    EXPECT_FALSE(decode_segment(ByteView(bytes).first(i))) << i;
  }
}

TEST(Execution, TracesWithinAnyBudgetAreEqual) {
  World world;
  NamedTensors state = world.execution->initial_state().value();
  auto wide = world.execution->trace_step(0, state).value();
  ExecutionOptions options;
  options.trace_bytes = 1000;
  auto narrow_execution = ProgramExecution::create(world.task, world.pool, options).value();
  auto narrow = narrow_execution->trace_step(0, state).value();
  EXPECT_EQ(wide->node_roots(), narrow->node_roots());
  EXPECT_EQ(wide->end_state().root(commit::Tag::kState),
            narrow->end_state().root(commit::Tag::kState));
  for (std::uint32_t node = 0; node < wide->node_roots().size(); ++node) {
    const Bytes output = wide->node_output(node).value();
    EXPECT_EQ(output, narrow->node_output(node).value()) << node;
    const TensorType& type = world.task.step->program().nodes[node].spec.output;
    EXPECT_EQ(commit::tensor_root(type, output, world.pool), wide->node_roots()[node]);
  }
  ASSERT_TRUE(world.execution->step(0, state));
  EXPECT_EQ(state_root(state, world.pool), wide->end_state().root(commit::Tag::kState));
}

TEST(Evaluate, CountsWhatATrainedModelGetsRight) {
  models::ModelDescription description;
  description.network = models::Mlp{.hidden = {16}};
  description.images = {.examples = 64, .height = 6, .width = 6, .classes = 4};
  description.batch = 16;
  description.predict_batch = 10;
  description.optimizer.learning_rate = 0.01f;
  auto programs = models::build(description).value();
  NamedTensors data;
  std::vector<std::uint8_t> images(64 * 36), labels(64);
  for (std::size_t i = 0; i < 64; ++i) {
    labels[i] = static_cast<std::uint8_t>(i % 4);
    for (std::size_t j = 0; j < 36; ++j)
      images[i * 36 + j] = j % 4 == labels[i] ? 220 : static_cast<std::uint8_t>(i);
  }
  data.emplace(std::string(models::kImages), Tensor::of<std::uint8_t>({64, 6, 6}, images));
  data.emplace(std::string(models::kLabels), Tensor::of<std::uint8_t>({64}, labels));
  SerialTaskPool pool;
  const Task task = make_task({1, 60, 20, 20}, programs.init, programs.step, data, pool).value();
  auto execution = ProgramExecution::create(task, pool).value();
  auto run = TrainingRun::open(task, *execution, pool).value();
  auto predict = graph::validate_alone(programs.predict).result().value();
  const TensorView x = task.data.find(models::kImages)->second.view();
  const TensorView y = task.data.find(models::kLabels)->second.view();
  const auto before = evaluate(predict, run->state(), x, y, pool).value();
  EXPECT_EQ(before.examples, 64u);
  ASSERT_TRUE(run->advance(60));
  const auto after = evaluate(predict, run->state(), x, y, pool).value();
  EXPECT_EQ(after.correct, 64u);
  EXPECT_LT(before.correct, 64u);
  EXPECT_EQ(evaluate(predict, {}, x, y, pool).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(evaluate(predict, run->state(), y, y, pool).error().code, ErrorCode::kInvalidArgument);
}

// Fused, the product of a column and a row is only ever a tile; a trace needs it whole. Who could
// train such a task but not defend it would be slashed for an honest claim.
TEST(Execution, AStepThatCouldRunButNotBeDefendedIsRefused) {
  const TensorType column{DType::kF32, {1 << 20, 1}}, row{DType::kF32, {1, 4'096}};
  tiny::Sketch init, step;
  init.program.slots = {{"a", column, init.add(numerics::OpCode::kConstant, column, {}, {0})},
                        {"b", row, init.add(numerics::OpCode::kConstant, row, {}, {0})}};
  const auto a = step.add(numerics::OpCode::kStateSlot, column, {}, {0});
  const auto b = step.add(numerics::OpCode::kStateSlot, row, {}, {1});
  const auto all = step.f32(numerics::OpCode::kAdd, {1 << 20, 4'096}, {a, b});
  const auto sum = step.f32(numerics::OpCode::kReduceSum, {1 << 20, 1}, {all}, {2});
  step.program.slots = {{"a", column, sum}, {"b", row, b}};
  SerialTaskPool pool;
  const Task task = make_task({1, 1, 1, 1}, init.program, step.program, {}, pool).value();
  ExecutionOptions options;
  options.memory_bytes_max = std::uint64_t{1} << 30;
  exec::ExecutorOptions fused;
  fused.memory_bytes_max = options.memory_bytes_max;
  EXPECT_TRUE(exec::Executor::plan(*task.step, pool, fused));
  const auto refused = ProgramExecution::create(task, pool, options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kLimit);
}

TEST(Execution, ATraceCountsTheThreeStatesThatItKeeps) {
  const World world;
  ExecutionOptions options;
  const auto needed = [&](const graph::ValidProgram& program) {
    exec::ExecutorOptions plain;
    plain.fuse = false;
    const auto use = exec::Executor::plan(program, world.pool, plain).value();
    return use.total() + 3 * use.state;
  };
  SerialTaskPool pool;
  options.memory_bytes_max = std::max(needed(*world.task.init), needed(*world.task.step));
  EXPECT_TRUE(ProgramExecution::create(world.task, pool, options));
  --options.memory_bytes_max;
  EXPECT_EQ(ProgramExecution::create(world.task, pool, options).error().code, ErrorCode::kLimit);
}

// A valid step may take decades.
TEST(Execution, AStepOfTooManyOperationsIsRefused) {
  const World world;
  SerialTaskPool pool;
  ExecutionOptions options;
  options.step_operations_max = std::max(graph::work_of(world.task.init->program()).operations,
                                         graph::work_of(world.task.step->program()).operations);
  EXPECT_TRUE(ProgramExecution::create(world.task, pool, options));
  --options.step_operations_max;
  const auto refused = ProgramExecution::create(world.task, pool, options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kLimit);
}

}  // namespace
}  // namespace assay::training

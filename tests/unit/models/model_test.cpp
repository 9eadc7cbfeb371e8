#include "assay/models/model.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "assay/graph/meter.hpp"
#include "assay/graph/validator.hpp"

namespace assay::models {
namespace {

using numerics::OpCode;

Gpt tiny_gpt(Gpt gpt) {
  gpt.layers = 2;
  gpt.width = 16;
  gpt.heads = 4;
  gpt.key_heads = gpt.tied ? 0 : 2;
  gpt.sequence = 10;
  return gpt;
}

std::vector<ModelDescription> variants() {
  std::vector<ModelDescription> all;
  const Network networks[] = {
      Mlp{},
      Mlp{.hidden = {64, 32, 16}},
      Mlp{.hidden = {}},
      Cnn{},
      Cnn{.channels = {4}, .kernel = 5, .hidden = {8}},
      Cnn{.channels = {4, 6, 8}, .pooled = 2, .global_average = true, .hidden = {}},
      ResNet{.widths = {4, 6}, .blocks = 2},
      tiny_gpt(Gpt{}),
      tiny_gpt(Gpt{.biases = false, .tied = false, .dropout = 0.1F}),
      tiny_gpt(llama_shaped())};
  for (const Network& network : networks) {
    for (const auto kind : {OptimizerKind::kSgd, OptimizerKind::kAdam, OptimizerKind::kAdamW}) {
      all.push_back(recommended(network, kind, 600));
      all.back().batch = 12;
      all.back().tokens = {
          .count = 200, .vocabulary = 30, .has_alphabet = kind == OptimizerKind::kSgd};
      all.back().accumulation = kind == OptimizerKind::kAdamW ? 3 : 1;
    }
  }
  return all;
}

// INV-MOD-001.
TEST(Models, EveryVariantValidates) {
  std::vector<ModelDescription> all = variants();
  // The twenty layers of its authors, on images of CIFAR-10's size.
  all.push_back(recommended(ResNet{}, OptimizerKind::kSgd, 600));
  all.back().images = {.height = 32, .width = 32, .channels = 3};
  for (const ModelDescription& d : all) {
    Result<TaskPrograms> p = build(d);
    ASSERT_TRUE(p) << p.error().message;
    const graph::Validation init = graph::validate_init(p->init);
    ASSERT_TRUE(init.program) << init.words;
    const graph::Validation step = graph::validate_step(p->step, *init.program);
    EXPECT_EQ(step.verdict, graph::ProgramVerdict::kValid) << step.words;
    const graph::Validation predict = graph::validate_alone(p->predict);
    EXPECT_EQ(predict.verdict, graph::ProgramVerdict::kValid) << predict.words;
    const bool reads_one = std::holds_alternative<Gpt>(d.network) && !d.tokens.has_alphabet;
    EXPECT_EQ(p->step.data.size(), reads_one ? 1u : 2u);
    EXPECT_EQ(p->step.slots[0].name, "metric/loss");
  }
}

TEST(Models, BuildsTheSameBytesEveryTime) {
  const ModelDescription d{.network = Cnn{}};
  EXPECT_EQ(graph::encode_program(build(d)->step), graph::encode_program(build(d)->step));
}

// INV-MOD-002. Pinned, so that compilers that evaluate arguments in another order are found out. A
// deliberate change of a model changes these.
TEST(Models, AreTheSameProgramsWhoeverCompiledThem) {
  const TaskPrograms mlp = *build(recommended(Mlp{}, OptimizerKind::kAdam, 600));
  EXPECT_EQ(to_hex(graph::root_of(mlp.init)),
            "21edb37d648904511a295b50c569c8999ef072e8faecd2e291fb42498272039d");
  EXPECT_EQ(to_hex(graph::root_of(mlp.step)),
            "d9a7e2538b2cb4a034c8d0e6136ae618349ba897a82c4c606188fee74548292e");
  const TaskPrograms cnn = *build(recommended(Cnn{}, OptimizerKind::kSgd, 600));
  EXPECT_EQ(to_hex(graph::root_of(cnn.step)),
            "6f86cf4218717654c50e8adeeee1e9cb957950acd0bbb4d86edd369aff67a692");
}

// INV-MOD-003.
TEST(Models, EveryRandomTensorHasAPurposeOfItsOwn) {
  for (const ModelDescription& d : variants()) {
    const TaskPrograms p = *build(d);
    std::set<std::uint64_t> purposes;
    unsigned drawn = 0;
    for (const graph::Program* program : {&p.init, &p.step}) {
      for (const graph::Node& node : program->nodes) {
        const bool shuffle = node.spec.op == OpCode::kShuffleIndex;
        if (!shuffle && node.spec.op != OpCode::kRandomUniform) continue;
        ++drawn;
        purposes.insert(node.spec.attributes[shuffle ? 1 : 0]);
      }
    }
    EXPECT_EQ(purposes.size(), drawn);
  }
}

// INV-MOD-010. Predicting reads exactly the training's parameters.
TEST(Models, PredictionKeepsTheParametersOfTraining) {
  for (const ModelDescription& d : variants()) {
    const TaskPrograms p = *build(d);
    std::set<std::string> trained;
    for (const graph::Slot& slot : p.step.slots) {
      if (slot.name.starts_with("model/") && slot.name != kModelAlphabet) trained.insert(slot.name);
    }
    std::set<std::string> read;
    for (const graph::Slot& slot : p.predict.slots) {
      if (slot.name == kLogits) continue;
      read.insert(slot.name);
      EXPECT_EQ(p.predict.nodes[slot.output].spec.op, OpCode::kStateSlot);
    }
    EXPECT_EQ(read, trained);
  }
}

TEST(Models, RefusesDescriptionsThatCannotBe) {
  const auto refused = [](auto edit) {
    ModelDescription d;
    edit(d);
    const Result<TaskPrograms> p = build(d);
    return !p && p.error().code == ErrorCode::kInvalidArgument;
  };
  EXPECT_FALSE(refused([](ModelDescription&) {}));
  EXPECT_TRUE(refused([](ModelDescription& d) { d.batch = 0; }));
  EXPECT_TRUE(refused([](ModelDescription& d) { d.accumulation = 3; }));
  EXPECT_TRUE(refused([](ModelDescription& d) { d.images.classes = 1; }));
  EXPECT_TRUE(refused([](ModelDescription& d) { d.network = Mlp{.hidden = {0}}; }));
  EXPECT_TRUE(refused([](ModelDescription& d) { d.network = Cnn{.channels = {}}; }));
  EXPECT_TRUE(refused([](ModelDescription& d) { d.network = Cnn{.kernel = 4}; }));
  EXPECT_TRUE(refused([](ModelDescription& d) { d.optimizer.learning_rate = 0; }));
  EXPECT_TRUE(refused([](ModelDescription& d) { d.optimizer.learning_rate = NAN; }));
  EXPECT_TRUE(refused([](ModelDescription& d) { d.optimizer.momentum = 1; }));
  EXPECT_TRUE(refused([](ModelDescription& d) { d.network = Cnn{.channels = {1, 1, 1, 1, 1}}; }));
  EXPECT_FALSE(refused([](ModelDescription& d) {
    d.network = Cnn{.channels = {1, 1, 1, 1, 1}, .pooled = 4};
  }));
  EXPECT_EQ(*network_from("cnn"), Network(Cnn{}));
  EXPECT_FALSE(network_from("gpu"));
  EXPECT_FALSE(optimizer_from("lion"));
}

TEST(Models, AreAsLargeAsTheyShouldBe) {
  const TaskPrograms mlp = *build({});
  std::uint64_t parameters = 0;
  for (const graph::Slot& slot : mlp.step.slots) {
    if (slot.name.starts_with("model/")) parameters += slot.type.shape.elements();
  }
  EXPECT_EQ(parameters, 784u * 128 + 128 + 128 * 10 + 10);
  EXPECT_EQ(graph::work_of(mlp.step).multiply_adds, 128u * (784 * 128 * 2 + 128 * 10 * 3));
}

}  // namespace
}  // namespace assay::models

#include "assay/models/settings.hpp"

#include <gtest/gtest.h>

#include "assay/models/data.hpp"

namespace assay::models {
namespace {

using List = std::vector<std::int64_t>;

std::string words(const Settings& model) {
  const auto network = read_network(model);
  return network ? "" : network.error().message;
}

TEST(Settings, EveryFieldReachesItsDescription) {
  EXPECT_EQ(*read_network({{"family", "mlp"}, {"hidden", List{5, 6}}}),
            Network(Mlp{.hidden = {5, 6}}));
  EXPECT_EQ(
      *read_network({{"family", "cnn"},
                     {"channels", List{3, 4}},
                     {"kernel", std::int64_t{5}},
                     {"pooled", std::int64_t{1}},
                     {"global_average", true},
                     {"hidden", List{}}}),
      Network(
          Cnn{.channels = {3, 4}, .kernel = 5, .pooled = 1, .global_average = true, .hidden = {}}));
  EXPECT_EQ(*read_network({{"family", "resnet"}, {"widths", List{8}}, {"blocks", std::int64_t{2}}}),
            Network(ResNet{.widths = {8}, .blocks = 2}));
  Gpt llama = llama_shaped();
  llama.layers = 3, llama.key_heads = 2, llama.dropout = 0.5F, llama.rotary_base = 500.0F;
  llama.activation = Activation::kGeluErf, llama.tied = true;
  EXPECT_EQ(*read_network({{"family", "llama"},
                           {"layers", std::int64_t{3}},
                           {"key_heads", std::int64_t{2}},
                           {"dropout", 0.5},
                           {"rotary_base", std::int64_t{500}},
                           {"activation", "gelu_erf"},
                           {"tied", true}}),
            Network(llama));
}

TEST(Settings, MistakesNameTheFieldAndWhatItMayBe) {
  EXPECT_EQ(words({}), "model.family is missing: mlp, cnn, resnet, gpt or llama");
  EXPECT_EQ(words({{"family", "gpu"}}),
            "model.family: the model must be mlp, cnn, resnet, gpt or llama");
  EXPECT_EQ(words({{"family", "mlp"}, {"layers", std::int64_t{2}}}),
            "model.layers is not known; model may have family hidden");
  EXPECT_EQ(words({{"family", "gpt"}, {"layers", "two"}}),
            "model.layers must be a whole number, 0 or more");
  EXPECT_EQ(words({{"family", "gpt"}, {"layers", std::int64_t{-2}}}),
            "model.layers must be a whole number, 0 or more");
  EXPECT_EQ(words({{"family", "mlp"}, {"hidden", List{3, -1}}}),
            "model.hidden must be a list of whole numbers, 0 or more");
  EXPECT_EQ(words({{"family", "gpt"}, {"tied", std::int64_t{1}}}),
            "model.tied must be true or false");
  EXPECT_EQ(words({{"family", "gpt"}, {"norm", "batch"}}),
            "model.norm: norm must be one of layer, rms");
}

TEST(Settings, OptimizersAndTraining) {
  OptimizerOptions o;
  ASSERT_TRUE(read_optimizer({{"kind", "adamw"},
                              {"learning_rate", 0.25},
                              {"schedule", "cosine"},
                              {"warmup_steps", std::int64_t{3}},
                              {"decay_steps", std::int64_t{9}},
                              {"clip_norm", std::int64_t{1}}},
                             o));
  EXPECT_EQ(o, (OptimizerOptions{.kind = OptimizerKind::kAdamW,
                                 .learning_rate = 0.25F,
                                 .schedule = Schedule::kCosine,
                                 .warmup_steps = 3,
                                 .decay_steps = 9,
                                 .clip_norm = 1.0F}));
  EXPECT_EQ(read_optimizer({{"kind", "lion"}}, o).error().message,
            "optimizer.kind: the optimizer must be sgd, adam or adamw");
  ModelDescription d;
  std::uint64_t steps = 7;
  ASSERT_TRUE(
      read_training({{"batch", std::int64_t{12}}, {"accumulation", std::int64_t{4}}}, d, steps));
  EXPECT_EQ(d.batch, 12u);
  EXPECT_EQ(d.accumulation, 4u);
  EXPECT_EQ(steps, 0u);
  EXPECT_FALSE(read_training({{"epochs", std::int64_t{1}}}, d, steps));
}

TEST(Data, ADescriptionIsFittedToImages) {
  ModelDescription d;
  const auto fitted = [&](Tensor images, Tensor labels) {
    auto data = image_data(std::move(images), std::move(labels));
    return data && fit_to_data(d, *data);
  };
  ASSERT_TRUE(fitted(Tensor({DType::kU8, {3, 4, 5}}), Tensor::of<std::uint8_t>({3}, {0, 6, 2})));
  EXPECT_EQ(d.images, (Images{.examples = 3, .height = 4, .width = 5, .classes = 7}));
  ASSERT_TRUE(fitted(Tensor({DType::kF32, {2, 9}}), Tensor::of<std::int64_t>({2}, {0, 0})));
  EXPECT_EQ(d.images, (Images{.examples = 2,
                              .height = 1,
                              .width = 9,
                              .classes = 2,
                              .dtype = DType::kF32,
                              .label_dtype = DType::kI64,
                              .mean = 0.0F,
                              .deviation = 1.0F}));
  d = {};
  ASSERT_TRUE(fitted(Tensor({DType::kU8, {2, 4, 5, 3}}), Tensor({DType::kU8, {2}})));
  EXPECT_EQ(d.images.channels, 3u);
  EXPECT_TRUE(build(d));
  ASSERT_TRUE(fitted(Tensor({DType::kU8, {2, 4, 5, 1}}), Tensor({DType::kU8, {2}})));
  EXPECT_EQ(d.images.channels, 1u);
  EXPECT_FALSE(fitted(Tensor({DType::kU8, {2, 4, 5}}), Tensor({DType::kU8, {3}})));
  EXPECT_FALSE(fitted(Tensor({DType::kI32, {2, 4, 5}}), Tensor({DType::kU8, {2}})));
  EXPECT_FALSE(fitted(Tensor({DType::kU8, {2, 4}}), Tensor::of<std::int32_t>({2}, {0, -1})));
  d.network = Gpt{};
  EXPECT_FALSE(fitted(Tensor({DType::kU8, {2, 4}}), Tensor({DType::kU8, {2}})));
}

TEST(Data, ADescriptionIsFittedToATextAndCutIntoWindows) {
  ModelDescription d{.network = Gpt{.sequence = 2}};
  const std::vector<std::uint8_t> bytes{4, 5, 6, 7, 8, 9};
  const Tensor text = Tensor::of<std::uint8_t>({6}, bytes);
  ASSERT_TRUE(fit_to_data(d, *text_data(text)));
  EXPECT_EQ(d.tokens, (Tokens{.count = 6, .vocabulary = 256}));
  const Tensor alphabet = Tensor::of<std::uint32_t>({2}, {10, 11});
  ASSERT_TRUE(fit_to_data(d, *text_data(text, alphabet)));
  EXPECT_EQ(d.tokens, (Tokens{.count = 6, .vocabulary = 2, .has_alphabet = true}));
  ASSERT_TRUE(fit_to_data(d, *text_data(Tensor::of<std::uint32_t>({3}, {1, 700, 2}))));
  EXPECT_EQ(d.tokens, (Tokens{.count = 3, .vocabulary = 701, .dtype = DType::kU32}));
  EXPECT_FALSE(text_data(Tensor({DType::kF32, {3}})));
  EXPECT_FALSE(text_data(text, text));

  const Windows windows = *windows_of(text.view(), 2);
  EXPECT_EQ(windows.tokens, Tensor::of<std::uint8_t>({2, 2}, {4, 5, 6, 7}));
  EXPECT_EQ(windows.next, Tensor::of<std::uint8_t>({2, 2}, {5, 6, 7, 8}));
  EXPECT_FALSE(windows_of(text.view(), 6));
  const Tensor table = Tensor::of<std::uint8_t>({2, 2}, {4, 5, 6, 7});
  EXPECT_NE(windows_of(table.view(), 1).error().message.find("one dimension"), std::string::npos);
}

}  // namespace
}  // namespace assay::models

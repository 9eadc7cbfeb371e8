// Tasks from options and TOML files: every kind of data file, and mistakes that name themselves.
#include "assay/cli/task_settings.hpp"

#include <gtest/gtest.h>

#include "assay/cli/data_files.hpp"
#include "assay/host/read_file.hpp"
#include "assay/models/model.hpp"
#include "assay/tensor/npy.hpp"
#include "assay/tensor/safetensors.hpp"
#include "assay/training/execution.hpp"

namespace assay::cli {
namespace {

std::string write(const std::string& name, ByteView bytes) {
  const std::string path = testing::TempDir() + "task_settings_" + name;
  EXPECT_TRUE(host::write_file(path, bytes));
  return path;
}

std::string write_text(const std::string& name, const std::string& text) {
  return write(name, as_bytes(text));
}

constexpr char kText[] = "the cat sat on the mat and the dog sat on the cat and all was well. ";
std::string long_text() {
  std::string text;
  for (int i = 0; i < 20; ++i) text += kText;
  return text;
}

constexpr char kLlama[] =
    "[model]\nfamily = 'llama'\nlayers = 1\nwidth = 16\nheads = 4\nkey_heads = 2\nsequence = 8\n"
    "[training]\nsteps = 4\nbatch = 4\naccumulation = 2\n"
    "[optimizer]\nlearning_rate = 0.01\nschedule = 'linear'\n";

TEST(TaskSettings, ATomlFileDescribesAModel) {
  TaskSettings s;
  s.model_file = write_text("llama.toml", kLlama);
  s.text = write_text("text.txt", long_text());
  s.interval = 2;
  SerialTaskPool pool;
  const auto prepared = prepare_task(s, pool);
  ASSERT_TRUE(prepared) << prepared.error().message;
  models::Gpt llama = models::llama_shaped();
  llama.layers = 1, llama.width = 16, llama.heads = 4, llama.key_heads = 2, llama.sequence = 8;
  const models::ModelDescription& d = prepared->description;
  EXPECT_EQ(d.network, models::Network(llama));
  EXPECT_EQ(d.batch, 4u);
  EXPECT_EQ(d.accumulation, 2u);
  EXPECT_EQ(d.optimizer.kind, models::OptimizerKind::kAdamW);
  EXPECT_EQ(d.optimizer.learning_rate, 0.01F);
  EXPECT_EQ(d.optimizer.decay_steps, 4u);
  EXPECT_TRUE(d.tokens.has_alphabet);
  EXPECT_EQ(prepared->task->header.steps, 4u);
  EXPECT_EQ(prepared->task->data.size(), 2u);
  // What options say comes before the file.
  s.steps = 6, s.batch = 2, s.optimizer = "sgd", s.learning_rate = 0.5;
  const auto other = prepare_task(s, pool);
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_EQ(other->task->header.steps, 6u);
  EXPECT_EQ(other->description.batch, 2u);
  EXPECT_EQ(other->description.optimizer.kind, models::OptimizerKind::kSgd);
  EXPECT_EQ(other->description.optimizer.learning_rate, 0.5F);
}

TEST(TaskSettings, MistakesInAFileNameThemselves) {
  const auto words = [](const std::string& text) {
    TaskSettings s;
    s.model_file = write_text("wrong.toml", text);
    SerialTaskPool pool;
    const auto prepared = prepare_task(s, pool);
    return prepared ? "" : prepared.error().message;
  };
  const auto holds = [&](const std::string& text, const char* what) {
    EXPECT_NE(words(text).find(what), std::string::npos) << words(text);
  };
  holds("[model]\nfamily = 'mlp'\nlayers = 3\n", "model.layers is not known");
  holds("[model]\nfamily = 'mlp'\nhidden = [1.5]\n", "model.hidden: expected");
  holds("[model]\nfamily = 'mlp'\n[data]\nx = 1\n", "[data] is not [model]");
  holds("family = 'mlp'\n", "family must be a table");
  holds("[optimizer]\nkind = 'sgd'\n", "model.family is missing");
  holds("[model]\nfamily = 'mlp'\n[optimizer]\nkind = 'lion'\n", "optimizer.kind");
  holds("[model\n", "wrong.toml:1");
}

TEST(TaskSettings, ImagesComeFromEveryFormat) {
  const Tensor images({DType::kF32, {6, 5, 4}});
  const Tensor labels = Tensor::of<std::int64_t>({6}, {0, 1, 2, 0, 1, 2});
  NamedTensors both;
  both.emplace("x", images);
  both.emplace("y", labels);
  const std::string all = write("both.safetensors", *tensor::write_safetensors(both));
  const std::string idx =
      write("labels-idx1-ubyte", Bytes{0, 0, 8, 1, 0, 0, 0, 6, 0, 1, 2, 0, 1, 2});
  TaskSettings s;
  s.model = "mlp";
  s.steps = 2, s.interval = 2, s.batch = 3;
  SerialTaskPool pool;
  for (const std::string& own :
       {write("images.npy", tensor::write_npy(images.view())), all + ":x"}) {
    for (const std::string& named : {all + ":y", idx}) {
      s.images = own, s.labels = named;
      const auto prepared = prepare_task(s, pool);
      ASSERT_TRUE(prepared) << prepared.error().message;
      EXPECT_EQ(prepared->description.images.classes, 3u);
      EXPECT_EQ(prepared->description.images.dtype, DType::kF32);
      EXPECT_FALSE(prepared->accuracy);
    }
  }
  s.test_images = all + ":x", s.test_labels = idx;
  EXPECT_TRUE(prepare_task(s, pool)->accuracy);
  s.images = all;
  EXPECT_EQ(prepare_task(s, pool).error().code, ErrorCode::kInvalidArgument);
  s.images = all + ":z";
  EXPECT_EQ(prepare_task(s, pool).error().code, ErrorCode::kNotFound);
  s.images.clear();
  EXPECT_EQ(prepare_task(s, pool).error().code, ErrorCode::kInvalidArgument);
}

// Tokens from text by characters or bytes, or from a file of tokens; the last twentieth tests.
TEST(TaskSettings, TextsComeInEveryForm) {
  const std::string text = long_text();
  TaskSettings s;
  s.text = write_text("plain.txt", text);
  const DataSet characters = *load_text(s, 8);
  const std::size_t kept = text.size() - text.size() / 20;
  EXPECT_EQ(characters.train.at(std::string(models::kTokens)).byte_count(), kept);
  EXPECT_TRUE(characters.train.contains(models::kAlphabet));
  EXPECT_EQ(characters.test_inputs.shape(), (Shape{(text.size() / 20 - 1) / 8, 8}));
  s.tokens = "bytes";
  EXPECT_FALSE(load_text(s, 8)->train.contains(models::kAlphabet));
  s.test_text = write_text("test.txt", "a cat and a dog");
  EXPECT_EQ(load_text(s, 8)->train.at(std::string(models::kTokens)).byte_count(), text.size());
  s.tokens = "characters";
  EXPECT_EQ(load_text(s, 8)->test_inputs.shape(), (Shape{1, 8}));
  s.test_text = write_text("strange.txt", "a cat & a dog");
  EXPECT_EQ(load_text(s, 8).error().code, ErrorCode::kInvalidArgument);
  s.test_text.clear();
  const Tensor tokens = Tensor::of<std::uint32_t>({4}, {1, 2, 900, 3});
  s.text = write("tokens.npy", tensor::write_npy(tokens.view()));
  EXPECT_EQ(load_text(s, 8)->train.at(std::string(models::kTokens)), tokens);
  s.text.clear();
  EXPECT_EQ(load_text(s, 8).error().code, ErrorCode::kInvalidArgument);
}

// A gpt's test counts the tokens that it foretells.
TEST(TaskSettings, ATextIsEvaluatedByItsTokens) {
  TaskSettings s;
  s.model_file = write_text("learns.toml", kLlama);
  s.text = write_text("again.txt", long_text());
  s.steps = s.interval = 150;
  SerialTaskPool pool;
  const PreparedTask prepared = *prepare_task(s, pool);
  auto execution = training::ProgramExecution::create(*prepared.task, pool).value();
  NamedTensors state = execution->initial_state().value();
  EXPECT_LT(prepared.accuracy(state, pool).value(), 0.3);
  for (std::uint64_t t = 0; t < s.steps; ++t) ASSERT_TRUE(execution->step(t, state));
  EXPECT_GT(prepared.accuracy(state, pool).value(), 0.5);
}

}  // namespace
}  // namespace assay::cli

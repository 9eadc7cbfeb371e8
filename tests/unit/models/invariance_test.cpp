// INV-MOD-012 and 013: a row's logits are the same bits alone and in any batch; what a gpt says of
// a position does not depend on what follows, and decoding token by token repeats it.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <set>

#include "assay/exec/executor.hpp"
#include "assay/models/model.hpp"

namespace assay::models {
namespace {

using Logits = std::vector<float>;

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

std::uint32_t next(std::uint32_t& x) {
  x ^= x << 13, x ^= x >> 17, x ^= x << 5;
  return x;
}

// Parameters that no initial rule would give, so that nothing cancels: biases and statistics too.
NamedTensors made_up_parameters(const graph::Program& predict) {
  NamedTensors state;
  std::uint32_t x = 88172645;
  for (const graph::Slot& slot : predict.slots) {
    Tensor tensor(slot.type);
    for (float& value : tensor.as<float>())
      value = static_cast<float>(next(x) % 2001) * 0.0004F - 0.3F;
    const bool positive = slot.name.ends_with("/variance");
    for (float& value : tensor.as<float>()) value = positive ? std::fabs(value) + 0.1F : value;
    state.emplace(slot.name, std::move(tensor));
  }
  return state;
}

// One program on rows of data: its logits, and whatever else it binds in `state`.
Logits run(const graph::Program& program, NamedTensors& state, const TensorView& data) {
  const graph::Validation valid = graph::validate_alone(program);
  EXPECT_TRUE(valid.program) << valid.words;
  SerialTaskPool pool;
  const TensorView all[] = {data};
  exec::Executor executor = *exec::Executor::create(*valid.program, all, pool);
  for (const graph::Slot& slot : program.slots) state.try_emplace(slot.name, Tensor(slot.type));
  NamedTensors own;
  for (const graph::Slot& slot : program.slots) own.emplace(slot.name, state.at(slot.name));
  executor.step(0, 0, own);
  for (auto& [name, tensor] : own) state[name] = std::move(tensor);
  const auto logits = state.at(std::string(kLogits)).as<float>();
  return {logits.begin(), logits.end()};
}

std::vector<ModelDescription> families() {
  Gpt gpt2{.layers = 2, .width = 24, .heads = 4, .sequence = 24};
  Gpt erf = gpt2;
  erf.activation = Activation::kGeluErf;
  erf.tied = false;
  erf.dropout = 0.3F;
  Gpt llama = llama_shaped();
  llama.layers = 2, llama.width = 24, llama.heads = 6, llama.key_heads = 2, llama.sequence = 24;
  std::vector<ModelDescription> all;
  const Network networks[] = {
      Mlp{.hidden = {19, 7}},
      Cnn{.channels = {5, 9}, .hidden = {11}},
      Cnn{.channels = {4, 6, 8}, .pooled = 2, .global_average = true, .hidden = {}},
      ResNet{.widths = {4, 6}, .blocks = 1},
      gpt2,
      erf,
      llama};
  for (const Network& network : networks) {
    ModelDescription d;
    d.network = network;
    d.images = {.examples = 20, .height = 12, .width = 11, .channels = 3, .classes = 7};
    d.tokens = {.count = 500, .vocabulary = 37};
    all.push_back(d);
  }
  return all;
}

bool reads_text(const ModelDescription& d) { return std::holds_alternative<Gpt>(d.network); }

// Rows of what `d` reads, any bytes within the vocabulary.
Tensor made_up_rows(const ModelDescription& d, std::uint64_t rows) {
  const Shape shape = reads_text(d)
                          ? Shape{rows, std::get<Gpt>(d.network).sequence}
                          : Shape{rows, d.images.height, d.images.width, d.images.channels};
  Tensor data({DType::kU8, shape});
  std::uint32_t x = 2463534242;
  for (std::uint8_t& byte : data.bytes())
    byte = static_cast<std::uint8_t>(next(x) % (reads_text(d) ? d.tokens.vocabulary : 256));
  return data;
}

TEST(BatchInvariance, ARowHasTheSameBitsAloneAndAnywhereInAnyBatch) {
  constexpr std::uint64_t kRows = 9;
  for (ModelDescription d : families()) {
    SCOPED_TRACE(name_of(d.network));
    const Tensor rows = made_up_rows(d, kRows);
    const std::size_t row_bytes = rows.byte_count() / kRows;
    std::vector<Logits> alone;
    NamedTensors state;
    for (const std::uint64_t batch : {1u, 2u, 5u, 9u}) {
      d.predict_batch = batch;
      const graph::Program predict = build(d)->predict;
      if (state.empty()) state = made_up_parameters(predict);
      TensorType type{DType::kU8, rows.shape()};
      type.shape.dims[0] = batch;
      Tensor data(type);
      for (std::uint64_t shift = 0; shift < kRows; ++shift) {
        for (std::uint64_t i = 0; i < batch; ++i)
          std::memcpy(data.data() + i * row_bytes, rows.data() + (shift + i) % kRows * row_bytes,
                      row_bytes);
        state.erase(std::string(kLogits));
        const Logits all = run(predict, state, data.view());
        const std::size_t size = all.size() / batch;
        if (batch == 1) alone.push_back(all);
        for (std::uint64_t i = 0; i < batch; ++i)
          EXPECT_TRUE(same_bits(std::span(all).subspan(i * size, size),
                                alone[(shift + i) % kRows % alone.size()]))
              << "row " << i << " of " << batch;
      }
    }
    // The rows do say different things.
    EXPECT_EQ(std::set<Logits>(alone.begin(), alone.end()).size(), kRows);
  }
}

TEST(BatchInvariance, NoPositionSeesWhatFollows) {
  for (ModelDescription d : families()) {
    if (!reads_text(d)) continue;
    d.predict_batch = 1;
    const graph::Program predict = build(d)->predict;
    NamedTensors state = made_up_parameters(predict);
    Tensor data = made_up_rows(d, 1);
    const Logits before = run(predict, state, data.view());
    const std::uint64_t vocabulary = d.tokens.vocabulary;
    for (std::uint64_t at = data.byte_count(); at-- > 1;) {
      data.data()[at] = static_cast<std::uint8_t>((data.data()[at] + 1) % vocabulary);
      const Logits after = run(predict, state, data.view());
      EXPECT_TRUE(same_bits(std::span(before).first(at * vocabulary),
                            std::span(after).first(at * vocabulary)));
      EXPECT_FALSE(same_bits(std::span(before).subspan(at * vocabulary, vocabulary),
                             std::span(after).subspan(at * vocabulary, vocabulary)));
    }
  }
}

// INV-MOD-013.
TEST(Decode, TokenByTokenIsThePrefillBitForBit) {
  for (ModelDescription d : families()) {
    if (!reads_text(d)) continue;
    d.predict_batch = 2;
    const std::uint64_t sequence = std::get<Gpt>(d.network).sequence;
    const std::uint64_t vocabulary = d.tokens.vocabulary;
    const graph::Program predict = build(d)->predict;
    NamedTensors state = made_up_parameters(predict);
    const Tensor data = made_up_rows(d, d.predict_batch);
    const Logits prefill = run(predict, state, data.view());
    for (std::uint64_t past = 0; past < sequence; ++past) {
      Tensor token({DType::kU8, {d.predict_batch, 1}});
      for (std::uint64_t row = 0; row < d.predict_batch; ++row)
        token.data()[row] = data.data()[row * sequence + past];
      state.erase(std::string(kLogits));
      const Logits decoded = run(*build_decode(d, past), state, token.view());
      for (std::uint64_t row = 0; row < d.predict_batch; ++row)
        EXPECT_TRUE(
            same_bits(std::span(decoded).subspan(row * vocabulary, vocabulary),
                      std::span(prefill).subspan((row * sequence + past) * vocabulary, vocabulary)))
            << "row " << row << " token " << past;
      // This step's present is the next one's past.
      NamedTensors moved;
      for (auto& [name, tensor] : state) {
        const bool is_present = name.starts_with("present/");
        if (name.starts_with("past/")) continue;
        moved.emplace(is_present ? "past/" + name.substr(8) : name, std::move(tensor));
      }
      state = std::move(moved);
    }
  }
}

TEST(Decode, IsOfTextModelsWithinTheirSequence) {
  const auto families_ = families();
  EXPECT_FALSE(build_decode(families_.front(), 0));
  EXPECT_TRUE(build_decode(families_.back(), 23));
  EXPECT_FALSE(build_decode(families_.back(), 24));
}

}  // namespace
}  // namespace assay::models

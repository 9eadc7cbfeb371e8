// Gradients of whole tiny networks against differences: every weight of every layer.
#include "assay/graph/attention.hpp"
#include "unit/graph/finite_differences.hpp"

namespace assay::graph {
namespace {

using testing::check;
using testing::Inputs;

constexpr std::uint64_t kBatch = 2;
constexpr std::uint64_t kTime = 5;
constexpr std::uint64_t kWidth = 8;
constexpr std::uint64_t kWords = 7;

Inputs text() {
  return {.data = {{"tokens", {1, 4, 2, 0, 6, 3, 3, 5, 2, 1}},
                   {"next", {4, 2, 0, 6, 1, 3, 5, 2, 1, 0}}},
          .low = -0.7,
          .high = 0.7,
          .elements = 16};
}

Value tokens(Builder& b, const char* name) { return b.data(name, {DType::kU32, {kBatch, kTime}}); }

Value loss_of(Builder& b, Value x, Value head) {
  const Value rows = b.reshape(x, {kBatch * kTime, kWidth});
  const Value next = b.reshape(tokens(b, "next"), {kBatch * kTime});
  return b.softmax_cross_entropy(b.matmul(rows, head, false, true), next);
}

Value dense(Builder& b, Value x, Value w) {
  Shape shape = b.type(x).shape;
  const std::uint64_t rows = shape.elements() / shape[shape.rank - 1U];
  const Value flat = b.reshape(x, {rows, shape[shape.rank - 1U]});
  shape.dims[shape.rank - 1U] = b.type(w).shape[1];
  return b.reshape(b.matmul(flat, w), shape);
}

// Llama: rotary positions, grouped queries, RMS norm, SwiGLU; embeddings that are the head too.
TEST(WholeModels, LlamaShaped) {
  const std::vector<Shape> shapes{{kWords, kWidth}, {kWidth},     {kWidth, 8}, {kWidth, 4},
                                  {kWidth, 4},      {8, kWidth},  {kWidth},    {kWidth, 12},
                                  {kWidth, 12},     {12, kWidth}, {kWidth}};
  check(
      shapes,
      [](Builder& b, const auto& w) {
        const Value positions = b.iota({DType::kU64, {kTime}}, 0);
        const RotaryTables tables = rotary_tables(b, positions, rotary_frequencies(2, 50));
        Value x = embedding(b, w[0], tokens(b, "tokens"));
        const Value in = rms_norm(b, x, w[1]);
        const auto heads = [&](const Value& weight, std::uint64_t count) {
          return b.reshape(dense(b, in, weight), {kBatch, kTime, count, 2});
        };
        const Value q = rotary(b, heads(w[2], 4), tables);
        const Value k = rotary(b, heads(w[3], 2), tables);
        const Value y = attention(b, q, k, heads(w[4], 2));
        x = b.add(x, dense(b, b.reshape(y, {kBatch, kTime, 8}), w[5]));
        const Value middle = rms_norm(b, x, w[6]);
        const Value gate = dense(b, middle, w[7]);
        const Value inner = swiglu(b, gate, dense(b, middle, w[8]));
        x = b.add(x, dense(b, inner, w[9]));
        return loss_of(b, rms_norm(b, x, w[10]), w[0]);
      },
      text());
}

// GPT-2: learned positions, one projection to queries, keys and values, layer norm, GELU, dropout.
TEST(WholeModels, Gpt2Shaped) {
  const std::vector<Shape> shapes{
      {kWords, kWidth}, {9, kWidth}, {kWidth}, {kWidth},     {kWidth, 3 * kWidth}, {3 * kWidth},
      {kWidth, kWidth}, {kWidth},    {kWidth}, {kWidth, 16}, {16, kWidth}};
  for (const bool is_erf : {false, true}) {
    check(
        shapes,
        [&](Builder& b, const auto& w) {
          Value x = b.add(embedding(b, w[0], tokens(b, "tokens")), b.slice(w[1], 0, 0, kTime));
          const Value in = layer_norm(b, x, w[2], w[3]);
          const Value qkv = b.add(dense(b, in, w[4]), w[5]);
          const auto part = [&](std::uint64_t i) {
            return b.reshape(b.slice(qkv, 2, kWidth * i, kWidth), {kBatch, kTime, 2, kWidth / 2});
          };
          const Value q = part(0);
          const Value k = part(1);
          const AttentionOptions options{.dropout = {.rate = 0.2F, .purpose = 3}};
          const Value y = b.reshape(attention(b, q, k, part(2), options), {kBatch, kTime, kWidth});
          x = b.add(x, dropout(b, dense(b, y, w[6]), {.rate = 0.1F, .purpose = 4}));
          const Value inner = dense(b, layer_norm(b, x, w[7], w[8]), w[9]);
          x = b.add(x, dense(b, is_erf ? gelu(b, inner) : gelu_tanh(b, inner), w[10]));
          return loss_of(b, x, w[0]);
        },
        text());
  }
}

// A residual block with batch norms, a strided and a grouped convolution, both kinds of pools.
TEST(WholeModels, ResidualNetwork) {
  const std::vector<Shape> shapes{{3, 3, 2, 4}, {4},          {4},          {3, 3, 2, 4}, {4},
                                  {4},          {1, 1, 4, 6}, {3, 3, 4, 6}, {6, 3},       {3}};
  check(shapes,
        [](Builder& b, const auto& w) {
          const Value images = b.data("images", {DType::kF32, {3, 8, 8, 2}});
          Value x = batch_norm(b, b.conv2d(images, w[0], {1, 1}), w[1], w[2], 0.01F).y;
          x = b.max_pool2d(b.relu(x), 2);
          const Value grouped = b.conv2d(x, w[3], {1, 1});
          x = b.relu(b.add(x, batch_norm(b, grouped, w[4], w[5], 0.01F).y));
          const Value shortcut = b.conv2d(x, w[6], {2, 0});
          x = b.relu(b.add(b.conv2d(x, w[7], {2, 1}), shortcut));
          const Value pooled = global_average_pool2d(b, average_pool2d(b, x, 2));
          const Value logits = b.add(b.matmul(pooled, w[8]), w[9]);
          return b.softmax_cross_entropy(logits, b.data("labels", {DType::kU32, {3}}));
        },
        {.data = {{"labels", {2, 0, 1}}}, .elements = 10});
}

// Pinned, so that compilers that evaluate arguments in another order are found out: every
// composition and every rule. A deliberate change of one changes this.
TEST(WholeModels, AreTheSameNodesWhoeverCompiledThem) {
  Builder b;
  std::vector<Value> weights;
  const auto weight = [&](const char* name, const Shape& shape) {
    weights.push_back(b.state(name, {DType::kF32, shape}));
    return weights.back();
  };
  const Value x = weight("x", {2, 5, 4, 6});
  const Value k = weight("k", {2, 5, 2, 6});
  const Value positions = b.iota({DType::kU64, {5}}, 0);
  const RotaryTables tables = rotary_tables(b, positions, rotary_frequencies(6));
  const Value q = rotary(b, x, tables);
  const AttentionOptions options{.dropout = {.rate = 0.1F, .purpose = 4}};
  Value y = attention(b, q, rotary(b, k, tables), k, options);
  const Value gain = weight("gain", {6});
  const Value bias = weight("bias", {6});
  const BatchNorm normal =
      batch_norm(b, rms_norm(b, layer_norm(b, y, gain, bias), gain), gain, bias);
  const Value mean = moving_average(b, gain, normal.mean, 0.1F);
  y = batch_norm_with(b, normal.y, gain, bias, {mean, normal.unbiased_variance});
  y = log_softmax(b, softmax(b, swiglu(b, gelu_tanh(b, gelu(b, y)), x)));
  y = b.tanh(b.erf(b.sin(b.cos(b.sigmoid(b.rsqrt(y))))));
  y = b.div(b.max(y, b.min(x, y)), gain);
  const Value logarithm = b.log(b.sqrt(y));
  y = b.fma(b.select(b.less(x, y), x, logarithm), y, bias);
  const Value padded = b.pad(y, 1, 1, 2);
  const Value joined = b.concat(padded, b.slice(y, 1, 1, 3), 1);
  const Value z = b.add(joined, b.reduce_max(joined, 0b100));
  const Value filter = weight("filter", {3, 3, 3, 4});
  const Value pooled = b.max_pool2d(b.relu(b.conv2d(z, filter, {1, 1})), 2);
  Value loss = b.mean(pooled);
  for (unsigned i = 0; i < 12; ++i) {
    const bool ta = i % 2 != 0;
    const bool tb = i / 2 % 2 != 0;
    const Value left = b.reshape(gain, ta ? Shape{3, 2} : Shape{2, 3});
    const Value right = b.reshape(bias, tb ? Shape{2, 3} : Shape{3, 2});
    const TriangleOptions triangle{static_cast<numerics::TrianglePart>(i / 4), 1, 0.5F};
    loss = b.sub(loss, b.mean(b.matmul_triangular(left, right, ta, tb, triangle)));
  }
  const Value table = weight("table", {7, 6});
  const Value tokens = b.data("tokens", {DType::kU32, {2}});
  const Value sent = b.scatter_add_rows(tokens, embedding(b, table, tokens), 9);
  loss = b.add(b.neg(loss), b.mean(b.exp(sent)));
  const Value all = global_average_pool2d(b, average_pool2d(b, z, 2));
  const Value logits = b.matmul(all, table, false, true);
  loss = b.add(loss, b.softmax_cross_entropy(logits, tokens));
  const ClippedGradients clipped = clip_by_global_norm(b, gradients(b, loss, weights), 1);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    b.bind("grad/" + std::to_string(i), clipped.gradients[i]);
  }
  const Result<Program> program = b.finish();
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_EQ(to_hex(root_of(*program)),
            "b6a9817b5a497720d4afcd4a0093a4120a4fbb1fb5fcce9ec35a91d57f17f5b5");
}

}  // namespace
}  // namespace assay::graph

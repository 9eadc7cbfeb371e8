#include "internal/gpt.hpp"

#include <cmath>

#include "assay/graph/attention.hpp"

namespace assay::models::internal {

namespace {

using graph::Builder;
using graph::Value;

constexpr float kDeviation = 0.02F;  // of GPT-2's initial weights

// Of one forward pass: n sequences of `count` tokens, at positions past, past + 1, ...
class Transformer {
 public:
  Transformer(Layers& layers, const ModelDescription& d, Value tokens, const Cache& cache)
      : m_layers(layers),
        m_b(layers.b),
        m_gpt(std::get<Gpt>(d.network)),
        m_sizes(sizes_of(m_gpt)),
        m_vocabulary(d.tokens.vocabulary),
        m_cache(cache),
        m_n(m_b.type(tokens).shape[0]),
        m_count(m_b.type(tokens).shape[1]) {
    m_tokens = m_b.reshape(tokens, {m_n * m_count});
  }

  Value logits() {
    const Value table = parameter("token/embedding", {m_vocabulary, m_gpt.width}, kDeviation);
    Value x = embed(table);
    for (std::uint64_t layer = 1; layer <= m_gpt.layers; ++layer) {
      const std::string name = "layer" + std::to_string(layer);
      x = m_b.add(x, drop(attention(name, norm(name + "/norm1", x))));
      x = m_b.add(x, drop(feed_forward(name, norm(name + "/norm2", x))));
    }
    x = norm("norm", x);
    if (m_gpt.tied) return m_b.matmul(x, table, false, true);
    const Builder::Scope scope(m_b, "head");
    return m_b.matmul(x, parameter("head/weight", {m_gpt.width, m_vocabulary}, kDeviation));
  }

 private:
  Value parameter(const std::string& name, const Shape& shape, float deviation) {
    return m_layers.parameters.get(name, shape, Initial::normal(deviation));
  }

  Value embed(Value table) {
    const Builder::Scope scope(m_b, "embedding");
    Value x = graph::embedding(m_b, table, m_tokens);
    if (m_gpt.positions == Positions::kLearned) {
      const Value all = parameter("position/embedding", {m_gpt.sequence, m_gpt.width}, kDeviation);
      const Value own = m_count == m_gpt.sequence ? all : m_b.slice(all, 0, m_cache.past, m_count);
      x = m_b.reshape(x, {m_n, m_count, m_gpt.width});
      x = m_b.reshape(m_b.add(x, own), {m_n * m_count, m_gpt.width});
    }
    return drop(x);
  }

  Value norm(const std::string& name, Value x) {
    const Builder::Scope scope(m_b, name);
    const Value weight =
        m_layers.parameters.get(name + "/weight", {m_gpt.width}, Initial::constant(1.0F));
    if (m_gpt.norm == Norm::kRms) return graph::rms_norm(m_b, x, weight, m_gpt.norm_epsilon);
    const Value bias =
        m_layers.parameters.get(name + "/bias", {m_gpt.width}, Initial::constant(0.0F));
    return graph::layer_norm(m_b, x, weight, bias, m_gpt.norm_epsilon);
  }

  Value dense(const std::string& name, Value x, std::uint64_t width, float deviation = kDeviation) {
    return m_layers.dense(name, x, width,
                          {.initial = Initial::normal(deviation), .bias = m_gpt.biases});
  }

  // Of the two projections whose sum over the layers is the residual stream (GPT-2's rule).
  [[nodiscard]] float residual_deviation() const {
    return static_cast<float>(double{kDeviation} /
                              std::sqrt(2.0 * static_cast<double>(m_gpt.layers)));
  }

  // [n * count, heads * head_width] -> [n, count, heads, head_width]
  Value split_heads(Value x, std::uint64_t heads) {
    return m_b.reshape(x, {m_n, m_count, heads, m_sizes.head_width});
  }

  // What earlier positions left, with the new ones behind it: [n, total, key_heads, head_width].
  Value with_past(const std::string& name, Value fresh) {
    const Shape shape = m_b.type(fresh).shape;
    Value all = fresh;
    if (m_cache.past != 0) {
      const TensorType type{DType::kF32, {shape[0], m_cache.past, shape[2], shape[3]}};
      all = m_b.concat(m_b.state("past/" + name, type), fresh, 1);
    }
    if (m_cache.keep) m_b.bind("present/" + name, all);
    return all;
  }

  Value turn(Value x) {
    if (m_gpt.positions != Positions::kRotary) return x;
    const Value first = m_b.constant_bits({DType::kU64, {}}, m_cache.past);
    const Value positions = m_b.add(m_b.iota({DType::kU64, {m_count}}, 0), first);
    const auto frequencies = graph::rotary_frequencies(m_sizes.head_width, m_gpt.rotary_base);
    return graph::rotary(m_b, x, graph::rotary_tables(m_b, positions, frequencies));
  }

  // Every position attends to those up to its own, cached ones included.
  Value attention(const std::string& name, Value x) {
    const std::uint64_t key_width = m_sizes.key_heads * m_sizes.head_width;
    const Value query_rows = dense(name + "/query", x, m_gpt.width);
    const Value key_rows = dense(name + "/key", x, key_width);
    const Value value_rows = dense(name + "/value", x, key_width);
    Value y;
    {
      const Builder::Scope scope(m_b, name + "/attention");
      const Value query = turn(split_heads(query_rows, m_gpt.heads));
      const Value key = with_past(name + "/key", turn(split_heads(key_rows, m_sizes.key_heads)));
      const Value value = with_past(name + "/value", split_heads(value_rows, m_sizes.key_heads));
      graph::AttentionOptions options;
      options.diagonal = m_cache.past;
      options.dropout = next_dropout();
      y = graph::attention(m_b, query, key, value, options);
      y = m_b.reshape(y, {m_n * m_count, m_gpt.width});
    }
    return dense(name + "/project", y, m_gpt.width, residual_deviation());
  }

  Value feed_forward(const std::string& name, Value x) {
    Value inner = dense(name + "/up", x, m_sizes.hidden);
    if (m_gpt.activation == Activation::kSwiGlu) {
      const Value gate = dense(name + "/gate", x, m_sizes.hidden);
      const Builder::Scope scope(m_b, name + "/swiglu");
      inner = graph::swiglu(m_b, gate, inner);
    } else {
      const Builder::Scope scope(m_b, name + "/gelu");
      inner = m_gpt.activation == Activation::kGeluTanh ? graph::gelu_tanh(m_b, inner)
                                                        : graph::gelu(m_b, inner);
    }
    return dense(name + "/down", inner, m_gpt.width, residual_deviation());
  }

  [[nodiscard]] graph::DropoutOptions next_dropout() {
    if (m_gpt.dropout == 0 || !m_layers.parameters.is_training()) return {.rate = 0, .purpose = 0};
    return {.rate = m_gpt.dropout, .purpose = m_layers.parameters.next_purpose()};
  }

  Value drop(Value x) {
    const Builder::Scope scope(m_b, "dropout");
    return graph::dropout(m_b, x, next_dropout());
  }

  Layers& m_layers;
  Builder& m_b;
  const Gpt& m_gpt;
  GptSizes m_sizes;
  std::uint64_t m_vocabulary;
  Cache m_cache;
  std::uint64_t m_n;
  std::uint64_t m_count;
  Value m_tokens;  // u32 [n * count]
};

}  // namespace

GptSizes sizes_of(const Gpt& gpt) noexcept {
  GptSizes sizes;
  sizes.key_heads = gpt.key_heads != 0 ? gpt.key_heads : gpt.heads;
  sizes.head_width = gpt.width / gpt.heads;
  sizes.hidden = gpt.hidden;
  if (sizes.hidden == 0) {
    // Three matrices of 8/3 the width weigh what two of four times the width do.
    const bool gated = gpt.activation == Activation::kSwiGlu;
    sizes.hidden = gated ? (8 * gpt.width / 3 + 7) / 8 * 8 : 4 * gpt.width;
  }
  return sizes;
}

Value gpt_logits(Layers& layers, const ModelDescription& d, Value tokens, const Cache& cache) {
  return Transformer(layers, d, tokens, cache).logits();
}

}  // namespace assay::models::internal

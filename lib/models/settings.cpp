#include "assay/models/settings.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <set>

namespace assay::models {

namespace {

// Takes fields out of one table by name; the first error is kept, and what nobody took is one.
class Table {
 public:
  Table(const Settings& settings, std::string name)
      : m_settings(settings), m_name(std::move(name)) {}

  Table& count(const char* field, std::uint64_t& target) {
    return take<std::int64_t>(field, "a whole number, 0 or more", [&](std::int64_t value) {
      if (value >= 0) target = static_cast<std::uint64_t>(value);
      return value >= 0;
    });
  }
  Table& counts(const char* field, std::vector<std::uint64_t>& target) {
    return take<std::vector<std::int64_t>>(field, "a list of whole numbers, 0 or more",
                                           [&](const std::vector<std::int64_t>& values) {
                                             target.clear();
                                             for (const std::int64_t value : values) {
                                               if (value < 0) return false;
                                               target.push_back(static_cast<std::uint64_t>(value));
                                             }
                                             return true;
                                           });
  }
  Table& real(const char* field, float& target) {
    if (const Setting* setting = find(field)) {
      if (const auto* whole = std::get_if<std::int64_t>(setting)) {
        target = static_cast<float>(*whole);
      } else if (const auto* value = std::get_if<double>(setting)) {
        // Beyond floats a cast is undefined.
        constexpr double kMost = std::numeric_limits<float>::max();
        target = std::abs(*value) > kMost ? std::numeric_limits<float>::infinity()
                                          : static_cast<float>(*value);
      } else {
        refuse(field, "a number");
      }
    }
    return *this;
  }
  Table& flag(const char* field, bool& target) {
    return take<bool>(field, "true or false", [&](bool value) {
      target = value;
      return true;
    });
  }
  template <class E, class FromName>
  Table& name(const char* field, E& target, FromName&& from_name) {
    return take<std::string>(field, "a name", [&](const std::string& value) {
      Result<E> read = from_name(value);
      if (read) {
        target = *read;
      } else if (!m_error) {
        m_error = with_context(read.error(), m_name + "." + field);
      }
      return true;
    });
  }

  [[nodiscard]] Status finish() const {
    if (m_error) return *m_error;
    for (const auto& [field, setting] : m_settings) {
      if (m_known.contains(field)) continue;
      std::string words = m_name + "." + field + " is not known; " + m_name + " may have";
      for (const std::string& known : m_known) words += " " + known;
      return Error{ErrorCode::kInvalidArgument, words};
    }
    return {};
  }

 private:
  const Setting* find(const char* field) {
    m_known.insert(field);
    const auto at = m_settings.find(field);
    return at == m_settings.end() ? nullptr : &at->second;
  }
  void refuse(const char* field, const char* what) {
    if (!m_error)
      m_error = Error{ErrorCode::kInvalidArgument, m_name + "." + field + " must be " + what};
  }
  template <class T, class Accept>
  Table& take(const char* field, const char* what, Accept&& accept) {
    if (const Setting* setting = find(field)) {
      const T* value = std::get_if<T>(setting);
      if (value == nullptr || !accept(*value)) refuse(field, what);
    }
    return *this;
  }

  const Settings& m_settings;
  std::string m_name;
  std::set<std::string> m_known;
  std::optional<Error> m_error;
};

void read(Table& table, Mlp& m) { table.counts("hidden", m.hidden); }

void read(Table& table, Cnn& m) {
  table.counts("channels", m.channels)
      .count("kernel", m.kernel)
      .count("pooled", m.pooled)
      .flag("global_average", m.global_average)
      .counts("hidden", m.hidden);
}

void read(Table& table, ResNet& m) {
  table.counts("widths", m.widths)
      .count("blocks", m.blocks)
      .real("norm_momentum", m.norm_momentum)
      .real("norm_epsilon", m.norm_epsilon);
}

void read(Table& table, Gpt& m) {
  table.count("layers", m.layers)
      .count("width", m.width)
      .count("heads", m.heads)
      .count("key_heads", m.key_heads)
      .count("hidden", m.hidden)
      .count("sequence", m.sequence)
      .name("norm", m.norm, norm_from)
      .name("positions", m.positions, positions_from)
      .name("activation", m.activation, activation_from)
      .flag("biases", m.biases)
      .flag("tied", m.tied)
      .real("dropout", m.dropout)
      .real("rotary_base", m.rotary_base)
      .real("norm_epsilon", m.norm_epsilon);
}

}  // namespace

Result<Network> read_network(const Settings& model) {
  Table table(model, "model");
  Network network;
  table.name("family", network, network_from);
  if (!model.contains("family"))
    return {ErrorCode::kInvalidArgument, "model.family is missing: mlp, cnn, resnet, gpt or llama"};
  std::visit([&](auto& fields) { read(table, fields); }, network);
  ASSAY_TRY_STATUS(table.finish());
  return network;
}

Status read_optimizer(const Settings& optimizer, OptimizerOptions& o) {
  Table table(optimizer, "optimizer");
  table.name("kind", o.kind, optimizer_from)
      .real("learning_rate", o.learning_rate)
      .name("schedule", o.schedule, schedule_from)
      .count("warmup_steps", o.warmup_steps)
      .count("decay_steps", o.decay_steps)
      .real("final_share", o.final_share)
      .real("clip_norm", o.clip_norm)
      .real("momentum", o.momentum)
      .flag("nesterov", o.nesterov)
      .real("beta1", o.beta1)
      .real("beta2", o.beta2)
      .real("epsilon", o.epsilon)
      .real("weight_decay", o.weight_decay);
  return table.finish();
}

Status read_training(const Settings& training, ModelDescription& d, std::uint64_t& steps) {
  Table table(training, "training");
  steps = 0;
  table.count("steps", steps)
      .count("batch", d.batch)
      .count("accumulation", d.accumulation)
      .count("predict_batch", d.predict_batch);
  return table.finish();
}

}  // namespace assay::models

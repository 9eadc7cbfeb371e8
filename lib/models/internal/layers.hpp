// Layers of the ready-made models: each names its parameters and adds its nodes. The same lines
// write training and prediction; what differs is where parameters come from.
#pragma once

#include "assay/models/description.hpp"
#include "assay/models/task_builder.hpp"

namespace assay::models::internal {

class Parameters {
 public:
  virtual ~Parameters() = default;
  [[nodiscard]] virtual graph::Value get(const std::string& name, const Shape& shape,
                                         const Initial& initial) = 0;
  // Statistics that training moves and prediction reads.
  [[nodiscard]] virtual graph::Value running(const std::string& name, const Shape& shape,
                                             float initial) = 0;
  virtual void set_running(const std::string& name, graph::Value value) = 0;
  [[nodiscard]] virtual bool is_training() const = 0;
  // Of a random stream; only while training.
  [[nodiscard]] virtual std::uint64_t next_purpose() = 0;
};

class TrainedParameters final : public Parameters {
 public:
  explicit TrainedParameters(TaskBuilder& task) : m_task(task) {}
  graph::Value get(const std::string& name, const Shape& shape, const Initial& initial) override {
    return m_task.parameter(name, shape, initial);
  }
  graph::Value running(const std::string& name, const Shape& shape, float initial) override {
    return m_task.running("model/" + name, shape, initial);
  }
  void set_running(const std::string& name, graph::Value value) override {
    m_task.set_running("model/" + name, value);
  }
  [[nodiscard]] bool is_training() const override { return true; }
  [[nodiscard]] std::uint64_t next_purpose() override { return m_task.next_purpose(); }

 private:
  TaskBuilder& m_task;
};

// Slots that the program keeps.
class KeptParameters final : public Parameters {
 public:
  explicit KeptParameters(graph::Builder& builder) : m_b(builder) {}
  graph::Value get(const std::string& name, const Shape& shape, const Initial&) override {
    return m_b.state("model/" + name, {DType::kF32, shape});
  }
  graph::Value running(const std::string& name, const Shape& shape, float) override {
    return m_b.state("model/" + name, {DType::kF32, shape});
  }
  void set_running(const std::string&, graph::Value) override {
    ASSAY_EXPECTS(false && "prediction moves no statistics");
  }
  [[nodiscard]] bool is_training() const override { return false; }
  [[nodiscard]] std::uint64_t next_purpose() override {
    ASSAY_EXPECTS(false && "prediction draws nothing");
    return 0;
  }

 private:
  graph::Builder& m_b;
};

struct DenseOptions {
  Initial initial;
  bool bias = true;
};
struct ConvolutionOptions {
  std::uint64_t kernel = 3;
  std::uint64_t stride = 1;
  bool bias = true;
};
struct BatchNormOptions {
  float momentum = 0.1F;
  float epsilon = 1e-5F;
};

struct Layers {
  graph::Builder& b;
  Parameters& parameters;

  // x [n, in] -> [n, width]: "<name>/weight" [in, width], "<name>/bias" [width].
  graph::Value dense(const std::string& name, graph::Value x, std::uint64_t width,
                     const DenseOptions& options);
  // Kaiming-uniform, and relu behind it where `relu` says so.
  graph::Value dense(const std::string& name, graph::Value x, std::uint64_t width, bool relu);
  // x [n, h, w, ci] -> [n, h / stride, w / stride, channels], rounded up: padding (kernel - 1) / 2;
  // "<name>/weight" [kernel, kernel, ci, channels], Kaiming-uniform, "<name>/bias".
  graph::Value convolution(const std::string& name, graph::Value x, std::uint64_t channels,
                           const ConvolutionOptions& options);
  // Over all axes but the last (Ioffe and Szegedy, ICML 2015): "<name>/weight", "/bias" and the
  // running "/mean" and "/variance", [channels] each.
  graph::Value batch_norm(const std::string& name, graph::Value x, const BatchNormOptions& options);
};

// u8 or f32 pixels of `d`'s description [n, h, w(, c)] -> logits f32 [n, classes]. Of Mlp, Cnn and
// ResNet.
[[nodiscard]] graph::Value image_logits(Layers& layers, const ModelDescription& d,
                                        graph::Value images, std::uint64_t n);

}  // namespace assay::models::internal

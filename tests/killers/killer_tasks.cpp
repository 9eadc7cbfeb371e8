#include "killers/killer_tasks.hpp"

#include "killers/draft.hpp"
#include "support/small_models.hpp"

namespace assay::killers {
namespace {

const TensorType kU64Scalar{DType::kU64, {}};
constexpr DType kDTypes[] = {DType::kF32, DType::kI32, DType::kU32,
                             DType::kI64, DType::kU64, DType::kU8};
constexpr std::uint64_t kLongest = numerics::kMaxFoldSteps;

training::Task model_task(const test::SmallModel& model, NamedTensors data) {
  auto programs = models::build(model.description).value();
  SerialTaskPool pool;
  return training::make_task(
             {.seed = 5, .steps = 4, .commit_interval = 2, .checkpoint_interval = 2}, programs.init,
             programs.step, std::move(data), pool)
      .value();
}

training::Task labels_of_a_classifier() {
  const test::SmallModel model = test::small_models()[0];
  NamedTensors data = test::data_for(model.description);
  Tensor& labels = data.at(std::string(models::kLabels));
  for (std::size_t i = 0; i < labels.byte_count(); ++i)
    labels.data()[i] = static_cast<std::uint8_t>(i % 3 == 0 ? i % 10 : 7 + i * 31);
  return model_task(model, std::move(data));
}

training::Task tokens_of_a_gpt() {
  test::SmallModel model = test::small_models()[3];
  model.description.tokens.dtype = DType::kU32;
  NamedTensors data = test::data_for(model.description);
  const auto tokens = data.at(std::string(models::kTokens)).as<std::uint32_t>();
  for (std::size_t i = 0; i < tokens.size(); i += 2)
    tokens[i] = i % 4 == 0 ? 12 + static_cast<std::uint32_t>(i) : ~std::uint32_t{0};
  return model_task(model, std::move(data));
}

training::Task labels_as_indices() {
  Draft d;
  const auto index = d.data(indices({0, 4, 5, 6, 0xffffffff, 0x80000000, 1, 5}));
  const auto table = d.data(floats({5, 3}, 1));
  const auto source = d.data(floats({8, 3}, 2));
  d.f32(OpCode::kGatherRows, {8, 3}, {table, index});
  d.f32(OpCode::kScatterAddRows, {5, 3}, {index, source});
  d.f32(OpCode::kScatterAddRows, {1, 3}, {index, source});
  // Indices that a conversion makes: of NaN and infinities, of negative numbers, of what is too
  // large.
  const auto numbers = d.data(floats({odd_floats().size()}, 3));
  const auto signed_ends = d.data(integers(DType::kI64));
  for (const auto from : {numbers, signed_ends}) {
    const auto rows = d.add(OpCode::kCast, {DType::kU32, d.type(from).shape}, {from});
    d.f32(OpCode::kGatherRows, {d.type(from).shape[0], 3}, {table, rows});
    for (const DType dtype : {DType::kU8, DType::kI64}) {
      const auto other = d.data(integers(dtype));
      d.add(OpCode::kGatherRows, {dtype, d.type(from).shape}, {other, rows});
    }
  }
  return d.task(3, 1);
}

training::Task products_of_giant_folds() {
  Draft d;
  const auto x = d.data(floats({kLongest}, 4, 0));
  const auto y = d.data(floats({kLongest}, 5, 0));
  const auto shaped = [&](std::uint32_t node, const Shape& shape) {
    return d.reshape(node, shape);
  };
  const auto row = shaped(x, {1, kLongest}), column = shaped(y, {kLongest, 1});
  d.f32(OpCode::kMatMul, {1, 1}, {row, column}, {0, 0});
  d.f32(OpCode::kMatMul, {1, 1}, {shaped(x, {kLongest, 1}), shaped(y, {1, kLongest})}, {1, 1});
  for (const std::uint64_t part : {0, 1, 2})
    d.f32(OpCode::kMatMulTriangular, {1, 1}, {row, column}, {0, 0, part, 70'000, 0x80000000});
  const Shape deep{1, 1, 1, kLongest};
  const auto pixel = shaped(x, deep);
  d.f32(OpCode::kConv2d, {1, 1, 1, 1}, {pixel, shaped(y, {1, 1, kLongest, 1})}, {1, 0});
  d.f32(OpCode::kConv2d, {1, 3, 3, 1},
        {shaped(x, {1, 1, 1, kLongest}), shaped(y, {1, 1, kLongest, 1})}, {1, 1});
  d.f32(OpCode::kConv2dGradInput, {1, 1, 1, 1}, {pixel, shaped(y, deep)}, {1, 0});
  const Shape images{kLongest, 1, 1, 1};
  d.f32(OpCode::kConv2dGradWeight, {1, 1, 1, 1}, {shaped(x, images), shaped(y, images)}, {1, 0});
  return d.task(2, 1);
}

training::Task reductions_of_giant_folds() {
  Draft d;
  const auto x = d.data(floats({kLongest}, 6, 0));
  const auto cut = d.f32(OpCode::kSlice, {kLongest - 4}, {x}, {0, 3});
  d.f32(OpCode::kReduceSum, {1}, {cut}, {1});
  d.f32(OpCode::kReduceSum, {1, 1}, {d.reshape(cut, {2, kLongest / 2 - 2})}, {3});
  d.f32(OpCode::kReduceMax, {1}, {x}, {1});
  d.f32(OpCode::kReduceMax, {1, 4, 1}, {d.reshape(x, {kLongest / 16, 4, 4})}, {5});
  std::vector<std::uint32_t> rows(kLongest);
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows[i] = static_cast<std::uint32_t>(i * 2654435761u >> 30);
  const auto index = d.data(indices(rows));
  d.f32(OpCode::kScatterAddRows, {3}, {index, x});
  const auto square = d.reshape(d.f32(OpCode::kSlice, {362 * 362}, {x}, {0, 0}), {1, 362, 362, 1});
  d.f32(OpCode::kMaxPool2d, {1, 1, 1, 1}, {square}, {362});
  return d.task(2, 1);
}

// Every element has as many steps as the window has places.
training::Task gradient_of_a_giant_pool() {
  Draft d;
  const auto x = d.data(floats({1, 363, 362, 1}, 7, 0));
  const auto y = d.f32(OpCode::kMaxPool2d, {1, 1, 1, 1}, {x}, {362});
  const auto gradient = d.data(floats({1, 1, 1, 1}, 8, 0));
  d.f32(OpCode::kMaxPool2dGrad, {1, 363, 362, 1}, {x, y, gradient}, {362});
  return d.task(1, 1);
}

// Around the sizes of a chunk, of one element, of six axes, and broadcast as far as it goes.
void add_sizes(Draft& d) {
  for (const DType dtype : {DType::kF32, DType::kU64, DType::kU8}) {
    const std::uint64_t chunk = 1024 / size_of(dtype);
    for (const std::uint64_t size : {chunk - 1, chunk, chunk + 1, 16 * chunk + 1}) {
      const auto counted = d.add(OpCode::kIota, {dtype, {size}}, {}, {0});
      d.add(OpCode::kTranspose, {dtype, {size, 1}}, {d.reshape(counted, {1, size})}, {0x01});
    }
  }
  const Shape ones{1, 1, 1, 1, 1, 1};
  const auto one = d.data(floats(ones, 9));
  d.f32(OpCode::kReduceSum, ones, {one}, {63});
  d.f32(OpCode::kReduceMax, ones, {one}, {1});
  d.f32(OpCode::kTranspose, ones, {one}, {0x012345});
  d.f32(OpCode::kSlice, ones, {one}, {5, 0});
  d.f32(OpCode::kPad, ones, {one}, {0, 0});
  d.f32(OpCode::kConcat, {1, 1, 1, 2, 1, 1}, {one, one}, {3});
  const auto scalar = d.reshape(one, {});
  d.f32(OpCode::kTranspose, {}, {scalar}, {0});
  d.f32(OpCode::kAdd, {70'000}, {scalar, d.constant(DType::kF32, 0x3f800000)});
  d.f32(OpCode::kFma, {2, 1, 3, 1, 5, 4}, {scalar, one, d.data(floats({3, 1, 5, 4}, 10))});
  d.f32(OpCode::kPad, {9'000}, {d.reshape(one, {1})}, {0, 8'999});
}

training::Task shapes() {
  Draft d;
  add_sizes(d);
  const auto dot = d.data(floats({1, 1}, 11)), images = d.data(floats({1, 5, 7, 2}, 12));
  d.f32(OpCode::kMatMul, {1, 1}, {dot, dot}, {1, 1});
  d.f32(OpCode::kMatMulTriangular, {1, 1}, {dot, dot}, {0, 0, 0, kMaxElements, 0x7fc54321});
  d.f32(OpCode::kMaxPool2d, {1, 1, 2, 2}, {images}, {3});
  d.f32(OpCode::kMaxPool2d, {1, 5, 7, 2}, {images}, {1});
  const auto filter = d.data(floats({1, 1, 2, 2}, 13));
  d.f32(OpCode::kConv2d, {1, 1, 1, 2}, {images, filter}, {65'535, 0});
  // One pixel under a filter of 361 by 361: all padding but one place, in the product and in both
  // gradients.
  const Shape pixel{1, 1, 1, 1}, wide{361, 361, 1, 1};
  const auto x = d.reshape(dot, pixel);
  const auto w = d.data(floats(wide, 14, 9));
  d.f32(OpCode::kConv2d, pixel, {x, w}, {1, 180});
  d.f32(OpCode::kConv2dGradInput, pixel, {x, w}, {1, 180});
  d.f32(OpCode::kConv2dGradWeight, wide, {x, x}, {1, 180});
  // A frame so wide that most of the output is padding.
  d.f32(OpCode::kConv2d, {1, 21, 21, 1}, {x, x}, {1, 10});
  return d.task(2, 1);
}

training::Task integer_ends() {
  Draft d;
  for (const DType dtype : kDTypes) {
    const bool is_float = dtype == DType::kF32;
    const auto x = d.data(is_float ? floats({odd_floats().size()}, 15) : integers(dtype));
    const std::uint64_t n = d.type(x).shape[0];
    const auto column = d.reshape(x, {n, 1});
    const TensorType table{dtype, {n, n}};
    if (dtype != DType::kU8)
      for (const OpCode op : {OpCode::kAdd, OpCode::kSub, OpCode::kMul})
        d.add(op, table, {column, x});
    for (const OpCode op : {OpCode::kEqual, OpCode::kLess})
      d.add(op, {DType::kU32, {n, n}}, {column, x});
    for (const DType to : kDTypes) d.add(OpCode::kCast, {to, {n}}, {x});
    const auto condition = d.add(OpCode::kCast, {DType::kU32, {n}}, {x});
    d.add(OpCode::kSelect, table, {condition, column, x});
  }
  // What wraps from step to step, and t less than nothing.
  const auto sum = d.state({DType::kI32, {3}}, 0x7fffffff);
  d.update(sum,
           d.add(OpCode::kMul, {DType::kI32, {3}}, {sum, d.constant(DType::kI32, 0x80000001)}));
  const auto t = d.add(OpCode::kStepIndex, kU64Scalar);
  d.add(OpCode::kSub, kU64Scalar, {t, d.constant(DType::kU64, 2)});
  return d.task(3, 2, ~std::uint64_t{0});
}

training::Task payloads() {
  Draft d;
  const std::uint64_t n = odd_floats().size();
  const auto x = d.data(floats({n}, 16));
  const auto kept = d.state({DType::kF32, {n}}, 0xffc12345);
  d.update(kept, x);  // as it is, with every payload
  for (const OpCode op :
       {OpCode::kNeg, OpCode::kRelu, OpCode::kSqrt, OpCode::kExp, OpCode::kLog, OpCode::kTanh,
        OpCode::kErf, OpCode::kSin, OpCode::kCos, OpCode::kRsqrt, OpCode::kSigmoid})
    d.f32(op, {n}, {op == OpCode::kNeg ? kept : x});
  const auto column = d.reshape(x, {n, 1});
  for (const OpCode op :
       {OpCode::kAdd, OpCode::kSub, OpCode::kMul, OpCode::kDiv, OpCode::kMax, OpCode::kMin})
    d.f32(op, {n, n}, {column, x});
  for (const OpCode op : {OpCode::kEqual, OpCode::kLess})
    d.add(op, {DType::kU32, {n, n}}, {column, x});
  d.f32(OpCode::kFma, {n, n}, {column, x, kept});
  const auto odd = d.data(floats({n, n}, 17));
  d.f32(OpCode::kReduceSum, {n, 1}, {odd}, {2});
  d.f32(OpCode::kReduceMax, {1, n}, {odd}, {1});
  d.f32(OpCode::kTranspose, {n, n}, {odd}, {0x01});
  d.f32(OpCode::kSlice, {n, 3}, {odd}, {1, 4});
  d.f32(OpCode::kPad, {n, n + 2}, {odd}, {1, 1});
  d.f32(OpCode::kConcat, {n + 1, n}, {odd, d.reshape(kept, {1, n})}, {0});
  const auto rows = d.add(OpCode::kCast, {DType::kU32, {n}}, {x});
  d.f32(OpCode::kGatherRows, {n, n}, {odd, rows});
  d.f32(OpCode::kScatterAddRows, {n, n}, {rows, odd});
  d.f32(OpCode::kSelect, {n, n}, {rows, odd, column});
  d.f32(OpCode::kMatMul, {n, n}, {odd, odd}, {0, 1});
  d.constant(DType::kF32, 0x7f800001, {300});
  return d.task(2, 1);
}

training::Task borders() {
  Draft d;
  for (const std::uint64_t stride : {1, 2, 3})
    for (const std::uint64_t padding : {0, 1, 2, 3}) {
      const std::uint64_t seed = 100 + 10 * stride + padding, kernel = 3;
      const auto side = [&](std::uint64_t size) {
        return (size + 2 * padding - kernel) / stride + 1;
      };
      const Shape in{2, 5, 4, 4}, filters{kernel, kernel, 2, 2}, out{2, side(5), side(4), 2};
      const auto x = d.data(floats(in, seed, 3));
      // 16 data are all there may be.
      const auto w = d.f32(OpCode::kSlice, {36}, {d.reshape(x, {160})}, {0, seed % 120});
      const auto y = d.f32(OpCode::kConv2d, out, {x, d.reshape(w, filters)}, {stride, padding});
      d.f32(OpCode::kConv2dGradInput, in, {y, d.reshape(w, filters)}, {stride, padding});
      d.f32(OpCode::kConv2dGradWeight, filters, {x, y}, {stride, padding});
      const std::uint64_t window = 1 + stride;
      const Shape small{2, 5 / window, 4 / window, 4};
      const auto pooled = d.f32(OpCode::kMaxPool2d, small, {x}, {window});
      // Compared with what is not its maximum, too.
      const auto other = d.f32(OpCode::kNeg, small, {pooled});
      d.f32(OpCode::kMaxPool2dGrad, in, {x, pooled, other}, {window});
      d.f32(OpCode::kMaxPool2dGrad, in, {x, other, pooled}, {window});
    }
  const auto a = d.data(floats({7, 5}, 200, 2)), b = d.data(floats({5, 6}, 201, 2));
  for (const std::uint64_t part : {0, 1, 2})
    for (const std::uint64_t diagonal : {0, 2, 9})
      for (const std::uint32_t fill : {0x80000000u, 0xff800000u, 0x7f812345u})
        d.f32(OpCode::kMatMulTriangular, {7, 6}, {a, b}, {0, 0, part, diagonal, fill});
  return d.task(2, 2);
}

training::Task permutations() {
  Draft d;
  const auto seed = d.add(OpCode::kSeed, kU64Scalar);
  const auto t = d.add(OpCode::kStepIndex, kU64Scalar);
  // A position that wraps around 2^64.
  const auto late = d.add(OpCode::kSub, kU64Scalar, {t, d.constant(DType::kU64, 1)});
  std::vector<std::uint64_t> sizes = {1, 2, 3, 5, 6, 251, 65'521, 4'294'967'291, 2'147'483'629};
  for (const unsigned power : {2u, 3u, 4u, 7u, 8u, 16u, 17u, 31u, 32u})
    for (const std::uint64_t beside : {-1, 0, 1})
      if (const std::uint64_t size = (std::uint64_t{1} << power) + beside; size <= 1ull << 32)
        sizes.push_back(size);
  std::uint64_t purpose = ~std::uint64_t{0};
  for (const std::uint64_t size : sizes) {
    d.add(OpCode::kShuffleIndex, {DType::kU32, {7}}, {seed, t}, {size, purpose--});
    d.add(OpCode::kShuffleIndex, {DType::kU32, {3}}, {late, late}, {size, 0});
  }
  d.f32(OpCode::kRandomUniform, {301}, {late, t}, {~std::uint64_t{0}});
  d.f32(OpCode::kRandomUniform, {}, {seed, late}, {0});
  return d.task(4, 3, ~std::uint64_t{0});
}

// Slots that take each other's places, of which what a later node reads is the value before.
training::Task exchanged() {
  Draft d;
  const Shape shape{70, 5};
  std::vector<std::uint32_t> slots;
  for (const std::uint32_t bits : {0x3f800000u, 0xbf000000u, 0x40490fdbu, 0x00000001u})
    slots.push_back(d.state({DType::kF32, shape}, bits));
  const auto grown = d.f32(OpCode::kFma, shape, {slots[0], slots[1], slots[2]});
  d.update(slots[0], slots[1]);
  d.update(slots[1], slots[2]);
  d.update(slots[2], d.f32(OpCode::kMul, shape, {slots[0], d.data(floats({5}, 19))}));
  d.update(slots[3], grown);
  const auto flat = d.reshape(slots[3], {5, 70});
  d.f32(OpCode::kMatMul, {5, 5}, {flat, slots[0]}, {0, 0});
  d.f32(OpCode::kTranspose, {5, 70}, {slots[1]}, {0x01});
  return d.task(20, 20);
}

training::Task repeated() {
  Draft d;
  const auto x = d.data(floats({40, 40}, 18, 6));
  d.f32(OpCode::kMul, {40, 40}, {x, x});
  d.f32(OpCode::kFma, {40, 40}, {x, x, x});
  d.f32(OpCode::kMatMul, {40, 40}, {x, x}, {0, 1});
  d.f32(OpCode::kConcat, {80, 40}, {x, x}, {0});
  const Shape picture{2, 2, 20, 20};
  const auto pixels = d.reshape(x, picture);
  d.f32(OpCode::kConv2d, {2, 1, 19, 20}, {pixels, pixels}, {1, 0});
  d.f32(OpCode::kMaxPool2dGrad, picture, {pixels, pixels, pixels}, {1});
  const auto rows = d.data(indices({3, 0, 5, 1, 1, 9}));
  d.add(OpCode::kSelect, {DType::kU32, {6}}, {rows, rows, rows});
  d.add(OpCode::kGatherRows, {DType::kU32, {6}}, {rows, rows});
  const auto t = d.add(OpCode::kStepIndex, kU64Scalar);
  d.f32(OpCode::kRandomUniform, {9}, {t, t}, {1});
  return d.task(2, 1);
}

}  // namespace

const std::vector<KillerTask>& killer_tasks() {
  static const std::vector<KillerTask> kTasks = {
      {"LabelsOfAClassifier", labels_of_a_classifier},
      {"TokensOfAGpt", tokens_of_a_gpt},
      {"LabelsAsIndices", labels_as_indices},
      {"ProductsOfGiantFolds", products_of_giant_folds},
      {"ReductionsOfGiantFolds", reductions_of_giant_folds},
      {"GradientOfAGiantPool", gradient_of_a_giant_pool, numerics::Isa::kScalar},
      {"Shapes", shapes, numerics::Isa::kScalar},
      {"IntegerEnds", integer_ends},
      {"Payloads", payloads},
      {"Borders", borders},
      {"Permutations", permutations},
      {"Exchanged", exchanged},
      {"Repeated", repeated},
  };
  return kTasks;
}

training::Task largest_graph() {
  Draft d;
  graph::Program& program = d.program();
  const auto longest = [](const char* kind, std::size_t number) {
    const std::string digits = std::to_string(100'000 + number);
    return kind + std::string(graph::kMaxNameBytes - 1 - digits.size(), '.') + digits;
  };
  // Every datum is read, every other slot by a chain of all other nodes, whose end they become: of
  // sums, which no change is lost in.
  std::vector<std::uint32_t> slots;
  const TensorType scalar{DType::kU32, {}};
  for (std::uint32_t i = 0; i < graph::kMaxSlots; ++i) slots.push_back(d.state(scalar, i));
  std::uint32_t chain = slots.front();
  for (std::uint32_t i = 0; i < graph::kMaxData; ++i)
    chain = d.add(OpCode::kAdd, scalar, {d.data(Tensor::scalar(i), longest("d", i)), chain});
  while (program.nodes.size() < graph::kMaxNodes) {
    const std::size_t at = program.nodes.size();
    chain = d.add(at % 3 == 0 ? OpCode::kSub : OpCode::kAdd, scalar,
                  {slots[(2 * at + 1) % graph::kMaxSlots], chain});
  }
  for (std::uint32_t i = 0; i < graph::kMaxSlots; ++i)
    program.slots.push_back({longest("s", i), scalar, i % 2 == 1 ? chain : slots[i]});
  program.labels.assign(program.nodes.size(), std::string(graph::kMaxLabelBytes, 'l'));
  return d.task(2, 1);
}

}  // namespace assay::killers

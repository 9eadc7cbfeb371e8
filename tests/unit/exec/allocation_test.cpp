// A steady step allocates nothing, on one thread and on several. Counts every operator new of the
// process.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "assay/exec/executor.hpp"
#include "assay/host/thread_pool.hpp"
#include "cheats/interpreter.hpp"
#include "unit/exec/random_program.hpp"

namespace {
std::atomic<std::uint64_t> g_allocations{0};

void* counted(std::size_t bytes, std::size_t alignment) {
  g_allocations.fetch_add(1, std::memory_order_relaxed);
  void* p = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}
}  // namespace

void* operator new(std::size_t bytes) { return counted(bytes + 1, 16); }
void* operator new[](std::size_t bytes) { return counted(bytes + 1, 16); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes + 1, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes + 1, static_cast<std::size_t>(alignment));
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

namespace assay::exec {
namespace {

void expect_none(const graph::ValidProgram& program, std::span<const TensorView> data,
                 unsigned threads, const std::string& what) {
  host::ThreadTaskPool pool(threads);
  auto executor = Executor::create(program, data, pool).value();
  NamedTensors state = executor.make_state();
  executor.step(0, 7, state);
  const std::uint64_t before = g_allocations.load();
  for (std::uint64_t t = 1; t < 4; ++t) executor.step(t, 7, state);
  EXPECT_EQ(g_allocations.load() - before, 0U) << what << " threads " << threads;
}

TEST(Allocation, ASteadyStepDoesNone) {
  const auto programs = tiny::conv_net();
  const NamedTensors data = tiny::conv_net_data();
  std::vector<TensorView> views;
  for (const auto& [name, tensor] : data) views.push_back(tensor.view());
  for (const unsigned threads : {1U, 2U}) {
    expect_none(programs.step, views, threads, "conv_net");
    for (unsigned seed = 0; seed < 40; ++seed) {
      const auto validation = graph::validate_alone(test::RandomProgram(seed, {}).make(60));
      ASSERT_TRUE(validation.program) << validation.words;
      std::vector<Tensor> zeros;
      std::vector<TensorView> data_of;
      for (const auto& [name, type] : validation.program->program().data) zeros.emplace_back(type);
      for (const Tensor& tensor : zeros) data_of.push_back(tensor.view());
      expect_none(*validation.program, data_of, threads, "seed " + std::to_string(seed));
    }
  }
}

// Wide enough that every unit is shared among the threads.
TEST(Allocation, NorDoesALargeOne) {
  tiny::Sketch s;
  const Shape wide{512, 256};
  const auto x = s.add(numerics::OpCode::kStateSlot, {DType::kF32, wide}, {}, {0});
  const auto w = s.add(numerics::OpCode::kStateSlot, {DType::kF32, {256, 256}}, {}, {1});
  const auto y = s.f32(numerics::OpCode::kMatMul, wide, {x, w}, {0, 0});
  const auto most = s.f32(numerics::OpCode::kReduceMax, {512, 1}, {y}, {2});
  const auto e =
      s.f32(numerics::OpCode::kExp, wide, {s.f32(numerics::OpCode::kSub, wide, {y, most})});
  const auto sum = s.f32(numerics::OpCode::kReduceSum, {512, 1}, {e}, {2});
  const auto p = s.f32(numerics::OpCode::kDiv, wide, {e, sum});
  const auto g = s.f32(numerics::OpCode::kMatMul, {256, 256}, {x, p}, {1, 0});
  const auto columns = s.f32(numerics::OpCode::kReduceSum, {1, 256}, {p}, {1});
  const auto turned = s.f32(numerics::OpCode::kTranspose, {256, 512}, {x}, {0x01});
  s.program.slots = {
      {"a", {DType::kF32, wide}, p},
      {"b", {DType::kF32, {256, 256}}, s.f32(numerics::OpCode::kFma, {256, 256}, {g, columns, w})},
      {"c", {DType::kF32, {256, 512}}, turned}};
  const auto validation = graph::validate_alone(s.program);
  ASSERT_TRUE(validation.program) << validation.words;
  for (const unsigned threads : {1U, 2U}) expect_none(*validation.program, {}, threads, "wide");
}

}  // namespace
}  // namespace assay::exec

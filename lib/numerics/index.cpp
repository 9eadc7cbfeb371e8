// gather_rows, scatter_add_rows, random_uniform and shuffle_index.
#include <algorithm>
#include <cstring>

#include "assay/numerics/float_bits.hpp"
#include "assay/numerics/philox.hpp"
#include "internal/movement.hpp"
#include "internal/random.hpp"

namespace assay::numerics::internal {
namespace {

std::uint64_t scalar_u64(const void* p) {
  std::uint64_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

void gather(const KernelCall& call) {
  const NodeSpec& s = call.spec;
  const std::uint64_t table_rows = s.operands[0].shape[0];
  const std::size_t row = s.output.shape.elements() / s.output.shape[0];
  const std::size_t bytes = row * size_of(s.output.dtype);
  const MovementKernels kernels = movement_kernels(call.isa, s.output.dtype);
  const auto* table = static_cast<const std::uint8_t*>(call.operands[0]);
  const auto* index = static_cast<const std::uint32_t*>(call.operands[1]);
  auto* out = static_cast<std::uint8_t*>(call.output);
  const std::size_t rows = s.output.shape[0];
  const std::size_t least = std::max<std::size_t>(1, 65'536 / bytes);
  split(call.pool, rows, grain_for(call.pool, rows, least),
        [&](std::size_t first, std::size_t last) {
          for (std::size_t i = first; i < last; ++i) {
            if (index[i] < table_rows) {
              kernels.copy({table + index[i] * bytes, out + i * bytes, row, row, row, 1});
            } else {
              std::memset(out + i * bytes, 0, bytes);
            }
          }
        });
}

// Rows [first_row, last_row) of the output within columns [first, last): each source row that
// belongs there, in ascending order.
struct ScatterPart {
  std::size_t first_row, last_row, first, last;
};
void scatter_part(const KernelCall& call, const ScatterPart& part) {
  const NodeSpec& s = call.spec;
  const std::size_t row = s.output.shape.elements() / s.output.shape[0];
  const std::size_t width = part.last - part.first;
  const auto* index = static_cast<const std::uint32_t*>(call.operands[0]);
  const float* source = call.f32(1) + part.first;
  float* sums = call.f32_output() + part.first;
  const AddRow add_row = add_row_kernel(call.isa);
  if (width == row) {
    std::memset(sums + part.first_row * row, 0,
                (part.last_row - part.first_row) * row * sizeof(float));
  } else {
    for (std::size_t r = part.first_row; r < part.last_row; ++r)
      std::memset(sums + r * row, 0, width * sizeof(float));
  }
  for (std::size_t i = 0; i < s.operands[0].shape[0]; ++i) {
    if (index[i] < part.first_row || index[i] >= part.last_row) continue;
    add_row(sums + index[i] * row, source + i * row, width);
  }
}

// Threads take columns, which are as much work each, or rows where there are too few columns.
void scatter_add(const KernelCall& call) {
  constexpr std::size_t kLine = 16;  // columns: a cache line
  const Shape& y = call.spec.output.shape;
  const std::size_t rows = y[0];
  const std::size_t row = y.elements() / rows;
  const std::size_t lines = (row + kLine - 1) / kLine;
  const std::size_t per_column = rows + call.spec.operands[0].shape[0];
  if (lines >= 2 * std::size_t{call.pool.thread_count()}) {
    const std::size_t least = std::max<std::size_t>(1, 1'024 / per_column);
    return split(call.pool, lines, grain_for(call.pool, lines, least),
                 [&](std::size_t first, std::size_t last) {
                   scatter_part(call, {0, rows, first * kLine, std::min(row, last * kLine)});
                 });
  }
  // Every task looks at every index, so that few large tasks are best.
  const std::size_t least = std::max<std::size_t>(1'024, call.spec.operands[0].shape[0]);
  split(call.pool, rows, grain_for(call.pool, rows, least),
        [&](std::size_t first, std::size_t last) {
          scatter_part(call, {first, last, 0, row});
        });
}

void random_uniform(const KernelCall& call) {
  const PhiloxKey key = philox_key(scalar_u64(call.operands[0]), call.spec.attributes[0]);
  const std::uint64_t t = scalar_u64(call.operands[1]);
  auto* out = static_cast<std::uint32_t*>(call.output);
  const std::size_t n = call.spec.output.shape.elements();
  const std::size_t blocks = (n + 3) / 4;
  split(call.pool, blocks, grain_for(call.pool, blocks, 1'024),
        [&](std::size_t first, std::size_t last) {
          std::size_t block = first;
          if (call.isa >= Isa::kAvx2) {
            const std::size_t whole = std::min(last, n / 4);
            if (block < whole) block += uniform_avx2(key, t, block, whole - block, out + 4 * block);
          }
          for (; block < last; ++block) {
            const PhiloxBlock words =
                philox4x32_10({low_word(t), high_word(t), low_word(block), high_word(block)}, key);
            for (std::size_t i = 0; i < 4 && 4 * block + i < n; ++i) {
              out[4 * block + i] = uniform_from_word(words[i]);
            }
          }
        });
}

void shuffle(const KernelCall& call) {
  const std::uint64_t n = call.spec.attributes[0];
  const PhiloxKey key = philox_key(scalar_u64(call.operands[0]), call.spec.attributes[1]);
  const std::uint64_t count = call.spec.output.shape[0];
  const std::uint64_t start = scalar_u64(call.operands[1]) * count;
  auto* out = static_cast<std::uint32_t*>(call.output);
  std::uint64_t epoch = 0;
  std::array<std::uint64_t, kShuffleRounds> offsets{};
  for (std::uint64_t e = 0; e < count;) {
    const std::uint64_t place = start + e;  // modulo 2^64
    if (e == 0 || place / n != epoch) {
      epoch = place / n;
      for (std::uint32_t r = 0; r < kShuffleRounds; ++r)
        offsets[r] = shuffle_offset(key, epoch, r, n);
    }
    // Elements to the end of the epoch, of the output, and of the counter.
    std::uint64_t run = std::min(n - place % n, count - e);
    if (place + run < place) run = 0 - place;
    for (std::uint64_t i = 0; i < run; ++i) out[e + i] = low_word(place % n + i);
    std::uint64_t done = 0;
    if (call.isa >= Isa::kAvx2 && n <= kMaxShuffleAvx2) {
      done = shuffle_avx2(key, epoch, n, offsets, out + e, run);
    }
    for (; done < run; ++done) {
      std::uint64_t x = out[e + done];
      for (std::uint32_t r = 0; r < kShuffleRounds; ++r) {
        x = shuffle_round(key, epoch, r, n, offsets[r], x);
      }
      out[e + done] = low_word(x);
    }
    e += run;
  }
}

}  // namespace

bool run_index(const KernelCall& call) {
  switch (call.spec.op) {
    case OpCode::kGatherRows: return gather(call), true;
    case OpCode::kScatterAddRows: return scatter_add(call), true;
    case OpCode::kRandomUniform: return random_uniform(call), true;
    case OpCode::kShuffleIndex: return shuffle(call), true;
    default: return false;
  }
}

}  // namespace assay::numerics::internal

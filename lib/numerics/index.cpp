// gather_rows, random_uniform and shuffle_index.
#include <algorithm>
#include <cstring>

#include "assay/numerics/float_bits.hpp"
#include "assay/numerics/philox.hpp"
#include "internal/shuffle.hpp"
#include "internal/strip.hpp"

namespace assay::numerics::internal {
namespace {

std::uint64_t scalar_u64(const void* p) {
  std::uint64_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

void gather(const KernelCall& call) {
  const NodeSpec& s = call.spec;
  const Shape& table = s.operands[0].shape;
  const std::size_t row = s.output.shape.elements() / s.output.shape[0];
  const std::size_t bytes = row * size_of(s.output.dtype);
  const bool is_float = s.output.dtype == DType::kF32;
  const auto copy_f32 = call.isa >= Isa::kAvx2 ? copy_f32_avx2 : copy_f32_scalar;
  const auto* index = static_cast<const std::uint32_t*>(call.operands[1]);
  const std::size_t rows = s.output.shape[0];
  const std::size_t least = std::max<std::size_t>(1, 65'536 / bytes);
  split(
      call.pool, rows, grain_for(call.pool, rows, least), [&](std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) {
          auto* to = static_cast<std::uint8_t*>(call.output) + i * bytes;
          if (index[i] >= table[0]) {
            std::memset(to, 0, bytes);
            continue;
          }
          const void* from = static_cast<const std::uint8_t*>(call.operands[0]) + index[i] * bytes;
          if (is_float) {
            copy_f32(to, &from, row);
          } else {
            std::memcpy(to, from, bytes);
          }
        }
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
          for (std::size_t block = first; block < last; ++block) {
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
    case OpCode::kRandomUniform: return random_uniform(call), true;
    case OpCode::kShuffleIndex: return shuffle(call), true;
    default: return false;
  }
}

}  // namespace assay::numerics::internal

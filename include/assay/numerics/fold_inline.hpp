// Included by numerics/fold.hpp. Freestanding.
#pragma once

#include "assay/numerics/scalar_inline.hpp"

namespace assay::numerics {

inline constexpr unsigned kReduceLanes = 16;

[[nodiscard]] constexpr std::uint64_t element_bits(const NodeSpec& spec,
                                                   const FoldState& state) noexcept {
  return size_of(spec.output.dtype) == 8 ? state.words[0] | std::uint64_t{state.words[1]} << 32
                                         : state.words[0];
}

namespace fold_steps {

// Steps 0 to n-1 add element k to lane k mod 16; four more join the lanes by halves.
template <class Arithmetic, class Access>
void reduce_sum(const NodeSpec& s, std::uint64_t e, std::uint32_t step, Access& access,
                FoldState& state) noexcept {
  const Shape& x = s.operands[0].shape;
  const std::uint64_t n = reduced_count(x, s.attributes[0]);
  if (step < n) {
    const std::uint64_t bits = access.read(0, reduce_index(x, s.attributes[0], e, step));
    std::uint32_t& lane = state.words[step % kReduceLanes];
    lane = Arithmetic::add(canonical(lane), canonical(low_word(bits)));
    return;
  }
  const unsigned half = (kReduceLanes / 2) >> (step - n);
  for (unsigned i = 0; i < half; ++i) {
    state.words[i] = Arithmetic::add(canonical(state.words[i]), canonical(state.words[half + i]));
    state.words[half + i] = 0;
  }
}

template <class Access>
void reduce_max(const NodeSpec& s, std::uint64_t e, std::uint32_t step, Access& access,
                FoldState& state) noexcept {
  const std::uint64_t bits =
      access.read(0, reduce_index(s.operands[0].shape, s.attributes[0], e, step));
  state.words[0] = max_bits(state.words[0], low_word(bits));
}

template <class Arithmetic, class Access>
void product(const NodeSpec& s, std::uint64_t e, std::uint32_t step, Access& access,
             FoldState& state) noexcept {
  const TapPair t = product_taps(s, e, step);
  const std::uint32_t a = t.a.inside ? canonical(low_word(access.read(0, t.a.index))) : 0;
  const std::uint32_t b = canonical(low_word(access.read(1, t.b)));
  state.words[0] = Arithmetic::fma(a, b, canonical(state.words[0]));
}

template <class Arithmetic, class Access>
void product_triangular(const NodeSpec& s, std::uint64_t e, std::uint32_t step, Access& access,
                        FoldState& state) noexcept {
  if (triangle_has_step(s, e, step)) product<Arithmetic>(s, e, step, access, state);
}

// Step k adds source row k if its index is this row.
template <class Arithmetic, class Access>
void scatter_add(const NodeSpec& s, std::uint64_t e, std::uint32_t step, Access& access,
                 FoldState& state) noexcept {
  const std::uint64_t row_size = s.output.shape.elements() / s.output.shape[0];
  if (low_word(access.read(0, step)) != e / row_size) return;
  const std::uint64_t bits = access.read(1, step * row_size + e % row_size);
  state.words[0] = Arithmetic::add(canonical(state.words[0]), canonical(low_word(bits)));
}

template <class Access>
void max_pool(const NodeSpec& s, std::uint64_t e, std::uint32_t step, Access& access,
              FoldState& state) noexcept {
  const std::uint64_t window = s.attributes[0];
  Pixel p = pixel_of(s.output.shape, e);
  p.h = p.h * window + step / window;
  p.w = p.w * window + step % window;
  const std::uint64_t bits = access.read(0, pixel_index(s.operands[0].shape, p));
  state.words[0] = max_bits(state.words[0], low_word(bits));
}

// Word 0: the result so far; word 1: whether the first maximum has been seen. The last step clears
// it.
template <class Access>
void max_pool_grad(const NodeSpec& s, std::uint64_t e, std::uint32_t step, Access& access,
                   FoldState& state) noexcept {
  const std::uint64_t window = s.attributes[0];
  const Shape& pooled = s.operands[1].shape;
  const Pixel own = pixel_of(s.output.shape, e);
  const Pixel at{own.n, own.h / window, own.w / window, own.c};
  if (at.h < pooled[1] && at.w < pooled[2]) {
    const Pixel p{own.n, at.h * window + step / window, at.w * window + step % window, own.c};
    const std::uint32_t x = canonical(low_word(access.read(0, pixel_index(s.output.shape, p))));
    const std::uint32_t y = canonical(low_word(access.read(1, pixel_index(pooled, at))));
    const std::uint32_t gy = canonical(low_word(access.read(2, pixel_index(pooled, at))));
    if (state.words[1] == 0 && x == y) {
      state.words[1] = 1;
      if (p.h == own.h && p.w == own.w) state.words[0] = gy;
    }
  }
  if (step + 1 == window * window) state.words[1] = 0;
}

// Step 0 finds the position within the epoch; each later one is a round of the shuffle.
template <class Access>
void shuffle_index(const NodeSpec& s, std::uint64_t e, std::uint32_t step, Access& access,
                   FoldState& state) noexcept {
  const std::uint64_t n = s.attributes[0];
  const std::uint64_t seed = access.read(0, 0);
  const std::uint64_t place = access.read(1, 0) * s.output.shape[0] + e;  // modulo 2^64
  if (step == 0) {
    state.words[0] = low_word(place % n);
    return;
  }
  const std::uint64_t epoch = place / n;
  const PhiloxKey key = philox_key(seed, s.attributes[1]);
  const std::uint64_t offset = shuffle_offset(key, epoch, step - 1, n);
  state.words[0] = low_word(shuffle_round(key, epoch, step - 1, n, offset, state.words[0] % n));
}

}  // namespace fold_steps

template <class Arithmetic, class Access>
void fold_step(const NodeSpec& spec, std::uint64_t element, std::uint32_t step, Access& access,
               FoldState& state) noexcept {
  switch (spec.op) {
    case OpCode::kReduceSum:
      return fold_steps::reduce_sum<Arithmetic>(spec, element, step, access, state);
    case OpCode::kReduceMax: return fold_steps::reduce_max(spec, element, step, access, state);
    case OpCode::kMatMul:
    case OpCode::kConv2d:
    case OpCode::kConv2dGradInput:
    case OpCode::kConv2dGradWeight:
      return fold_steps::product<Arithmetic>(spec, element, step, access, state);
    case OpCode::kMatMulTriangular:
      return fold_steps::product_triangular<Arithmetic>(spec, element, step, access, state);
    case OpCode::kScatterAddRows:
      return fold_steps::scatter_add<Arithmetic>(spec, element, step, access, state);
    case OpCode::kMaxPool2d: return fold_steps::max_pool(spec, element, step, access, state);
    case OpCode::kMaxPool2dGrad:
      return fold_steps::max_pool_grad(spec, element, step, access, state);
    case OpCode::kShuffleIndex:
      return fold_steps::shuffle_index(spec, element, step, access, state);
    default: state = fold_final(spec, pointwise<Arithmetic>(spec, element, access));
  }
}

template <class Arithmetic, class Access>
std::uint64_t evaluate(const NodeSpec& spec, std::uint64_t element, Access& access) noexcept {
  FoldState state = fold_init(spec, element);
  const std::uint32_t steps = fold_length(spec);
  for (std::uint32_t step = 0; step < steps; ++step) {
    fold_step<Arithmetic>(spec, element, step, access, state);
  }
  return element_bits(spec, state);
}

}  // namespace assay::numerics

// What a bench checks before it measures a model: that the way which is measured gives the bits of
// a plainer one.
#pragma once

#include <string>

#include "assay/exec/executor.hpp"

namespace assay::bench {

// The instruction set of the plainer way. Scalar kernels would take minutes for a step of a
// transformer: AVX2 then, on a processor that has more, without fusion in any case. (The
// determinism tests hold transformers to the scalar kernels and to the reference.)
inline numerics::Isa plain_isa(const std::string& model) {
  const bool has_wider = numerics::is_supported(numerics::Isa::kAvx2);
  return model.starts_with("gpt") && has_wider ? numerics::Isa::kAvx2 : numerics::Isa::kScalar;
}

// One step from the initial state, fused on the best instruction set and unfused on plain_isa().
inline Status check_step(const std::string& model, const graph::ValidProgram& init,
                         const graph::ValidProgram& step, std::span<const TensorView> data,
                         TaskPool& pool) {
  constexpr std::uint64_t kSeed = 1;
  NamedTensors states[2];
  for (const bool plain : {false, true}) {
    exec::ExecutorOptions options;
    if (plain) options.isa = plain_isa(model);
    options.fuse = !plain;
    NamedTensors& state = states[plain ? 1 : 0];
    ASSAY_TRY(auto first, exec::Executor::create(init, {}, pool, options));
    state = first.make_state();
    first.step(0, kSeed, state);
    ASSAY_TRY(auto next, exec::Executor::create(step, data, pool, options));
    next.step(0, kSeed, state);
  }
  if (states[0] == states[1]) return {};
  return {ErrorCode::kIntegrity,
          model + ": a fused step on " + numerics::name_of(numerics::best_isa()) +
              " differs from an unfused one on " + numerics::name_of(plain_isa(model))};
}

}  // namespace assay::bench

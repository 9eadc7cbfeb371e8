# Every source of the judge: what tests/wasm compiles as wasm32 and tests/freestanding natively. The
# first is the SHA-256 function that it is handed.
set(ASSAY_JUDGE_SOURCES
  tests/wasm/sha256_wasm.cpp
  lib/referee/referee.cpp
  lib/dispute/game.cpp lib/dispute/moves.cpp lib/dispute/apply.cpp lib/dispute/signed_move.cpp
  lib/dispute/signer.cpp lib/dispute/claims.cpp lib/dispute/evidence.cpp
  lib/commit/merkle.cpp lib/commit/roots.cpp lib/commit/task.cpp
  lib/numerics/operator.cpp lib/numerics/fold.cpp lib/numerics/arithmetic_integer.cpp
  lib/numerics/functions_integer_exponential.cpp lib/numerics/functions_integer_circular.cpp
  lib/numerics/functions_integer_erf.cpp lib/numerics/wide_value.cpp)

// referee: an opening is judged, or it does not lead to the agreed roots. Input: which step (u8),
// the opening. Whatever opening is taken, the step gives the one true result: nobody can choose
// operands.
#include "assay/crypto/sha256.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/scenes.hpp"

using namespace assay;
using namespace assay::referee;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto& scenes = fuzz::scalar_scenes();
  const auto [choice, opening] = fuzz::select({data, size}, static_cast<unsigned>(scenes.size()));
  const fuzz::ScalarScene& scene = scenes[choice];
  const Sha256Function sha256 = crypto::sha256_function();
  numerics::FoldState computed;
  const Verdict verdict = judge(sha256, scene.position, opening, &computed);
  ASSAY_INVARIANT(verdict != Verdict::kVoid);
  if (verdict == Verdict::kInvalidOpening) return 0;
  numerics::FoldState truth;
  ASSAY_INVARIANT(judge(sha256, scene.position, scene.opening, &truth) == verdict);
  ASSAY_INVARIANT(computed == truth);
  ASSAY_INVARIANT(equal_bytes(opening, scene.opening));
  return 0;
}

// dispute: judging an evidence file is total, and what it convicts is one of its parties.
#include "assay/dispute/evidence.hpp"
#include "assay/crypto/ed25519.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/levels.hpp"
#include "fuzz/fuzz.hpp"

using namespace assay;
using namespace assay::dispute;

namespace {

// Beyond the signatures, where random bytes never come.
bool anything_is_signed(const Hash256&, ByteView, const std::uint8_t*) { return true; }

void judge(VerifyFunction verify, ByteView file) {
  const EvidenceReport report = judge_evidence(crypto::sha256_function(), verify, file);
  ASSAY_INVARIANT(to_string(report.verdict)[0] != '?');
  ASSAY_INVARIANT(report.move <= kMaxTurns);
  ASSAY_INVARIANT(!report.has_convicted || (report.verdict == EvidenceVerdict::kProven &&
                                            (report.convicted == report.terms.defender ||
                                             report.convicted == report.terms.challenger)));
  if (report.verdict == EvidenceVerdict::kProven || report.verdict == EvidenceVerdict::kUnfinished)
    ASSAY_INVARIANT(!explain(report.terms, report.position).empty());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  judge(crypto::ed25519_verify, {data, size});
  judge(anything_is_signed, {data, size});
  return 0;
}

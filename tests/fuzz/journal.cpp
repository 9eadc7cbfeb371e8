// training: journal segments, as they are and with the right digest behind them.
#include "assay/crypto/sha256.hpp"
#include "assay/training/checkpoints.hpp"
#include "fuzz/fuzz.hpp"

using namespace assay;
using namespace assay::training;

namespace {

void check(ByteView bytes) {
  const Result<JournalSegment> segment = decode_segment(bytes);
  if (segment) ASSAY_INVARIANT(equal_bytes(encode_segment(*segment), bytes));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check({data, size});
  Bytes whole(data, data + size);
  if (whole.size() >= 32) whole.resize(size - 32);
  const Hash256 digest = crypto::sha256(whole);
  whole.insert(whole.end(), digest.bytes.begin(), digest.bytes.end());
  check(whole);
  return 0;
}

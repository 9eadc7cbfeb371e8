// node: the index of a snapshot, which strangers offer. What decodes encodes to the same bytes, and
// its chunks are those of its archive.
#include "assay/node/snapshot_index.hpp"
#include "fuzz/fuzz.hpp"

using namespace assay;
using namespace assay::node;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  const Result<SnapshotIndex> index = decode_snapshot_index(bytes);
  if (!index) return 0;
  ASSAY_INVARIANT(equal_bytes(encode(*index), bytes));
  ASSAY_INVARIANT(index->chunks.size() <= kSnapshotChunksMax);
  std::uint64_t sum = 0;
  for (std::size_t chunk = 0; chunk < index->chunks.size(); ++chunk) {
    ASSAY_INVARIANT(index->size_of(chunk) > 0 && index->size_of(chunk) <= kSnapshotChunkBytes);
    sum += index->size_of(chunk);
  }
  ASSAY_INVARIANT(sum == index->bytes && index->size_of(index->chunks.size()) == 0);
  ASSAY_INVARIANT(describe(*index).chunks == index->chunks.size());
  return 0;
}

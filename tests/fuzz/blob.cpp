// blob: a manifest is taken only if it is the one of its blob; index entries have one text. Input:
// which blob, or 4 for an index entry (u8), the bytes.
#include "assay/blob/blob_client.hpp"

#include "fuzz/fuzz.hpp"

using namespace assay;
using namespace assay::blob;

namespace {

void check_manifest(unsigned which, ByteView bytes) {
  static const Bytes kBlobs[] = {
      {}, Bytes(5, 1), Bytes(kBlobChunkBytes, 2), Bytes(2 * kBlobChunkBytes + 1, 3)};
  static const Manifest kManifests[] = {Manifest::make(kBlobs[0]), Manifest::make(kBlobs[1]),
                                        Manifest::make(kBlobs[2]), Manifest::make(kBlobs[3])};
  const Manifest& truth = kManifests[which];
  const Result<Manifest> manifest = Manifest::decode(truth.id(), bytes);
  ASSAY_INVARIANT(manifest.has_value() == equal_bytes(bytes, truth.encode()));
  // As the blob itself.
  const Manifest made = Manifest::make(bytes);
  const Result<Manifest> again = Manifest::decode(made.id(), made.encode());
  ASSAY_INVARIANT(again && again->encode() == made.encode());
  for (std::uint64_t i = 0; i < made.chunk_count(); ++i)
    ASSAY_INVARIANT(made.is_chunk(i, bytes.subspan(i * kBlobChunkBytes, made.chunk_size(i))));
  ASSAY_INVARIANT(!truth.is_chunk(0, bytes) ||
                  equal_bytes(bytes, ByteView(kBlobs[which]).first(truth.chunk_size(0))));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [choice, bytes] = fuzz::select({data, size}, 5);
  if (choice < 4) {
    check_manifest(choice, bytes);
  } else if (const auto entry = index_entry_from_text(bytes)) {
    const std::string text = to_hex(entry->id.value) + " " + std::to_string(entry->size) + "\n";
    ASSAY_INVARIANT(equal_bytes(as_bytes(text), bytes));
  }
  return 0;
}

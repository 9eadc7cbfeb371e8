#include "assay/commit/roots.hpp"

#include "assay/core/contract.hpp"

namespace assay::commit {

namespace {

constexpr std::size_t kMaxFieldBytes = 160;

// H(0x02 || tag || what `write` writes).
template <class Write>
Hash256 headed_root(Sha256Function sha256, Tag tag, Write&& write) {
  std::array<std::uint8_t, kMaxFieldBytes> bytes;
  codec::FixedSink sink(bytes);
  codec::BasicWriter writer(sink);
  writer.u8(kHeaderPrefix);
  writer.u8(static_cast<std::uint8_t>(tag));
  write(writer);
  ASSAY_INVARIANT(!sink.overflowed());
  return sha256_of(sha256, {sink.written()});
}

}  // namespace

Hash256 tensor_root(Sha256Function sha256, const TensorType& type, const Hash256& list_root) {
  return headed_root(sha256, Tag::kTensor, [&](auto& writer) {
    write_type(writer, type);
    writer.hash(list_root);
  });
}

Hash256 counted_root(Sha256Function sha256, Tag tag, std::uint64_t count,
                     const Hash256& list_root) {
  ASSAY_EXPECTS(tag == Tag::kState || tag == Tag::kDataSet || tag == Tag::kTranscript);
  return headed_root(sha256, tag, [&](auto& writer) {
    writer.u64(count);
    writer.hash(list_root);
  });
}

Hash256 scalar_tensor_root(Sha256Function sha256, DType dtype, std::uint64_t bits) {
  std::uint8_t raw[8];
  store_le(raw, bits);
  const TensorType type{dtype, {}};
  return tensor_root(sha256, type, leaf_hash(sha256, ByteView{raw, size_of(dtype)}));
}

Hash256 program_root(Sha256Function sha256, const ProgramHeader& header) {
  return headed_root(sha256, Tag::kProgram,
                     [&](auto& writer) { write_program_header(writer, header); });
}

}  // namespace assay::commit

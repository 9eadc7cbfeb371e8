#include "assay/node/header_proof.hpp"

namespace assay::node {

namespace {

constexpr std::size_t kCometChainBytes = 16;  // CometBFT's chain ids are at most 50 characters

}  // namespace

std::string comet_chain_id(const ChainId& chain) {
  return to_hex(ByteView(chain.value.bytes).first(kCometChainBytes));
}

Bytes app_hash_of(const protocol::BlockHeader& header) { return to_bytes(hash_of(header).view()); }

const protocol::BlockHeader& header_of(const HeaderProof& proof) noexcept {
  const auto* const committed = std::get_if<CommittedHeader>(&proof);
  return committed != nullptr ? committed->header : std::get_if<SignedHeader>(&proof)->header;
}

Bytes encode(const HeaderProof& proof) {
  const auto* const committed = std::get_if<CommittedHeader>(&proof);
  if (committed == nullptr) return encode(*std::get_if<SignedHeader>(&proof));
  return codec::encode([&](codec::Writer& w) {
    w.raw(encode(committed->header));
    w.raw(encode(committed->next));
  });
}

Result<HeaderProof> decode_header_proof(ByteView bytes) {
  if (bytes.size() <= kSignedHeaderBytes) {
    ASSAY_TRY(auto signed_header, decode_signed_header(bytes));
    return HeaderProof(std::move(signed_header));
  }
  CommittedHeader committed;
  ASSAY_TRY(committed.header, protocol::decode_header(bytes.first(protocol::kHeaderBytes)));
  ASSAY_TRY(committed.next, comet::decode_light_block(bytes.subspan(protocol::kHeaderBytes)));
  return HeaderProof(std::move(committed));
}

}  // namespace assay::node

#include "assay/node/header.hpp"

#include <string_view>

#include "assay/commit/tree.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::node {

namespace {

constexpr std::string_view kHeaderDomain = "assay/block-header/1\n";
constexpr std::string_view kBeaconDomain = "assay/block-beacon/1\n";

bool verify(const Hash256& key, ByteView message, const crypto::Signature& signature) {
  return crypto::ed25519_verify(key, message, signature.data());
}

}  // namespace

void write_header(codec::Writer& w, const BlockHeader& h) {
  w.u16(h.version);
  w.hash(h.chain.value);
  w.u64(h.height.value);
  w.hash(h.parent);
  w.u64(h.time.value);
  w.hash(h.beacon);
  w.u32(h.tx_count);
  w.hash(h.tx_root);
  w.hash(h.state_root);
}

BlockHeader read_header(codec::Reader& r) {
  BlockHeader h;
  h.version = r.u16();
  if (h.version != kHeaderVersion) r.fail();
  h.chain = ChainId{r.hash()};
  h.height = Height{r.u64()};
  h.parent = r.hash();
  h.time = LedgerTimeMs{r.u64()};
  h.beacon = r.hash();
  h.tx_count = r.u32();
  h.tx_root = r.hash();
  h.state_root = r.hash();
  return h;
}

Bytes encode(const SignedHeader& header) {
  return codec::encode([&](codec::Writer& w) {
    write_header(w, header.header);
    w.raw(header.beacon_signature);
    w.raw(header.signature);
  });
}

Result<SignedHeader> decode_signed_header(ByteView bytes) {
  codec::Reader reader(bytes);
  SignedHeader header;
  header.header = read_header(reader);
  for (crypto::Signature* s : {&header.beacon_signature, &header.signature}) {
    const ByteView taken = reader.take(s->size());
    if (taken.size() == s->size()) std::memcpy(s->data(), taken.data(), s->size());
  }
  if (!reader.finish()) return {ErrorCode::kMalformed, "these bytes are no block header"};
  return header;
}

Hash256 header_hash(const BlockHeader& header) {
  return crypto::sha256(codec::encode([&](codec::Writer& w) {
    w.u8(commit::kHeaderPrefix);
    w.u8(kBlockTag);
    write_header(w, header);
  }));
}

Bytes header_message(const BlockHeader& header) {
  return codec::encode([&](codec::Writer& w) {
    w.raw(as_bytes(kHeaderDomain));
    w.hash(header_hash(header));
  });
}

Bytes beacon_message(const ChainId& chain, const Hash256& parent, Height height) {
  return codec::encode([&](codec::Writer& w) {
    w.raw(as_bytes(kBeaconDomain));
    w.hash(chain.value);
    w.hash(parent);
    w.u64(height.value);
  });
}

Hash256 transactions_root(const std::vector<Bytes>& transactions) {
  return commit::MerkleTree(commit::leaf_hashes(transactions)).root();
}

SignedHeader sign_header(const crypto::KeyPair& operator_key, BlockHeader header) {
  SignedHeader out;
  out.beacon_signature =
      operator_key.sign(beacon_message(header.chain, header.parent, header.height));
  header.beacon = crypto::sha256(out.beacon_signature);
  out.header = header;
  out.signature = operator_key.sign(header_message(header));
  return out;
}

const char* to_string(HeaderVerdict verdict) noexcept {
  switch (verdict) {
    case HeaderVerdict::kValid: return "valid";
    case HeaderVerdict::kWrongVersion: return "wrong version";
    case HeaderVerdict::kWrongChain: return "wrong chain";
    case HeaderVerdict::kWrongHeight: return "wrong height";
    case HeaderVerdict::kWrongParent: return "wrong parent";
    case HeaderVerdict::kTimeRunsBack: return "time runs back";
    case HeaderVerdict::kTimeLeaps: return "time leaps";
    case HeaderVerdict::kWrongBeacon: return "wrong beacon";
    case HeaderVerdict::kWrongSignature: return "wrong signature";
  }
  return "?";
}

HeaderVerdict verify_header(const ChainId& chain, const Hash256& operator_key,
                            const SignedHeader& signed_header) {
  const BlockHeader& h = signed_header.header;
  if (h.version != kHeaderVersion) return HeaderVerdict::kWrongVersion;
  if (h.chain != chain) return HeaderVerdict::kWrongChain;
  if (h.beacon != crypto::sha256(signed_header.beacon_signature) ||
      !verify(operator_key, beacon_message(h.chain, h.parent, h.height),
              signed_header.beacon_signature))
    return HeaderVerdict::kWrongBeacon;
  if (!verify(operator_key, header_message(h), signed_header.signature))
    return HeaderVerdict::kWrongSignature;
  return HeaderVerdict::kValid;
}

HeaderVerdict verify_successor(const Hash256& operator_key, const BlockHeader& parent,
                               const SignedHeader& signed_header) {
  const BlockHeader& h = signed_header.header;
  if (h.version != kHeaderVersion) return HeaderVerdict::kWrongVersion;
  if (h.chain != parent.chain) return HeaderVerdict::kWrongChain;
  if (h.height.value == 0 || h.height.value - 1 != parent.height.value)
    return HeaderVerdict::kWrongHeight;
  if (h.parent != header_hash(parent)) return HeaderVerdict::kWrongParent;
  if (h.time < parent.time) return HeaderVerdict::kTimeRunsBack;
  if (h.time.value - parent.time.value > kMaxBlockTimeStepMs) return HeaderVerdict::kTimeLeaps;
  return verify_header(parent.chain, operator_key, signed_header);
}

}  // namespace assay::node

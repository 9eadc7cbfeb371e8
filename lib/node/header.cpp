#include "assay/node/header.hpp"

#include <string_view>

#include "assay/crypto/sha256.hpp"

namespace assay::node {

using protocol::BlockHeader;

namespace {

constexpr std::string_view kHeaderDomain = "assay/block-header/1\n";
constexpr std::string_view kBeaconDomain = "assay/block-beacon/1\n";

bool verify(const Hash256& key, ByteView message, const crypto::Signature& signature) {
  return crypto::ed25519_verify(key, message, signature.data());
}

bool beacon_holds(const Hash256& key, const SignedHeader& s) {
  const BlockHeader& h = s.header;
  // Genesis is a record that everybody has: nobody draws for it.
  if (h.height.value == 0)
    return h.beacon == Hash256{} && s.beacon_signature == crypto::Signature{};
  return h.beacon == crypto::sha256(s.beacon_signature) &&
         verify(key, beacon_message(h.chain, h.parent, h.height), s.beacon_signature);
}

}  // namespace

Bytes encode(const SignedHeader& header) {
  return codec::encode([&](codec::Writer& w) {
    w.raw(encode(header.header));
    w.raw(header.beacon_signature);
    w.raw(header.signature);
  });
}

Result<SignedHeader> decode_signed_header(ByteView bytes) {
  if (bytes.size() != kSignedHeaderBytes)
    return {ErrorCode::kMalformed,
            "a signed block header has " + std::to_string(kSignedHeaderBytes) + " bytes"};
  SignedHeader out;
  ASSAY_TRY(out.header, protocol::decode_header(bytes.first(protocol::kHeaderBytes)));
  const std::uint8_t* signatures = bytes.data() + protocol::kHeaderBytes;
  std::memcpy(out.beacon_signature.data(), signatures, out.beacon_signature.size());
  std::memcpy(out.signature.data(), signatures + out.beacon_signature.size(), out.signature.size());
  return out;
}

Bytes header_message(const BlockHeader& header) {
  return codec::encode([&](codec::Writer& w) {
    w.raw(as_bytes(kHeaderDomain));
    w.hash(hash_of(header));
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

Beacon make_beacon(const crypto::KeyPair& operator_key, const BlockHeader& parent) {
  Beacon beacon;
  beacon.signature = operator_key.sign(
      beacon_message(parent.chain, hash_of(parent), Height{parent.height.value + 1}));
  beacon.value = crypto::sha256(beacon.signature);
  return beacon;
}

Hash256 replicated_beacon(const BlockHeader& parent) {
  return crypto::sha256({as_bytes("assay/beacon/replicated/1"), hash_of(parent).view()});
}

crypto::Signature sign_header(const crypto::KeyPair& operator_key, const BlockHeader& header) {
  return operator_key.sign(header_message(header));
}

const char* to_string(HeaderVerdict verdict) noexcept {
  switch (verdict) {
    case HeaderVerdict::kValid: return "valid";
    case HeaderVerdict::kWrongForm: return "not the form of this chain's headers";
    case HeaderVerdict::kWrongChain: return "wrong chain";
    case HeaderVerdict::kWrongHeight: return "wrong height";
    case HeaderVerdict::kWrongParent: return "wrong parent";
    case HeaderVerdict::kTimeRunsBack: return "time runs back";
    case HeaderVerdict::kTimeLeaps: return "time leaps";
    case HeaderVerdict::kWrongBeacon: return "wrong beacon";
    case HeaderVerdict::kWrongSignature: return "wrong signature";
    case HeaderVerdict::kWrongAppHash: return "not the header that CometBFT's next one names";
    case HeaderVerdict::kNotAgreed: return "not agreed on by CometBFT's validators";
    case HeaderVerdict::kContradiction: return "contradicts a header signed before";
  }
  return "?";
}

HeaderVerdict verify_header(const ChainId& chain, const Hash256& operator_key,
                            const SignedHeader& signed_header) {
  if (signed_header.header.chain != chain) return HeaderVerdict::kWrongChain;
  if (!beacon_holds(operator_key, signed_header)) return HeaderVerdict::kWrongBeacon;
  if (!verify(operator_key, header_message(signed_header.header), signed_header.signature))
    return HeaderVerdict::kWrongSignature;
  return HeaderVerdict::kValid;
}

HeaderVerdict verify_link(const BlockHeader& parent, const BlockHeader& h) {
  if (h.chain != parent.chain) return HeaderVerdict::kWrongChain;
  if (h.height.value == 0 || h.height.value - 1 != parent.height.value)
    return HeaderVerdict::kWrongHeight;
  if (h.parent != hash_of(parent)) return HeaderVerdict::kWrongParent;
  if (h.time_ms < parent.time_ms || h.ledger_time < parent.ledger_time)
    return HeaderVerdict::kTimeRunsBack;
  if (h.ledger_time.value - parent.ledger_time.value > protocol::kMaxLedgerStepMs)
    return HeaderVerdict::kTimeLeaps;
  return HeaderVerdict::kValid;
}

HeaderVerdict verify_replicated(const BlockHeader& parent, const BlockHeader& header) {
  const HeaderVerdict link = verify_link(parent, header);
  if (link != HeaderVerdict::kValid) return link;
  return header.beacon == replicated_beacon(parent) ? HeaderVerdict::kValid
                                                    : HeaderVerdict::kWrongBeacon;
}

HeaderVerdict verify_successor(const Hash256& operator_key, const BlockHeader& parent,
                               const SignedHeader& signed_header) {
  const HeaderVerdict link = verify_link(parent, signed_header.header);
  return link == HeaderVerdict::kValid ? verify_header(parent.chain, operator_key, signed_header)
                                       : link;
}

HeaderVerdict verify_block(const protocol::Genesis& genesis, const BlockHeader* parent,
                           const SignedHeader& block) {
  const ChainId chain = chain_id_of(genesis);
  if (!is_replicated(genesis))
    return parent != nullptr ? verify_successor(genesis.operator_key, *parent, block)
                             : verify_header(chain, genesis.operator_key, block);
  const HeaderVerdict verdict =
      parent != nullptr
          ? verify_replicated(*parent, block.header)
          : (block.header.chain == chain ? HeaderVerdict::kValid : HeaderVerdict::kWrongChain);
  // Nobody signs, so nothing else may stand there.
  const bool sealed =
      block.beacon_signature != crypto::Signature{} || block.signature != crypto::Signature{};
  return verdict == HeaderVerdict::kValid && sealed ? HeaderVerdict::kWrongSignature : verdict;
}

}  // namespace assay::node

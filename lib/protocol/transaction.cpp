#include "assay/protocol/transaction.hpp"

#include "assay/core/contract.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::protocol {

Bytes encode_body(const Envelope& e) {
  return codec::encode([&](codec::Writer& w) {
    w.u8(kTxVersion);
    w.hash(e.chain.value);
    w.hash(e.sender.value);
    w.u64(e.nonce);
    w.raw(e.client_id);
    w.u64(e.valid_until.value);
    w.u8(static_cast<std::uint8_t>(kind_of(e.payload)));
    w.bytes(encode_payload(e.payload));
  });
}

TxId tx_digest(ByteView body) { return TxId{crypto::sha256({as_bytes("assay/tx/1"), body})}; }

Bytes sign_transaction(const Envelope& envelope, const crypto::KeyPair& key) {
  ASSAY_EXPECTS(key.public_key() == envelope.sender.value);
  Bytes bytes = encode_body(envelope);
  const crypto::Signature signature = key.sign(tx_digest(bytes).value.view());
  bytes.insert(bytes.end(), signature.begin(), signature.end());
  return bytes;
}

TxVerdict parse_transaction(const ChainId& chain, ByteView bytes, ParsedTransaction& out) {
  if (bytes.size() > kMaxTransactionBytes) return TxVerdict::kTooLong;
  if (bytes.size() < kEnvelopeBytes + out.signature.size()) return TxVerdict::kMalformed;
  const ByteView body = bytes.first(bytes.size() - out.signature.size());
  std::memcpy(out.signature.data(), bytes.data() + body.size(), out.signature.size());

  codec::Reader r(body);
  const std::uint8_t version = r.u8();
  Envelope& e = out.envelope;
  e.chain = ChainId{r.hash()};
  e.sender = AccountId{r.hash()};
  e.nonce = r.u64();
  const ByteView client_id = r.take(e.client_id.size());
  if (!client_id.empty()) std::memcpy(e.client_id.data(), client_id.data(), client_id.size());
  e.valid_until = Height{r.u64()};
  const std::uint8_t kind = r.u8();
  const ByteView payload = r.bytes(kMaxTransactionBytes);
  if (!r.finish()) return TxVerdict::kMalformed;
  if (version != kTxVersion) return TxVerdict::kUnknownVersion;
  if (e.chain != chain) return TxVerdict::kWrongChain;
  if (kind < 1 || kind > kTxKindLast) return TxVerdict::kUnknownKind;
  if (!decode_payload(static_cast<TxKind>(kind), payload, e.payload))
    return TxVerdict::kMalformedPayload;
  out.id = tx_digest(body);
  out.content = crypto::sha256({as_bytes("assay/tx-content/1"), ByteView{&kind, 1}, payload});
  if (!crypto::ed25519_verify(e.sender.value, out.id.value.view(), out.signature.data()))
    return TxVerdict::kWrongSignature;
  return TxVerdict::kApplied;
}

std::optional<TxKind> claimed_kind(ByteView bytes) noexcept {
  constexpr std::size_t kKindAt = 1 + 32 + 32 + 8 + 16 + 8;
  if (bytes.size() < kEnvelopeBytes) return std::nullopt;
  const std::uint8_t kind = bytes[kKindAt];
  if (kind < 1 || kind > kTxKindLast) return std::nullopt;
  return static_cast<TxKind>(kind);
}

bool is_game_kind(TxKind kind) noexcept {
  return kind == TxKind::kCommitChallenge || kind == TxKind::kRevealChallenge ||
         kind == TxKind::kStandUp || kind == TxKind::kPlayMove ||
         kind == TxKind::kReportContradiction || kind == TxKind::kDisclose ||
         kind == TxKind::kDemandChunk || kind == TxKind::kSupplyChunk ||
         kind == TxKind::kRegisterDelegate || kind == TxKind::kRevokeDelegate ||
         kind == TxKind::kReportDivergence || kind == TxKind::kShowShare;
}

TxVerdict VerifiedTransaction::verify(const ChainId& chain, Bytes bytes, TxId& id,
                                      std::optional<VerifiedTransaction>& out) {
  auto content = std::make_shared<Content>();
  const TxVerdict verdict = parse_transaction(chain, bytes, content->parsed);
  id = content->parsed.id;
  if (verdict != TxVerdict::kApplied) return verdict;
  content->bytes = std::move(bytes);
  out = VerifiedTransaction(std::move(content));
  return verdict;
}

}  // namespace assay::protocol

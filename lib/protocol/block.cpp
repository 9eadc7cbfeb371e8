#include "assay/protocol/block.hpp"

#include "assay/crypto/sha256.hpp"
#include "internal/wire.hpp"

namespace assay::protocol {

namespace {

using codec::Reader;
using codec::Writer;
using namespace wire;

constexpr std::size_t kMaxEvents = 1u << 20;  // of one receipt that we wrote ourselves
constexpr std::size_t kMinEventBytes =
    34;  // kind, an id and one byte more: so that a count cannot announce what is not there

Error malformed(const char* what) {
  return Error{ErrorCode::kMalformed, std::string("these bytes are no ") + what};
}

}  // namespace

Bytes encode(const Genesis& g) {
  return codec::encode([&](Writer& w) {
    w.bytes(as_bytes(g.name));
    w.hash(g.operator_key);
    w.u64(g.time_ms);
    w.u32(static_cast<std::uint32_t>(g.accounts.size()));
    for (const GenesisAccount& a : g.accounts) {
      put(w, a.account);
      put(w, a.amount);
      put(w, a.staked);
    }
    if (g.operator_key == Hash256{}) w.hash(g.validators_hash);
  });
}

Result<Genesis> decode_genesis(ByteView bytes) {
  Reader r(bytes);
  Genesis g;
  const ByteView name = r.bytes(64);
  g.name.assign(name.begin(), name.end());
  g.operator_key = r.hash();
  g.time_ms = r.u64();
  g.accounts.resize(r.count(kMaxGenesisAccounts, 48));
  for (GenesisAccount& a : g.accounts) {
    get(r, a.account);
    get(r, a.amount);
    get(r, a.staked);
  }
  if (g.operator_key == Hash256{}) g.validators_hash = r.hash();
  if (!r.finish() || g.name.empty()) return malformed("genesis record");
  return g;
}

ChainId chain_id_of(const Genesis& genesis) {
  return ChainId{crypto::sha256({as_bytes("assay/genesis/1"), encode(genesis)})};
}

Bytes encode(const BlockHeader& h) {
  return codec::encode([&](Writer& w) {
    put(w, h.chain);
    put(w, h.height);
    w.u64(h.time_ms);
    put(w, h.ledger_time);
    for (const Hash256* hash : {&h.beacon, &h.parent, &h.tx_root, &h.receipts_root, &h.state_root})
      w.hash(*hash);
  });
}

Result<BlockHeader> decode_header(ByteView bytes) {
  Reader r(bytes);
  BlockHeader h;
  get(r, h.chain);
  get(r, h.height);
  h.time_ms = r.u64();
  get(r, h.ledger_time);
  for (Hash256* hash : {&h.beacon, &h.parent, &h.tx_root, &h.receipts_root, &h.state_root})
    *hash = r.hash();
  if (!r.finish()) return malformed("block header");
  return h;
}

Hash256 hash_of(const BlockHeader& header) {
  return crypto::sha256({as_bytes("assay/header/1"), encode(header)});
}

Bytes encode(const Receipt& receipt) {
  return codec::encode([&](Writer& w) {
    put(w, receipt.id);
    w.u16(static_cast<std::uint16_t>(receipt.verdict));
    w.u8(receipt.detail);
    w.flag(receipt.repeated);
    w.u32(static_cast<std::uint32_t>(receipt.events.size()));
    for (const Event& event : receipt.events) write(w, event);
  });
}

Result<Receipt> decode_receipt(ByteView bytes) {
  Reader r(bytes);
  Receipt receipt;
  get(r, receipt.id);
  const std::uint16_t verdict = r.u16();
  if (verdict > kTxVerdictLast) r.fail();
  receipt.verdict = static_cast<TxVerdict>(verdict);
  receipt.detail = r.u8();
  receipt.repeated = r.flag();
  receipt.events.resize(r.count(kMaxEvents, kMinEventBytes));
  for (Event& event : receipt.events) read(r, event);
  if (!r.finish()) return malformed("receipt");
  return receipt;
}

}  // namespace assay::protocol

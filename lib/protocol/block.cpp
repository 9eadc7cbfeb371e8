#include "assay/protocol/block.hpp"

#include "assay/crypto/sha256.hpp"
#include "internal/wire.hpp"

namespace assay::protocol {

namespace {

using codec::Reader;
using codec::Writer;
using namespace wire;

constexpr std::size_t kMaxEvents = 1u << 20;  // of one receipt that we wrote ourselves
constexpr std::size_t kMisbehaviourBytes = 1 + 20 + 8;
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
    if (g.operator_key != Hash256{}) return;
    w.hash(g.validators_hash);
    if (g.validators.empty()) return;
    w.u32(static_cast<std::uint32_t>(g.validators.size()));
    for (const GenesisValidator& v : g.validators) {
      put(w, v.account);
      w.hash(v.key);
      put(w, v.stake);
      w.raw(v.share_key);
      w.raw(v.share_proof);
    }
    w.u64(g.share_window_ms);
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
  if (g.operator_key == Hash256{} && r.remaining() != 0) {
    g.validators.resize(r.count(kMaxValidators, 186));
    for (GenesisValidator& v : g.validators) {
      get(r, v.account);
      v.key = r.hash();
      get(r, v.stake);
      get_raw(r, v.share_key);
      get_raw(r, v.share_proof);
    }
    g.share_window_ms = r.u64();
    if (g.validators.empty()) r.fail();
  }
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

Bytes encode(std::span<const Misbehaviour> misbehaviour) {
  if (misbehaviour.empty()) return {};
  return codec::encode([&](Writer& w) {
    w.u32(static_cast<std::uint32_t>(misbehaviour.size()));
    for (const Misbehaviour& one : misbehaviour) {
      put_enum(w, one.kind);
      w.raw(one.validator);
      put(w, one.height);
    }
  });
}

Result<std::vector<Misbehaviour>> decode_misbehaviour(ByteView bytes) {
  std::vector<Misbehaviour> misbehaviour;
  if (bytes.empty()) return misbehaviour;
  Reader r(bytes);
  misbehaviour.resize(r.count(kMaxMisbehaviours, kMisbehaviourBytes));
  for (Misbehaviour& one : misbehaviour) {
    get_enum(r, one.kind, MisbehaviourKind::kLightClientAttack);
    const ByteView address = r.take(one.validator.size());
    if (!address.empty()) std::memcpy(one.validator.data(), address.data(), address.size());
    get(r, one.height);
  }
  if (!r.finish() || misbehaviour.empty()) return malformed("list of misbehaviour");
  return misbehaviour;
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

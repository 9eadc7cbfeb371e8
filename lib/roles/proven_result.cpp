#include "internal/proven_result.hpp"

#include "assay/codec/json.hpp"
#include "assay/commit/map_proof.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::roles::internal {

namespace {

using codec::Json;
using codec::JsonRef;

constexpr std::uint8_t kFirstResults = 'I';
constexpr std::size_t kEntryBytes = 32 + 16 + 32 + 32 + 2 + 1;

Bytes key_of_results(Height height) {
  Bytes key{kFirstResults};
  for (int shift = 56; shift >= 0; shift -= 8)
    key.push_back(static_cast<std::uint8_t>(height.value >> shift));
  return key;
}

}  // namespace

Result<std::optional<ProvenResult>> find_result(ByteView record, const AccountId& sender,
                                                const protocol::ClientId& client_id) {
  if (record.size() % kEntryBytes != 0)
    return {ErrorCode::kMalformed, "a record of first results has another length"};
  for (; !record.empty(); record = record.subspan(kEntryBytes)) {
    codec::Reader r(record.first(kEntryBytes));
    if (AccountId(r.hash()) != sender || !equal_bytes(r.take(client_id.size()), client_id))
      continue;
    ProvenResult found;
    found.id = TxId(r.hash());
    found.content = r.hash();
    const std::uint16_t verdict = r.u16();
    found.verdict = static_cast<protocol::TxVerdict>(verdict);
    found.detail = r.u8();
    if (!r.finish() || verdict > protocol::kTxVerdictLast)
      return {ErrorCode::kMalformed, "a record of first results has an unknown result"};
    return std::optional(found);
  }
  return std::optional<ProvenResult>{};
}

Result<std::optional<ProvenResult>> ask_result(rpc::RpcClient& client,
                                               const protocol::BlockHeader& head,
                                               const AccountId& sender,
                                               const protocol::ClientId& client_id, Height height) {
  if (height.value == 0) {
    ASSAY_TRY(const Json first,
              client.call("client_result", Json::object({{"sender", to_hex(sender.value)},
                                                         {"client_id", to_hex(client_id)}})));
    ASSAY_TRY(height.value, JsonRef(first)["height"].u64());
  }
  if (height > head.height)
    return {ErrorCode::kUnavailable, "a result of a block that is not shown yet"};
  const Bytes key = key_of_results(height);
  ASSAY_TRY(const Json answer,
            client.call("proof", Json::object({{"key", Json(to_hex(key))},
                                               {"height", Json(head.height.value)}})));
  ASSAY_TRY(const Bytes proof, JsonRef(answer)["proof"].hex());
  const JsonRef value = JsonRef(answer)["value"];
  std::optional<Bytes> record;
  if (value.exists()) {
    ASSAY_TRY(record, value.hex());
  }
  const auto verdict =
      record
          ? commit::verify_present(crypto::sha256_function(), head.state_root, key, *record, proof)
          : commit::verify_absent(crypto::sha256_function(), head.state_root, key, proof);
  if (verdict != commit::MapProofVerdict::kValid)
    return {ErrorCode::kIntegrity,
            std::string("what became of a transaction: ") + commit::to_string(verdict)};
  if (!record) return std::optional<ProvenResult>{};
  return find_result(*record, sender, client_id);
}

}  // namespace assay::roles::internal

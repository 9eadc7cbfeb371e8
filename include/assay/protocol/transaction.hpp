// Transactions: an envelope around one payload, and the sender's signature over the bytes as sent
// (docs/spec/protocol.md). Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "assay/protocol/horizon.hpp"
#include "assay/protocol/payloads.hpp"
#include "assay/protocol/verdict.hpp"

namespace assay::protocol {

inline constexpr std::uint8_t kTxVersion = 1;
inline constexpr std::size_t kMaxTransactionBytes = 24 * 1024;
inline constexpr std::uint64_t kMaxNonceGap = std::uint64_t{1} << 32;

struct Envelope {
  ChainId chain;
  AccountId sender;
  std::uint64_t nonce = 0;  // above the sender's last; gaps are allowed
  ClientId client_id{};     // a repeated id is answered with the first result and does nothing
  Height valid_until;       // the last block that may hold it
  Payload payload;
};

// Body: version u8, chain 32, sender 32, nonce u64, client id 16, valid_until u64, kind u8, payload
// (length-prefixed). A transaction is its body and the signature (64) over tx_digest(body).
inline constexpr std::size_t kEnvelopeBytes = 1 + 32 + 32 + 8 + 16 + 8 + 1 + 4;
[[nodiscard]] Bytes encode_body(const Envelope& envelope);
// H("assay/tx/1" || body): what is signed, and the transaction's id.
[[nodiscard]] TxId tx_digest(ByteView body);
// Requires that `key` is the envelope's sender.
[[nodiscard]] Bytes sign_transaction(const Envelope& envelope, const crypto::KeyPair& key);

struct ParsedTransaction {
  Envelope envelope;
  TxId id;
  Hash256 content;  // of kind and payload: what a client id stands for
  crypto::Signature signature{};
};
// Everything that bytes alone decide, in order of precedence, the signature last.
[[nodiscard]] TxVerdict parse_transaction(const ChainId& chain, ByteView bytes,
                                          ParsedTransaction& out);

// What kind these bytes claim to be, at a glance; none if they are no transaction.
[[nodiscard]] std::optional<TxKind> claimed_kind(ByteView bytes) noexcept;

// Challenges, their reveals, stand-ups, moves, contradictions and disclosures: half of every block
// is for them alone.
[[nodiscard]] bool is_game_kind(TxKind kind) noexcept;

// A transaction of a chain whose signature was checked: parse_transaction said kApplied of these
// bytes. Only verify() makes one, so that whoever holds it need not check again. Copies share.
class VerifiedTransaction {
 public:
  // parse_transaction's verdict; `out` is set if it is kApplied, `id` as far as the bytes have one.
  [[nodiscard]] static TxVerdict verify(const ChainId& chain, Bytes bytes, TxId& id,
                                        std::optional<VerifiedTransaction>& out);
  [[nodiscard]] ByteView bytes() const noexcept { return m_content->bytes; }
  [[nodiscard]] const ParsedTransaction& parsed() const noexcept { return m_content->parsed; }

 private:
  struct Content {
    Bytes bytes;
    ParsedTransaction parsed;
  };
  explicit VerifiedTransaction(std::shared_ptr<const Content> content)
      : m_content(std::move(content)) {}
  std::shared_ptr<const Content> m_content;
};

// The one table of transactions. A test fails on a row with a hole.
struct TxRow {
  TxKind kind;
  const char* name;
  std::size_t payload_bytes_max;
  const char* spec_section;  // a heading of docs/spec/protocol.md
  const char* tamper_test;   // in tests/unit/protocol
  const char* fuzz_target;   // of tests/fuzz
};
[[nodiscard]] std::span<const TxRow> transaction_table() noexcept;
[[nodiscard]] const TxRow& row_of(TxKind kind) noexcept;
[[nodiscard]] inline const char* to_string(TxKind kind) noexcept { return row_of(kind).name; }

}  // namespace assay::protocol

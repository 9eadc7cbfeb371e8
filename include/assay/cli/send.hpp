// `assay send KIND`: one transaction made, signed, sent and answered, for whoever acts by hand and
// not by a role program (docs/spec/cli.md). One table has every kind that it knows.
#pragma once

#include <map>
#include <span>

#include "assay/cli/party.hpp"
#include "assay/protocol/transaction.hpp"

namespace assay::cli {

// The options of one kind, as they were given; empty: not given. Every error names the option.
class SendValues {
 public:
  explicit SendValues(std::map<std::string, std::string> texts = {}) : m_texts(std::move(texts)) {}
  [[nodiscard]] std::string& text(const std::string& name) { return m_texts[name]; }

  // kInvalidArgument: missing, or no such value.
  [[nodiscard]] Result<std::string> need(const std::string& name) const;
  [[nodiscard]] Result<Hash256> hash(const std::string& name) const;
  [[nodiscard]] Result<crypto::Signature> signature(const std::string& name) const;
  template <std::size_t kBytes>
  [[nodiscard]] Result<std::array<std::uint8_t, kBytes>> array(const std::string& name) const {
    ASSAY_TRY(const std::string text, need(name));
    const auto bytes = array_from_hex<kBytes>(text);
    if (bytes) return *bytes;
    return {ErrorCode::kInvalidArgument,
            "--" + name + " is " + std::to_string(2 * kBytes) + " hexadecimal digits"};
  }
  // A ledger time in ms; "revoked" is the last there is.
  [[nodiscard]] Result<std::uint64_t> time_until(const std::string& name) const;
  // Of `tokens` or `atoms`, one of which must be given.
  [[nodiscard]] Result<Amount> amount() const;

 private:
  [[nodiscard]] std::string given(const std::string& name) const;
  std::map<std::string, std::string> m_texts;
};

struct SendField {
  const char* name;
  const char* help;
};
struct SendRow {
  protocol::TxKind kind;
  const char* help;
  std::vector<SendField> fields;
  Result<protocol::Payload> (*build)(const SendValues& values);
};
[[nodiscard]] std::span<const SendRow> send_table();
// The two about pieces of a claim, of the table's rows.
[[nodiscard]] Result<protocol::Payload> demand_chunk(const SendValues& values);
[[nodiscard]] Result<protocol::Payload> supply_chunk(const SendValues& values);
[[nodiscard]] Result<protocol::Payload> attest_data(const SendValues& values);
// The kind's name with hyphens: "award-quote".
[[nodiscard]] std::string command_name(protocol::TxKind kind);

struct SendSettings {
  PartySettings party;
  SendValues values;
  std::string id;  // 32 hexadecimal digits; empty: random
  std::uint64_t valid_blocks = 1000;
  bool json = false;
};

// What the ledger answered.
struct Sent {
  bool applied = false;
  std::string text;
  codec::Json json;
};
// Signs and sends it under `client_id`, and waits for the block that holds it. A nonce that another
// program of the same account has used meanwhile is replaced. Errors: those of the key, the genesis
// record and the connection; a refusal is none.
[[nodiscard]] Result<Sent> send_payload(const SendSettings& settings,
                                        const protocol::ClientId& client_id,
                                        const protocol::Payload& payload);

// Adds `send` with a command for each row. Both must outlive the parse.
void add_send_command(Command& root, SendSettings& settings, ExitCode& exit_code);

}  // namespace assay::cli

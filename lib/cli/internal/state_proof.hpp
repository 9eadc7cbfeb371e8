// What the call `proof` answers, read and checked as a light client does.
#pragma once

#include "assay/cli/party.hpp"
#include "assay/node/light_client.hpp"
#include "assay/protocol/records.hpp"

namespace assay::cli::internal {

struct StateProof {
  Bytes key, proof;
  std::optional<Bytes> value;  // none: the proof is of absence
  node::HeaderProof header;
};
// kMalformed.
[[nodiscard]] Result<StateProof> read_state_proof(const codec::Json& json);
// Why its header or its proof proves nothing on this chain; empty if it does. `comet_header`: the
// hash of CometBFT's next header, where it is known from elsewhere; else the genesis record names
// the validators of a replicated ledger. `ask`: where they may have changed since, for headers
// between.
[[nodiscard]] std::string fault_of(const protocol::Genesis& genesis, const StateProof& proof,
                                   std::uint64_t now_ms,
                                   const std::optional<Hash256>& comet_header = {},
                                   const node::AskHeaderProof& ask = {});

// A whole record of `value`, or none.
template <class Record>
std::optional<Record> decoded(ByteView value) {
  codec::Reader reader(value);
  Record record;
  read(reader, record);
  return reader.finish() ? std::optional(std::move(record)) : std::nullopt;
}

struct PostedTask {
  protocol::TaskRecord record;
  Height height;  // at which it stood so
};
// From the party's ledger, proven by its operator's header. kNotFound: there is no such task.
[[nodiscard]] Result<PostedTask> read_posted_task(const PartySettings& settings,
                                                  const TaskId& task);

}  // namespace assay::cli::internal

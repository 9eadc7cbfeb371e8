// The ledger's records, events and views as JSON, for calls and scripts: amounts, nonces and seeds
// as decimal strings, times, counts and steps as numbers, hashes and bytes as hexadecimal digits
// (docs/spec/rpc.md). One way only: machines that must agree on bytes exchange encoded views.
#pragma once

#include "assay/codec/json.hpp"
#include "assay/node/ledger_node.hpp"

namespace assay::node {

[[nodiscard]] codec::Json to_json(const protocol::BlockHeader& header);
[[nodiscard]] codec::Json to_json(
    const protocol::Event& event);  // "event": its name, and its fields
[[nodiscard]] codec::Json to_json(const protocol::Receipt& receipt);
[[nodiscard]] codec::Json to_json(const protocol::AccountView& account);
[[nodiscard]] codec::Json to_json(const protocol::Totals& totals);
[[nodiscard]] codec::Json to_json(const protocol::BeaconRound& round);
[[nodiscard]] codec::Json to_json(const protocol::ValidatorRecord& validator);
[[nodiscard]] codec::Json to_json(const protocol::Misbehaviour& misbehaviour);
[[nodiscard]] codec::Json to_json(const protocol::TaskView& task);  // without its claims' records
[[nodiscard]] codec::Json to_json(
    const protocol::ClaimView& claim);  // without its challenges' games
[[nodiscard]] codec::Json to_json(const protocol::ChallengeView& challenge);
[[nodiscard]] codec::Json to_json(const protocol::GameRecord& game);
// What a person wants to see of where a game stands.
[[nodiscard]] codec::Json to_json(const dispute::Position& position);
[[nodiscard]] codec::Json to_json(const TxOutcome& outcome);

// "detail" of a verdict that names another table, in words; empty for the others.
[[nodiscard]] std::string detail_text(protocol::TxVerdict verdict, std::uint8_t detail);

}  // namespace assay::node

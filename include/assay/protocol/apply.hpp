// The state machine of the ledger: pure, deterministic, no I/O (docs/spec/protocol.md). The state
// is what `store` holds; whatever a block changes comes out as one batch, and the caller writes it
// (atomically and synced) before the next block. Any number of threads may read the store
// meanwhile.
//
// Errors: kInvalidArgument for a block that cannot follow the head (height, time, limits), what the
// store returns, kIntegrity for records that are damaged. A transaction is never an error: it gets
// a verdict in its receipt.
#pragma once

#include "assay/protocol/block.hpp"

namespace assay::protocol {

// The first batch of an empty store, and the genesis header.
// Errors also: kAlreadyExists if the store has a chain, kInvalidArgument for a genesis over its
// limits.
[[nodiscard]] Result<BlockResult> init_chain(const KeyValueStore& store, const Genesis& genesis);

// INV-PRO-001: balances, receipts and roots are a function of the store's contents and the block
// alone. INV-PRO-002: conservation and solvency of every account that changed are checked before it
// returns; a violation aborts.
[[nodiscard]] Result<BlockResult> apply(const KeyValueStore& store, const Block& block);

// The ledger time of a block after `head` at this Unix time: it adds at most kMaxLedgerStepMs, and
// so stands still when the ledger does.
[[nodiscard]] LedgerTimeMs ledger_time_at(const BlockHeader& head, std::uint64_t time_ms) noexcept;

// What apply() would answer if the transaction came next, alone, now: for admission to a queue.
[[nodiscard]] Result<Receipt> check_transaction(const KeyValueStore& store, ByteView transaction);

// Recomputes INV-LED-001 to 004 from every record. Errors: kIntegrity if they do not hold.
[[nodiscard]] Status audit_money(const KeyValueStore& store);

}  // namespace assay::protocol

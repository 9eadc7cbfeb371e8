// What each record of the state obliges the ledger to pay out of the money that is held for it,
// whoever will get it: the price still to be earned, fees, tax, deposits, stakes, bonds
// (docs/spec/protocol.md, "Solvency"). Pure functions of integers, total: of records that no ledger
// has written the answer is some number, and a sum over 2^64 - 1 is that. Amounts are atoms.
// Thread-safe.
#pragma once

#include <span>

#include "assay/protocol/records.hpp"

namespace assay::protocol {

// Out of the reservations on its funders' accounts: what each of them gave, until the first award
// moves it to the escrow or frees it.
[[nodiscard]] Amount owed_by_reservations(const TaskRecord& task) noexcept;

// Out of its escrow: of each copy that is for sale its cost at the cap, of each claim that is not
// settled its own price, fees and tax. What of it nobody earns goes back to the funders, so all of
// it is owed to somebody. `claims`: the task's.
[[nodiscard]] Amount owed_by_escrow(const TaskRecord& task,
                                    std::span<const ClaimRecord> claims) noexcept;

// Out of the lock of a solver, or of a verifier, behind a claim: its stake until the claim is
// settled, then nothing. It goes back, or is slashed: burned and paid to winners; of a solver that
// gave up the tax is taken out of it.
[[nodiscard]] Amount owed_by_solver_lock(const TaskRecord& task, const ClaimRecord& claim) noexcept;
[[nodiscard]] Amount owed_by_verifier_lock(const TaskRecord& task,
                                           const ClaimRecord& claim) noexcept;

// Out of the locks of a bid that stands: its deposit, and the stake behind the claim that it may
// become.
[[nodiscard]] Amount owed_by_deposit(const TaskRecord& task) noexcept;
[[nodiscard]] Amount owed_by_bid_lock(const TaskRecord& task) noexcept;

// Out of a challenge's bond: all of it until it is resolved, then nothing.
[[nodiscard]] Amount owed_by_bond(const TaskRecord& task,
                                  const ChallengeRecord& challenge) noexcept;

// Out of a demand's lock: its price until it ends, then nothing.
[[nodiscard]] Amount owed_by_relay(const RelayRecord& relay) noexcept;
[[nodiscard]] Amount owed_by_demand(const DemandRecord& demand) noexcept;

// Out of a validator's lock: its stake, and what unbonds of it.
[[nodiscard]] Amount owed_by_validator(const ValidatorRecord& validator) noexcept;

// Whether nothing will ever be paid for it again: a record may be forgotten only then.
[[nodiscard]] bool owes_nothing(const TaskRecord& task) noexcept;

}  // namespace assay::protocol

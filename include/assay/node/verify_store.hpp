// Checks a ledger's store from end to end, without changing it (docs/spec/node.md, "Verification").
// Errors: what the store returns. What is wrong with the ledger is no error but a fault.
#pragma once

#include "assay/core/faces.hpp"
#include "assay/node/header.hpp"

namespace assay::node {

inline constexpr std::size_t kMaxStoreFaults = 32;  // more are counted, not told

struct StoreReport {
  protocol::BlockHeader head;
  Height bodies_from;     // the first block with its transactions and receipts
  Height oldest_version;  // of the state that has proofs
  std::uint64_t blocks = 0;
  std::uint64_t transactions = 0;
  std::uint64_t records = 0;
  std::uint64_t tree_nodes = 0;
  std::uint64_t old_values = 0;
  bool replayed = false;
  std::uint64_t fault_count = 0;
  std::vector<std::string> faults;

  void fault(std::string what) {
    ++fault_count;
    if (faults.size() < kMaxStoreFaults) faults.push_back(std::move(what));
  }
};

struct VerifyOptions {
  // Applies every block again from genesis, in memory, and compares the headers. Needs all bodies.
  bool replay = false;
  Progress* progress = nullptr;  // in blocks
};

// Genesis, every block's link, signatures and roots; the state root made anew from the records;
// each node of the tree and each old value; the money; the index of results; that nothing else is
// there. kUnavailable if the progress asked to stop.
[[nodiscard]] Result<StoreReport> verify_store(const KeyValueStore& store,
                                               const protocol::Genesis& genesis,
                                               const VerifyOptions& options);

// Only the blocks from `first` to `last`: links, signatures, roots of bodies. Faults go to
// `report`.
[[nodiscard]] Status check_blocks(const KeyValueStore& store, const protocol::Genesis& genesis,
                                  Height first, Height last, StoreReport& report,
                                  Progress* progress = nullptr);

// A block's header with its signatures, if the store has both.
[[nodiscard]] Result<std::optional<SignedHeader>> stored_header(const KeyValueStore& store,
                                                                Height height);
[[nodiscard]] Result<Height> first_body(const KeyValueStore& store);

}  // namespace assay::node

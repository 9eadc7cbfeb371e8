// A task whose terms the ledger takes.
#pragma once

#include "assay/crypto/sha256.hpp"
#include "assay/protocol/payloads.hpp"

namespace assay::test {

// 10 entries: 27 steps of interval 3.
inline protocol::PostTask sample_task() {
  protocol::PostTask t;
  t.header.init_program = crypto::sha256(as_bytes("init"));
  t.header.step_program = crypto::sha256(as_bytes("step"));
  t.header.data_set = crypto::sha256(as_bytes("data"));
  t.header.steps = 27;
  t.header.commit_interval = 3;
  t.header.checkpoint_interval = 9;
  t.price = Amount{1000};
  t.verification_fee = Amount{205};
  t.tax = Amount{20};
  t.work_units = 7;
  t.progress_entries = 2;
  t.solver_stake = Amount{2001};
  t.verifier_stake = Amount{400};
  t.challenger_bond = Amount{251};
  t.declared_harm = Amount{50};
  t.seats = 2;
  t.draws = 2;
  t.windows = {10'000, 20'000, 8'000, 9'000, 7'000, 6'000, 12'000, 11'000, 5'000, 3'000, 4'000};
  return t;
}

// The same, auctioned.
inline protocol::PostTask sample_auction() {
  protocol::PostTask t = sample_task();
  t.sale = protocol::Sale::kAuction;
  t.bid_deposit = Amount{51};
  t.windows.bid_ms = 9'000;
  return t;
}

}  // namespace assay::test

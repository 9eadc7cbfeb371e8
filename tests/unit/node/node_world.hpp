// A node over memory and a clock that the test moves.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "assay/core/memory_store.hpp"
#include "assay/node/ledger_node.hpp"
#include "support/keys.hpp"

namespace assay::node::test {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] std::uint64_t unix_ms() const override { return 1'000'000 + now; }
  [[nodiscard]] std::uint64_t monotonic_ms() const override { return now; }
  std::uint64_t now = 0;
};

class NoLog final : public Log {
 public:
  void write(LogLevel, std::string_view, const Fields&) override {}
};

using assay::test::account_of;
using assay::test::key_of;

inline protocol::Genesis genesis_record() {
  protocol::Genesis g;
  g.name = "test";
  g.operator_key = key_of(1).public_key();
  g.time_ms = 1'000'000;
  for (const std::uint8_t seed : {std::uint8_t{2}, std::uint8_t{3}})
    g.accounts.push_back({account_of(seed), Amount{1000}, Amount{0}});
  std::sort(g.accounts.begin(), g.accounts.end(),
            [](const auto& a, const auto& b) { return a.account < b.account; });
  return g;
}

struct World {
  MemoryStore store;
  FakeClock clock;
  NoLog log;
  protocol::Genesis genesis = genesis_record();
  crypto::KeyPair key = key_of(1);
  NodeOptions options;
  Height valid_until{1000};  // of transactions
  std::unique_ptr<LedgerNode> node;

  World() { start(); }
  void start() {
    node.reset();
    auto opened = LedgerNode::open(store, genesis, key, clock, log, options);
    ASSERT_TRUE(opened) << opened.error().message;
    node = std::move(*opened);
  }
  Bytes transaction(std::uint8_t from, std::uint64_t nonce, protocol::Payload payload) {
    protocol::Envelope e;
    e.chain = chain_id_of(genesis);
    e.sender = account_of(from);
    e.nonce = nonce;
    store_le(e.client_id.data(), nonce);
    e.valid_until = valid_until;
    e.payload = std::move(payload);
    return sign_transaction(e, key_of(from));
  }
  Bytes transfer(std::uint8_t from, std::uint8_t to, std::uint64_t nonce, std::uint64_t amount) {
    return transaction(from, nonce, protocol::Transfer{account_of(to), Amount{amount}});
  }
  // Moves the clock to where the node has something to do, past steps of pruning. True: a block.
  bool step() {
    for (;;) {
      const auto wake = node->next_wake_ms();
      if (!wake) return false;
      clock.now = std::max(clock.now, *wake);
      const auto made = node->tick();
      EXPECT_TRUE(made) << made.error().message;
      if (!made || *made) return made && *made;
      if (*wake != 0) return false;
    }
  }
  std::uint64_t balance(std::uint8_t seed) {
    return node->reader().account(account_of(seed))->available.value;
  }
};

}  // namespace assay::node::test

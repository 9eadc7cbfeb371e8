// A faucet for test networks: pays a fixed amount, once a day to an account and once a day to an
// address that asks. Off unless the operator names a key to pay from.
#pragma once

#include <set>

#include "assay/node/ledger.hpp"
#include "assay/rpc/dispatcher.hpp"

namespace assay::node {

struct FaucetOptions {
  Amount amount{1'000'000};
  std::uint64_t daily_payments_max = 1000;  // of all together; at most kMaxFaucetPayments
};
inline constexpr std::uint64_t kMaxFaucetPayments = 100'000;

// Not thread-safe: the node's event loop.
class Faucet {
 public:
  // All must outlive the faucet; the faucet and the dispatcher it registers with go together.
  // Without a key, its method refuses every call.
  Faucet(Ledger& node, const crypto::KeyPair* key, const Clock& clock,
         const FaucetOptions& options);
  void register_methods(rpc::Dispatcher& dispatcher);

 private:
  void pay(const AccountId& account, const rpc::Reply& reply);
  [[nodiscard]] Status may_pay(const AccountId& account, const rpc::Caller& caller);
  [[nodiscard]] Result<Bytes> make_transfer(const AccountId& account);

  Ledger& m_node;
  const crypto::KeyPair* m_key;
  const Clock& m_clock;
  FaucetOptions m_options;
  std::uint64_t m_day = 0;  // since 1970
  // Of the present day: payments that were made or are under way. A payment's client id is made
  // from account and day, so the ledger itself pays no account twice, restarts or not.
  std::set<AccountId> m_accounts;
  std::set<std::string> m_addresses;
  std::uint64_t m_last_nonce = 0;
};

}  // namespace assay::node

// What the ledger's benches share: transfers between accounts by number, signed in any order of
// need.
#pragma once

#include <algorithm>

#include "assay/core/faces.hpp"
#include "assay/protocol/block.hpp"
#include "need.hpp"

namespace assay::bench {

class NoLog final : public Log {
 public:
  void write(LogLevel, std::string_view, const Fields&) override {}
};

inline constexpr unsigned kAccounts = 1024;
inline constexpr unsigned kBatch = 131'072;  // transfers of one measurement

[[nodiscard]] inline crypto::KeyPair key_of(std::uint32_t number) {
  std::array<std::uint8_t, 32> seed{};
  store_le(seed.data(), number + 1);
  return crypto::KeyPair(crypto::SecretKey(seed.data()));
}

[[nodiscard]] inline std::vector<protocol::GenesisAccount> rich_accounts() {
  std::vector<protocol::GenesisAccount> accounts;
  for (std::uint32_t i = 0; i < kAccounts; ++i)
    accounts.push_back({AccountId{key_of(i).public_key()}, Amount{1'000'000'000'000}, Amount{0}});
  std::sort(accounts.begin(), accounts.end(),
            [](const auto& a, const auto& b) { return a.account < b.account; });
  return accounts;
}

// Signs transfers, each sender's nonces ascending; who pays whom follows from the number of the
// transfer alone.
class Transfers {
 public:
  explicit Transfers(const ChainId& chain) : m_chain(chain) {
    for (std::uint32_t i = 0; i < kAccounts; ++i) m_keys.push_back(key_of(i));
  }
  [[nodiscard]] Bytes make(std::uint64_t number) const {
    return make(number % kAccounts, number / kAccounts + 1);
  }
  [[nodiscard]] Bytes make(std::size_t from, std::uint64_t nonce) const {
    const std::size_t step = 1 + nonce * 2'654'435'761u % (kAccounts - 1);
    protocol::Envelope e;
    e.chain = m_chain;
    e.sender = AccountId{m_keys[from].public_key()};
    e.nonce = nonce;
    store_le(e.client_id.data(), nonce);
    e.valid_until = Height{900'000};
    e.payload = protocol::Transfer{AccountId{m_keys[(from + step) % kAccounts].public_key()},
                                   Amount{1 + nonce % 1000}};
    return sign_transaction(e, m_keys[from]);
  }
  [[nodiscard]] std::vector<Bytes> make_many(std::uint64_t first, std::size_t count,
                                             TaskPool& pool) const {
    std::vector<Bytes> out(count);
    pool.run(count, 64, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) out[i] = make(first + i);
    });
    return out;
  }

 private:
  ChainId m_chain;
  std::vector<crypto::KeyPair> m_keys;
};

}  // namespace assay::bench

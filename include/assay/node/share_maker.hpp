// Makes one validator's share of each round of the beacon, and says what is in the way of it
// (docs/spec/node.md, "Shares of the beacon"). Sans-I/O: who calls it sends what it gives. It keeps
// nothing that it needs: what is owed says the state, so it begins anew after any restart.
#pragma once

#include <optional>

#include "assay/core/faces.hpp"
#include "assay/protocol/view.hpp"

namespace assay::node {

// Blocks after which a share that does not stand in the state is sent again.
inline constexpr std::uint64_t kShareResendBlocks = 4;

class ShareMaker {
 public:
  // `account` carries the shares: it needs to be on the ledger, and no money. All must outlive it.
  ShareMaker(const crypto::KeyPair& account, const crypto::VrfKey& key, Log& log)
      : m_account(account), m_key(key), m_log(log) {}

  // After each block, of the state that it left: the transaction to send now, or none. Logs what
  // the operator has to do, once. Errors: the store's.
  [[nodiscard]] Result<std::optional<Bytes>> after_block(const protocol::StateReader& reader);

  // A share of the open round is owed and does not stand in the state.
  [[nodiscard]] bool owes() const noexcept { return m_owes; }
  // A validator on the ledger has this share key.
  [[nodiscard]] bool is_bonded() const noexcept { return m_is_bonded; }

 private:
  [[nodiscard]] Bytes make(const protocol::BlockHeader& head, const protocol::BeaconRound& round,
                           const protocol::ShareHolder& holder, std::uint64_t last_nonce) const;

  const crypto::KeyPair& m_account;
  const crypto::VrfKey& m_key;
  Log& m_log;
  bool m_owes = false;
  bool m_is_bonded = true;  // until it shows that there is none
  bool m_told_of_account = false;
  Height m_sent_at;  // 0: nothing of the round was
  std::uint64_t m_round = 0;
};

}  // namespace assay::node

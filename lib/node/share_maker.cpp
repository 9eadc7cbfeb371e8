#include "assay/node/share_maker.hpp"

#include <algorithm>

#include "assay/crypto/sha256.hpp"

namespace assay::node {

namespace {

constexpr std::uint64_t kShareValidBlocks = 2 * protocol::kShareBlocks;

// Another at each height, so that a share that came too early or too late once is no answer for
// ever.
protocol::ClientId client_id_of(std::uint64_t round, Height height) {
  const Hash256 digest = crypto::sha256(codec::encode([&](codec::Writer& w) {
    w.raw(as_bytes("assay/share-client/1"));
    w.u64(round);
    w.u64(height.value);
  }));
  protocol::ClientId id{};
  std::copy_n(digest.bytes.begin(), id.size(), id.begin());
  return id;
}

}  // namespace

Bytes ShareMaker::make(const protocol::BlockHeader& head, const protocol::BeaconRound& round,
                       const protocol::ShareHolder& holder, std::uint64_t last_nonce) const {
  const Hash256 input = protocol::share_input(head.chain, round.number, round.opened_at);
  protocol::Envelope e;
  e.chain = head.chain;
  e.sender = AccountId{m_account.public_key()};
  e.nonce = last_nonce + 1;
  e.client_id = client_id_of(round.number, head.height);
  e.valid_until = Height{head.height.value + kShareValidBlocks};
  e.payload = protocol::ShowShare{round.number, holder.validator, m_key.prove(input.view())};
  return protocol::sign_transaction(e, m_account);
}

Result<std::optional<Bytes>> ShareMaker::after_block(const protocol::StateReader& reader) {
  ASSAY_TRY(const auto validator, reader.validator_by_share_key(m_key.public_key()));
  if (!validator && m_is_bonded)
    m_log.write(LogLevel::kWarning, "beacon.no_validator",
                {{"share_key", to_hex(m_key.public_key())},
                 {"words",
                  "no validator on the ledger has this node's share key: bond with it "
                  "(assay possession), or name the key file with which it bonded"}});
  m_is_bonded = validator.has_value();
  m_owes = false;
  ASSAY_TRY(const auto round, reader.beacon_round());
  if (!round) return std::optional<Bytes>();
  const auto holder =
      std::find_if(round->holders.begin(), round->holders.end(),
                   [&](const auto& one) { return one.share_key == m_key.public_key(); });
  m_owes = holder != round->holders.end() && !holder->output;
  if (!m_owes) return std::optional<Bytes>();
  ASSAY_TRY(const protocol::BlockHeader head, reader.head());
  const bool was_sent = m_round == round->number && m_sent_at != Height{};
  if (was_sent && head.height.value < m_sent_at.value + kShareResendBlocks)
    return std::optional<Bytes>();
  ASSAY_TRY(const auto account, reader.account(AccountId{m_account.public_key()}));
  if (!account.exists) {
    if (!m_told_of_account)
      m_log.write(LogLevel::kError, "beacon.no_account",
                  {{"account", to_hex(m_account.public_key())},
                   {"words",
                    "this node's shares cannot be carried: send the account of its share "
                    "key file an atom, so that the ledger knows it"}});
    m_told_of_account = true;
    return std::optional<Bytes>();
  }
  m_round = round->number;
  m_sent_at = head.height;
  return std::optional<Bytes>(make(head, *round, *holder, account.profile.last_nonce));
}

}  // namespace assay::node

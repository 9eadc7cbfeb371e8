#include "assay/node/faucet.hpp"

#include <algorithm>

#include "assay/crypto/sha256.hpp"
#include "assay/node/json.hpp"

namespace assay::node {

using codec::Json;
using rpc::Params;
using rpc::Reply;
using rpc::Type;

namespace {

constexpr std::uint64_t kMsPerDay = 86'400'000;
constexpr std::uint64_t kValidBlocks = 1000;

protocol::ClientId client_id_of(const AccountId& account, std::uint64_t day) {
  const Hash256 digest = crypto::sha256(codec::encode([&](codec::Writer& w) {
    w.raw(as_bytes("assay/faucet/1\n"));
    w.hash(account.value);
    w.u64(day);
  }));
  protocol::ClientId id{};
  std::copy_n(digest.bytes.begin(), id.size(), id.begin());
  return id;
}

}  // namespace

Faucet::Faucet(Ledger& node, const crypto::KeyPair* key, const Clock& clock,
               const FaucetOptions& options)
    : m_node(node), m_key(key), m_clock(clock), m_options(options) {
  m_options.daily_payments_max = std::min(m_options.daily_payments_max, kMaxFaucetPayments);
}

void Faucet::register_methods(rpc::Dispatcher& d) {
  d.add({"faucet",
         "On test networks: pays a fixed amount, once a day to an account and to an address.",
         {{"account", Type::kHash, "who is paid"}},
         {{"amount", Type::kAmount, "atoms"},
          {"tx", Type::kHash, "the transfer's id"},
          {"height", Type::kNumber, "of its block"}},
         {ErrorCode::kLimit, ErrorCode::kUnavailable, ErrorCode::kUnsupported},
         [this](const Params& params, const Reply& reply) {
           pay(AccountId{params.hash("account")}, reply);
         }});
}

Status Faucet::may_pay(const AccountId& account, const rpc::Caller& caller) {
  if (!m_key) return {ErrorCode::kUnsupported, "this node has no faucet"};
  const std::uint64_t day = m_clock.unix_ms() / kMsPerDay;
  if (day != m_day) {
    m_accounts.clear();
    m_addresses.clear();
  }
  m_day = day;
  if (m_accounts.size() >= m_options.daily_payments_max)
    return {ErrorCode::kLimit, "the faucet has given what it gives in a day; come back tomorrow"};
  if (m_accounts.count(account) > 0)
    return {ErrorCode::kLimit, "this account was paid today; come back tomorrow"};
  if (!caller.trusted && m_addresses.count(caller.address) > 0)
    return {ErrorCode::kLimit, "your address was paid today; come back tomorrow"};
  return {};
}

Result<Bytes> Faucet::make_transfer(const AccountId& account) {
  protocol::Envelope e;
  e.chain = m_node.head().chain;
  e.sender = AccountId{m_key->public_key()};
  ASSAY_TRY(const auto sender, m_node.reader().account(e.sender));
  m_last_nonce = std::max(m_last_nonce, sender.profile.last_nonce) + 1;
  e.nonce = m_last_nonce;
  e.client_id = client_id_of(account, m_day);
  e.valid_until = Height{m_node.head().height.value + kValidBlocks};
  e.payload = protocol::Transfer{account, m_options.amount};
  return sign_transaction(e, *m_key);
}

void Faucet::pay(const AccountId& account, const Reply& reply) {
  if (const Status may = may_pay(account, reply.caller()); !may) return reply.error(may.error());
  const auto transfer = make_transfer(account);
  if (!transfer) return reply.error(transfer.error());
  m_accounts.insert(account);
  m_addresses.insert(reply.caller().address);
  const auto take_back = [this, account, address = reply.caller().address] {
    m_accounts.erase(account);
    m_addresses.erase(address);
  };
  m_node.submit(*transfer, [this, reply, take_back](const Result<TxOutcome>& outcome) {
    if (!outcome) {
      take_back();
      return reply.error(outcome.error());
    }
    if (outcome->repeated)
      return reply.error(
          Error{ErrorCode::kLimit, "this account was paid today; come back tomorrow"});
    if (outcome->verdict != protocol::TxVerdict::kApplied) {
      take_back();
      return reply.error(Error{ErrorCode::kUnavailable, std::string("the faucet cannot pay: ") +
                                                            to_string(outcome->verdict)});
    }
    reply.result(Json::object({{"amount", std::to_string(m_options.amount.value)},
                               {"tx", to_hex(outcome->id.value)},
                               {"height", outcome->height.value}}));
  });
}

}  // namespace assay::node

#include "assay/protocol/apply.hpp"
#include "assay/core/planted.hpp"

#include <algorithm>

#include "assay/core/planted.hpp"
#include "assay/protocol/archive.hpp"
#include "assay/protocol/view.hpp"
#include "internal/rules.hpp"

namespace assay::protocol {

using namespace internal;

namespace {

Outcome check_envelope(const State& state, Height height, const ParsedTransaction& tx) {
  const Envelope& e = tx.envelope;
  if (e.valid_until < height) return TxVerdict::kExpired;
  if (e.valid_until.value - height.value > kMaxValidityBlocks) return TxVerdict::kValidForTooLong;
  const bool unchecked = testing::planted(testing::Planted::kUncheckedNonce);
  const std::uint64_t last = unchecked ? e.nonce - 1 : state.profile(e.sender).last_nonce;
  if (e.nonce <= last) return TxVerdict::kNonceTooLow;
  if (e.nonce - last > kMaxNonceGap) return TxVerdict::kNonceTooHigh;
  return {};
}

Receipt answer(Receipt receipt, Outcome outcome) {
  receipt.verdict = outcome.verdict;
  receipt.detail = outcome.detail;
  return receipt;
}

// INV-PRO-003: a client id does something at most once while a transaction of its first height may
// be valid; until then it is answered with its first result.
Receipt run_transaction(State& state, const Context& block, ByteView bytes) {
  Receipt receipt;
  ParsedTransaction tx;
  if (const TxVerdict v = parse_transaction(block.chain, bytes, tx); v != TxVerdict::kApplied)
    return answer(receipt, v);
  receipt.id = tx.id;
  const Envelope& e = tx.envelope;
  if (!state.account(user_account(e.sender))) return answer(receipt, TxVerdict::kUnknownAccount);
  if (const auto first = state.first_result(e.sender, e.client_id)) {
    if (first->content != tx.content) return answer(receipt, TxVerdict::kClientIdReused);
    receipt.repeated = true;
    return answer(receipt, {first->verdict, first->detail});
  }
  if (const Outcome o = check_envelope(state, block.height, tx); o.verdict != TxVerdict::kApplied)
    return answer(receipt, o);

  Context c{state, block.chain, block.height, block.now, block.beacon, receipt.events};
  const Sender sender{e.sender, e.client_id};
  const Reading reading{state, block.chain, block.height, block.now};
  const Outcome outcome = std::visit(
      [&](const auto& payload) -> Outcome {
        auto checked = Rules::check(reading, sender, payload);
        if (const auto* refused = std::get_if<Outcome>(&checked)) return *refused;
        transition(c, std::get<1>(std::move(checked)));
        return {};
      },
      e.payload);
  Profile profile = state.profile(e.sender);
  profile.last_nonce = e.nonce;
  state.put(e.sender, profile);
  state.put(e.sender, e.client_id,
            FirstResult{tx.id, tx.content, outcome.verdict, outcome.detail, block.height});
  return answer(receipt, outcome);
}

Bytes encode_events(const std::vector<Event>& events) {
  return codec::encode([&](codec::Writer& w) {
    w.u32(static_cast<std::uint32_t>(events.size()));
    for (const Event& event : events) write(w, event);
  });
}

// The header's roots and everything to persist.
Status seal_block(const KeyValueStore& store, const State& state, const Hash256& parent_root,
                  const std::vector<Bytes>& transactions, BlockResult& result) {
  ASSAY_TRY_STATUS(state.status());
  ASSAY_INVARIANT(state.money_conserved());  // INV-PRO-002

  std::vector<commit::MapChange> changes;
  for (const auto& [key, value] : state.overlay().changes()) changes.push_back({key, value});
  ASSAY_TRY(result.header.state_root,
            state_map(store).apply(result.header.height.value, changes, result.batch));
  if (parent_root != Hash256{} && transactions.empty() &&
      testing::planted(testing::Planted::kStaleRoot))
    result.header.state_root = parent_root;

  std::vector<Bytes> receipts;
  for (const Receipt& receipt : result.receipts.receipts) receipts.push_back(encode(receipt));
  receipts.push_back(encode_events(result.receipts.block_events));
  result.header.tx_root = list_root(transactions);
  result.header.receipts_root = list_root(receipts);

  const Bytes header = encode(result.header);
  const auto put_list = [&](std::uint8_t prefix, const std::vector<Bytes>& items) {
    result.batch.put(block_key(prefix, result.header.height), encode_list(items));
  };
  put_list(kTransactionsPrefix, transactions);
  put_list(kReceiptsPrefix, receipts);
  result.batch.put(block_key(kHeaderPrefix, result.header.height), header);
  result.batch.put(Bytes{kHeadKey}, header);
  return {};
}

Status check_block(const BlockHeader& head, const Block& block) {
  const auto refuse = [](const char* why) {
    return Status{ErrorCode::kInvalidArgument,
                  std::string("this block cannot follow the head: ") + why};
  };
  if (block.height.value != head.height.value + 1) return refuse("its height is not the next");
  if (block.time_ms < head.time_ms) return refuse("its time runs back");
  if (block.transactions.size() > kMaxBlockTransactions) return refuse("too many transactions");
  std::size_t bytes = 0;
  for (const Bytes& tx : block.transactions) bytes += tx.size();
  if (bytes > kMaxBlockBytes) return refuse("too many bytes");
  return {};
}

}  // namespace

Result<BlockResult> init_chain(const KeyValueStore& store, const Genesis& genesis) {
  ASSAY_TRY(const auto present, store.get(Bytes{kHeadKey}));
  if (present) return Error{ErrorCode::kAlreadyExists, "this store holds a chain already"};
  if (genesis.accounts.size() > kMaxGenesisAccounts || genesis.name.empty() ||
      genesis.name.size() > 64)
    return Error{ErrorCode::kInvalidArgument, "the genesis names no chain or too many accounts"};

  State state(store);
  ledger::Ledger money(state);
  for (const GenesisAccount& a : genesis.accounts) {
    const std::pair<ledger::AccountKey, Amount> grants[] = {{user_account(a.account), a.amount},
                                                            {stake_account(a.account), a.staked}};
    for (const auto& [key, amount] : grants)
      if (amount.value != 0 && money.issue(key, amount) != ledger::LedgerVerdict::kOk)
        return Error{ErrorCode::kInvalidArgument, "the genesis issues more than 2^64 atoms"};
  }
  state.merge(money.diff());

  BlockResult result;
  result.header.chain = chain_id_of(genesis);
  result.header.time_ms = genesis.time_ms;
  result.header.ledger_time = LedgerTimeMs{1};  // 0 means "no deadline" in records
  result.batch.put(Bytes{kGenesisKey}, encode(genesis));
  ASSAY_TRY_STATUS(seal_block(store, state, {}, {}, result));
  return result;
}

LedgerTimeMs ledger_time_at(const BlockHeader& head, std::uint64_t time_ms) noexcept {
  const std::uint64_t passed = time_ms > head.time_ms ? time_ms - head.time_ms : 0;
  return LedgerTimeMs{head.ledger_time.value + std::min(passed, kMaxLedgerStepMs)};
}

Result<BlockResult> apply(const KeyValueStore& store, const Block& block) {
  ASSAY_TRY(const BlockHeader head, StateReader(store).head());
  ASSAY_TRY_STATUS(check_block(head, block));

  State state(store);
  BlockResult result;
  BlockHeader& header = result.header;
  header.chain = head.chain;
  header.height = block.height;
  header.time_ms = block.time_ms;
  header.ledger_time = ledger_time_at(head, block.time_ms);
  header.beacon = block.beacon;
  header.parent = hash_of(head);

  Context c{state,         header.chain,
            header.height, header.ledger_time,
            header.beacon, result.receipts.block_events};
  state.erase_due(header.height, kMaxErasuresPerBlock);
  run_deadlines(c);
  for (const Bytes& tx : block.transactions) {
    result.receipts.receipts.push_back(run_transaction(state, c, tx));
    ASSAY_AUDIT_THAT(!state.status() || state.money_conserved());
  }
  ASSAY_TRY_STATUS(seal_block(store, state, head.state_root, block.transactions, result));
  return result;
}

Result<Receipt> check_transaction(const KeyValueStore& store, ByteView transaction) {
  ASSAY_TRY(const BlockHeader head, StateReader(store).head());
  State state(store);
  std::vector<Event> none;
  const Context c{state,     head.chain, Height{head.height.value + 1}, head.ledger_time,
                  Hash256{}, none};
  Receipt receipt = run_transaction(state, c, transaction);
  ASSAY_TRY_STATUS(state.status());
  return receipt;
}

Status audit_money(const KeyValueStore& store) {
  const State state(store);
  const bool holds = state.money_audited();
  ASSAY_TRY_STATUS(state.status());
  if (!holds)
    return {ErrorCode::kIntegrity,
            "the ledger's accounts do not add up: restore the folder or sync it again"};
  return {};
}

}  // namespace assay::protocol

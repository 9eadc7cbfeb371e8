#include "assay/protocol/apply.hpp"

#include <algorithm>
#include <set>

#include "assay/core/planted.hpp"
#include "assay/protocol/archive.hpp"
#include "assay/protocol/lane.hpp"
#include "assay/protocol/view.hpp"
#include "internal/rules.hpp"
#include "internal/solvency.hpp"

namespace assay::protocol {

using namespace internal;

namespace {

Outcome check_envelope(const State& state, Height height, const ParsedTransaction& tx) {
  const Envelope& e = tx.envelope;
  if (e.valid_until < height) return TxVerdict::kExpired;
  if (e.valid_until.value - height.value > horizon().validity_blocks)
    return TxVerdict::kValidForTooLong;
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
// be valid; until then it is answered with its first result. None: the payload's rules decide.
std::optional<Receipt> answer_without_rules(const State& state, Height height,
                                            const ParsedTransaction& tx) {
  Receipt receipt;
  receipt.id = tx.id;
  const Envelope& e = tx.envelope;
  if (!state.account(user_account(e.sender))) return answer(receipt, TxVerdict::kUnknownAccount);
  if (const auto first = state.results().find(e.sender, e.client_id)) {
    if (first->content != tx.content) return answer(receipt, TxVerdict::kClientIdReused);
    receipt.repeated = true;
    return answer(receipt, {first->verdict, first->detail});
  }
  if (const Outcome o = check_envelope(state, height, tx); o.verdict != TxVerdict::kApplied)
    return answer(receipt, o);
  return std::nullopt;
}

// `apply` gets the proof that the payload's rules hold.
template <class Apply>
Outcome check_payload(const Reading& reading, const Envelope& e, Apply&& apply) {
  const Sender sender{e.sender, e.client_id};
  return std::visit(
      [&](const auto& payload) -> Outcome {
        auto checked = Rules::check(reading, sender, payload);
        if (const auto* refused = std::get_if<Outcome>(&checked)) return *refused;
        apply(std::get<1>(std::move(checked)));
        return {};
      },
      e.payload);
}

Receipt run_transaction(State& state, const Context& block, const ParsedTransaction& tx) {
  if (auto receipt = answer_without_rules(state, block.height, tx)) return std::move(*receipt);
  Receipt receipt;
  receipt.id = tx.id;
  const Envelope& e = tx.envelope;
  Context c{state, block.chain, block.height, block.now, block.beacon, receipt.events};
  const Reading reading{state, block.chain, block.height, block.now};
  const Outcome outcome =
      check_payload(reading, e, [&](auto&& proof) { transition(c, std::move(proof)); });
  Profile profile = state.profile(e.sender);
  profile.last_nonce = e.nonce;
  state.put(e.sender, profile);
  state.results().add({e.sender, e.client_id, tx.id, tx.content, outcome.verdict, outcome.detail});
  return answer(std::move(receipt), outcome);
}

Receipt run_transaction(State& state, const Context& block, ByteView bytes) {
  ParsedTransaction tx;
  if (const TxVerdict v = parse_transaction(block.chain, bytes, tx); v != TxVerdict::kApplied)
    return answer({}, v);
  return run_transaction(state, block, tx);
}
Receipt run_transaction(State& state, const Context& block, const VerifiedTransaction& tx) {
  return run_transaction(state, block, tx.parsed());
}

ByteView bytes_of(const Bytes& transaction) { return transaction; }
ByteView bytes_of(const VerifiedTransaction& transaction) { return transaction.bytes(); }

Bytes encode_events(const std::vector<Event>& events) {
  return codec::encode([&](codec::Writer& w) {
    w.u32(static_cast<std::uint32_t>(events.size()));
    for (const Event& event : events) write(w, event);
  });
}

// The header's roots and everything to persist.
// `inputs`: its transactions, and last its misbehaviour.
Status seal_block(const KeyValueStore& store, const State& state, const Hash256& parent_root,
                  std::span<const ByteView> inputs, BlockResult& result, commit::MapCache* cache) {
  ASSAY_TRY_STATUS(state.status());
  ASSAY_INVARIANT(state.money_conserved());               // INV-PRO-002
  ASSAY_INVARIANT(is_solvent(state) || !state.status());  // INV-PRO-020
  ASSAY_TRY_STATUS(state.status());

  const std::vector<const Overlay::Record*> records = state.overlay().changes();
  std::vector<commit::MapChange> changes;
  changes.reserve(records.size());
  for (const Overlay::Record* const record : records)
    changes.push_back(
        {to_bytes(RecordTable::key_of(*record)), record->second.now, &record->second.stored});
  ASSAY_TRY(result.header.state_root,
            state_map(store).apply(result.header.height.value, changes, result.batch, cache));
  state.results().put_index(result.batch);
  result.forgotten = state.results().forgotten();
  if (parent_root != Hash256{} && inputs.size() == 1 &&
      testing::planted(testing::Planted::kStaleRoot))
    result.header.state_root = parent_root;

  std::vector<Bytes> receipts;
  receipts.reserve(result.receipts.receipts.size() + 1);
  for (const Receipt& receipt : result.receipts.receipts) receipts.push_back(encode(receipt));
  receipts.push_back(encode_events(result.receipts.block_events));
  const std::vector<ByteView> receipt_views(receipts.begin(), receipts.end());
  result.header.tx_root = list_root(inputs);
  result.header.receipts_root = list_root(receipt_views);

  const Bytes header = encode(result.header);
  const auto put_list = [&](std::uint8_t prefix, std::span<const ByteView> items) {
    result.batch.put(block_key(prefix, result.header.height), encode_list(items));
  };
  put_list(kTransactionsPrefix, inputs);
  put_list(kReceiptsPrefix, receipt_views);
  result.batch.put(block_key(kHeaderPrefix, result.header.height), header);
  result.batch.put(Bytes{kHeadKey}, header);
  return {};
}

template <class Block>
Status check_block(const BlockHeader& head, const Block& block) {
  const auto refuse = [](const char* why) {
    return Status{ErrorCode::kInvalidArgument,
                  std::string("this block cannot follow the head: ") + why};
  };
  if (block.height.value != head.height.value + 1) return refuse("its height is not the next");
  if (block.time_ms < head.time_ms) return refuse("its time runs back");
  if (block.transactions.size() > kMaxBlockTransactions) return refuse("too many transactions");
  if (block.misbehaviour.size() > kMaxMisbehaviours) return refuse("too much misbehaviour");
  std::size_t bytes = 0;
  for (const auto& tx : block.transactions) bytes += bytes_of(tx).size();
  if (bytes > kMaxBlockBytes) return refuse("too many bytes");
  return {};
}

// The first validators by stake, whose money is issued.
Status add_validators(State& state, ledger::Ledger& money, const Genesis& genesis) {
  if (genesis.validators.empty()) return {};
  const auto refuse = [](const char* why) {
    return Status{ErrorCode::kInvalidArgument, std::string("the genesis's validators: ") + why};
  };
  if (genesis.operator_key != Hash256{}) return refuse("a ledger with an operator has none");
  if (genesis.validators.size() > kMaxValidators) return refuse("there are too many");
  if (genesis.share_window_ms == 0 || genesis.share_window_ms > kMaxShareWindowMs)
    return refuse("the window for shares is 1 ms to a day");
  ValidatorSet set;
  for (const GenesisValidator& v : genesis.validators) {
    if (!set.members.empty() && v.key <= set.members.back().key)
      return refuse("they are not ascending by key");
    if (v.stake < kMinValidatorStake) return refuse("a stake is less than a validator's least");
    const Hash256 possession =
        share_possession_digest(ChainId{}, v.account, validator_address(v.key));
    if (!crypto::vrf_verify(v.share_key, possession.view(), v.share_proof))
      return refuse("a proof is not the share key's");
    if (state.share_key_owner(v.share_key)) return refuse("two have one share key");
    const ValidatorRecord record{v.key, v.account, v.stake, {}, {}, v.share_key};
    if (money.issue(validator_lock(record).account, v.stake) != ledger::LedgerVerdict::kOk)
      return refuse("the genesis issues more than 2^64 atoms");
    Locked locked = state.locked(v.account);
    locked.bonded.value += v.stake.value;
    state.put(v.account, locked);
    state.put(record);
    set.members.push_back({v.key, power_of(v.stake)});
  }
  state.put(set);
  state.put(Shares{genesis.share_window_ms, 0});
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
  std::set<AccountId> named;
  for (const GenesisAccount& a : genesis.accounts) {
    if (!named.insert(a.account).second)
      return Error{ErrorCode::kInvalidArgument,
                   "the genesis names account " + to_hex(a.account.value) + " twice"};
    const std::pair<ledger::AccountKey, Amount> grants[] = {{user_account(a.account), a.amount},
                                                            {stake_account(a.account), a.staked}};
    for (const auto& [key, amount] : grants)
      if (amount.value != 0 && money.issue(key, amount) != ledger::LedgerVerdict::kOk)
        return Error{ErrorCode::kInvalidArgument, "the genesis issues more than 2^64 atoms"};
  }
  ASSAY_TRY_STATUS(add_validators(state, money, genesis));
  state.merge(money.diff());

  BlockResult result;
  for (const GenesisValidator& v : genesis.validators)
    result.validators.push_back({v.key, power_of(v.stake)});
  result.header.chain = chain_id_of(genesis);
  result.header.time_ms = genesis.time_ms;
  result.header.ledger_time = LedgerTimeMs{1};  // 0 means "no deadline" in records
  result.batch.put(Bytes{kGenesisKey}, encode(genesis));
  const ByteView inputs[] = {{}};
  ASSAY_TRY_STATUS(seal_block(store, state, {}, inputs, result, nullptr));
  return result;
}

LedgerTimeMs ledger_time_at(const BlockHeader& head, std::uint64_t time_ms) noexcept {
  const std::uint64_t passed = time_ms > head.time_ms ? time_ms - head.time_ms : 0;
  return LedgerTimeMs{head.ledger_time.value + std::min(passed, kMaxLedgerStepMs)};
}

struct StateMachine::Caches {
  Caches(const KeyValueStore& the_store, std::size_t bytes)
      : store(the_store), records(bytes), absent(bytes / 1024), nodes(bytes) {}

  [[nodiscard]] Result<BlockHeader> head_now() {
    if (!head) {
      ASSAY_TRY(head, StateReader(store).head());
    }
    return *head;
  }
  template <class Block>
  [[nodiscard]] Result<BlockResult> apply(const Block& block);
  // Also between blocks: what strangers ask about counts like what blocks ask for. While nothing is
  // unwritten.
  void make_room() {
    if (!records.is_full()) return;
    reader.reset();
    records.age();
  }

  const KeyValueStore& store;
  RecordTable records;
  AbsentClients absent;
  commit::MapCache nodes;
  std::optional<BlockHeader> head;
  // Of the last apply(), until it is written.
  BlockHeader next_head;
  std::optional<State> unwritten;
  std::optional<State> reader;  // for check(); never beside `unwritten`
};

template <class Block>
Result<BlockResult> StateMachine::Caches::apply(const Block& block) {
  ASSAY_TRY(const BlockHeader parent, head_now());
  ASSAY_TRY_STATUS(check_block(parent, block));

  reader.reset();
  unwritten.reset();
  make_room();
  State& state = unwritten.emplace(store, &records, &absent);
  BlockResult result;
  BlockHeader& header = result.header;
  header.chain = parent.chain;
  header.height = block.height;
  header.time_ms = block.time_ms;
  header.ledger_time = ledger_time_at(parent, block.time_ms);
  header.beacon = block.beacon;
  header.parent = hash_of(parent);

  Context c{state,         header.chain,
            header.height, header.ledger_time,
            header.beacon, result.receipts.block_events};
  state.results().erase_due(header.height);
  state.erasures().run(header.height, {horizon().erasures_max, kMaxErasedBytesPerBlock});
  slash_validators(c, block.misbehaviour);
  count_pause(c, parent);
  run_deadlines(c);
  if (state.status()) run_beacon(c);
  result.receipts.receipts.reserve(block.transactions.size());
  std::vector<ByteView> inputs;
  inputs.reserve(block.transactions.size() + 1);
  Lane lane;
  for (const auto& tx : block.transactions) {
    inputs.push_back(bytes_of(tx));
    lane.add(inputs.back());
    result.receipts.receipts.push_back(run_transaction(state, c, tx));
    ASSAY_AUDIT_THAT(!state.status() || state.money_conserved());
    ASSAY_AUDIT_THAT(!state.status() || is_solvent(state) || !state.status());
  }
  if (lane.is_full()) begin_pause(c);
  result.validators = choose_validators(c);
  state.results().put_record(header.height);
  state.erasures().put_lists(header.height);
  const Bytes misbehaviour = encode(std::span(block.misbehaviour));
  inputs.push_back(misbehaviour);
  ASSAY_TRY_STATUS(seal_block(store, state, parent.state_root, inputs, result, &nodes));
  next_head = header;
  return result;
}

StateMachine::StateMachine(const KeyValueStore& store, std::size_t cache_bytes)
    : m_caches(std::make_unique<Caches>(store, cache_bytes)) {}
StateMachine::~StateMachine() = default;

Result<BlockResult> StateMachine::apply(const Block& block) { return m_caches->apply(block); }
Result<BlockResult> StateMachine::apply(const VerifiedBlock& block) {
  return m_caches->apply(block);
}

void StateMachine::written() {
  Caches& c = *m_caches;
  ASSAY_EXPECTS(c.unwritten);
  c.head = c.next_head;
  c.nodes.written();
  c.unwritten->overlay().written();
  c.unwritten->results().written();
  c.unwritten.reset();
}

Result<Receipt> StateMachine::check(const VerifiedTransaction& transaction) {
  Caches& caches = *m_caches;
  ASSAY_TRY(const BlockHeader head, caches.head_now());
  caches.unwritten.reset();
  caches.make_room();
  if (!caches.reader) caches.reader.emplace(caches.store, &caches.records, &caches.absent);
  const State& state = *caches.reader;
  const Height height{head.height.value + 1};
  const ParsedTransaction& tx = transaction.parsed();
  std::optional<Receipt> receipt = answer_without_rules(state, height, tx);
  if (!receipt) {
    receipt.emplace().id = tx.id;
    const Reading reading{state, head.chain, height, head.ledger_time};
    *receipt = answer(std::move(*receipt), check_payload(reading, tx.envelope, [](auto&&) {}));
  }
  if (Status status = state.status(); !status) {
    caches.reader.reset();
    return std::move(status).error();
  }
  return std::move(*receipt);
}

Result<BlockResult> apply(const KeyValueStore& store, const Block& block) {
  return StateMachine(store, 0).apply(block);
}

Result<Receipt> check_transaction(const KeyValueStore& store, ByteView transaction) {
  ASSAY_TRY(const BlockHeader head, StateReader(store).head());
  Receipt refused;
  std::optional<VerifiedTransaction> verified;
  refused.verdict =
      VerifiedTransaction::verify(head.chain, to_bytes(transaction), refused.id, verified);
  if (!verified) return refused;
  return StateMachine(store, 0).check(*verified);
}

Status audit_money(const KeyValueStore& store) {
  const State state(store);
  const bool holds = state.money_audited() && is_solvent_throughout(state);
  ASSAY_TRY_STATUS(state.status());
  if (!holds)
    return {ErrorCode::kIntegrity,
            "the ledger's accounts do not add up: restore the folder or sync it again"};
  return {};
}

}  // namespace assay::protocol

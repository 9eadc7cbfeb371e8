#include "assay/node/replicated_ledger.hpp"

#include <algorithm>
#include <chrono>

#include "assay/comet/hash.hpp"
#include "assay/node/header.hpp"
#include "assay/node/mempool.hpp"
#include "internal/keys.hpp"

namespace assay::node {

namespace {

// Whose block it is shows CometBFT's commit.
Bytes no_seal() { return encode_seal({}, {}); }

template <class TxResult>
TxResult result_of(const protocol::Receipt& receipt) {
  TxResult result;
  result.code = static_cast<std::uint32_t>(receipt.verdict);
  result.data = {receipt.detail, static_cast<std::uint8_t>(receipt.repeated ? 1 : 0)};
  result.log = protocol::to_string(receipt.verdict);
  return result;
}

std::uint64_t unix_ms(const abci::Time& time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(time.seconds, 0)) * 1000 +
         static_cast<std::uint64_t>(std::max(time.nanos, 0)) / 1'000'000;
}

std::uint64_t microseconds_since(std::chrono::steady_clock::time_point start) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                        std::chrono::steady_clock::now() - start)
                                        .count());
}

abci::ValidatorUpdate update_of(const protocol::ValidatorPower& member) {
  return {{abci::KeyType::kEd25519, to_bytes(member.key.view())},
          static_cast<std::int64_t>(member.power)};
}

// A stake can be slashed for as long as CometBFT takes evidence: ledger time adds at most
// kMaxLedgerStepMs a block, so what unbonds waits for so many blocks at least, and no less long.
Status check_evidence_age(const std::optional<abci::ConsensusParams>& params) {
  constexpr std::uint64_t kBlocks = protocol::kUnbondingMs / protocol::kMaxLedgerStepMs;
  constexpr std::uint64_t kSeconds = protocol::kUnbondingMs / 1000;
  if (!params || !params->evidence) return {};
  const abci::EvidenceParams& evidence = *params->evidence;
  if (evidence.max_age_blocks >= static_cast<std::int64_t>(kBlocks) ||
      evidence.max_age.seconds >= static_cast<std::int64_t>(kSeconds))
    return {ErrorCode::kConflict,
            "CometBFT's genesis file takes evidence of what is older than a validator's stake "
            "takes to unbond: evidence.max_age_num_blocks must be below " +
                std::to_string(kBlocks) + " and max_age_duration below " +
                std::to_string(kSeconds) + " s"};
  return {};
}

std::vector<protocol::Misbehaviour> misbehaviour_of(const std::vector<abci::Misbehavior>& told) {
  std::vector<protocol::Misbehaviour> found;
  for (const abci::Misbehavior& one : told) {
    if (found.size() == protocol::kMaxMisbehaviours) break;
    protocol::Misbehaviour& misbehaviour = found.emplace_back();
    if (one.type == abci::MisbehaviorType::kLightClientAttack)
      misbehaviour.kind = protocol::MisbehaviourKind::kLightClientAttack;
    if (one.validator.address.size() == misbehaviour.validator.size())
      std::copy(one.validator.address.begin(), one.validator.address.end(),
                misbehaviour.validator.begin());
    misbehaviour.height = Height{static_cast<std::uint64_t>(one.height)};
  }
  return found;
}

// The record may name the first validators, so that a light client need ask nobody for them.
Status check_validators(const protocol::Genesis& genesis,
                        const std::vector<abci::ValidatorUpdate>& updates) {
  if (genesis.validators_hash == Hash256{}) return {};
  comet::ValidatorSet validators;
  for (const abci::ValidatorUpdate& update : updates) {
    if (update.key.type != abci::KeyType::kEd25519 || update.key.bytes.size() != 32)
      return {ErrorCode::kUnsupported, "CometBFT's validators must have Ed25519 keys"};
    comet::Validator& validator = validators.emplace_back();
    std::copy(update.key.bytes.begin(), update.key.bytes.end(), validator.key.bytes.begin());
    validator.power = update.power;
  }
  comet::order(validators);
  const Hash256 hash = comet::hash_of(validators);
  if (hash != genesis.validators_hash)
    return {ErrorCode::kConflict, "the validators of CometBFT's genesis file have hash " +
                                      to_hex(hash) + ", but the genesis record names " +
                                      to_hex(genesis.validators_hash)};
  return {};
}

bool is_show_share(const protocol::VerifiedTransaction& transaction) {
  return std::holds_alternative<protocol::ShowShare>(transaction.parsed().envelope.payload);
}

// Of a share: its round may have opened in a block that this node does not have yet. No proof is
// verified for that; whatever else is wrong with one stays so.
bool may_be_early(protocol::TxVerdict verdict) {
  return verdict == protocol::TxVerdict::kUnknownRound;
}

constexpr char kRestoring[] = "this node is taking over a snapshot; ask again in a while";

abci::CheckTxResponse no_room_while_restoring() {
  abci::CheckTxResponse response;
  response.code = kNoRoomCode;
  response.log = kRestoring;
  return response;
}

}  // namespace

std::optional<protocol::VerifiedTransaction> ReplicatedLedger::verified(ByteView bytes) {
  TxId id;
  std::optional<protocol::VerifiedTransaction> transaction;
  (void)m_options.verified->verify(bytes, id, transaction);
  return transaction;
}

Hash256 first_validators_hash(const protocol::Genesis& genesis) {
  comet::ValidatorSet validators;
  for (const protocol::GenesisValidator& v : genesis.validators) {
    comet::Validator& validator = validators.emplace_back();
    validator.key.bytes = v.key.bytes;
    validator.power = static_cast<std::int64_t>(protocol::power_of(v.stake));
  }
  comet::order(validators);
  return comet::hash_of(validators);
}

Result<std::unique_ptr<ReplicatedLedger>> ReplicatedLedger::open(KeyValueStore& store,
                                                                 const protocol::Genesis& genesis,
                                                                 const ReplicatedOptions& options) {
  if (!is_replicated(genesis))
    return {ErrorCode::kInvalidArgument,
            "the genesis record names operator " + to_hex(genesis.operator_key) +
                ": a replicated ledger has none; make the record with replicated = true"};
  if (!genesis.validators.empty() && genesis.validators_hash != first_validators_hash(genesis))
    return {ErrorCode::kInvalidArgument,
            "the genesis record names validators by stake, and the hash of others"};
  ASSAY_TRY(auto chain, open_chain(store, genesis, options));
  if (chain->prune_is_due() && (!options.may_write || options.may_write()))
    ASSAY_TRY_STATUS(chain->prune());  // the last one may have been cut
  return std::unique_ptr<ReplicatedLedger>(new ReplicatedLedger(store, std::move(chain), options));
}

Result<std::unique_ptr<Chain>> ReplicatedLedger::open_chain(KeyValueStore& store,
                                                            const protocol::Genesis& genesis,
                                                            const ReplicatedOptions& options) {
  const auto seal = [](const protocol::BlockHeader& /*header*/) { return no_seal(); };
  return Chain::open(store, genesis, seal, options.chain);
}

ReplicatedLedger::ReplicatedLedger(KeyValueStore& store, std::unique_ptr<Chain> chain,
                                   const ReplicatedOptions& options)
    : m_store(store), m_chain(std::move(chain)), m_options(options) {
  if (!m_options.verified)
    m_options.verified = std::make_shared<VerifiedTransactions>(m_chain->id());
  if (options.snapshots != nullptr)
    m_receiver.emplace(options.snapshots->incoming(), m_chain->id(), options.snapshots->log());
}

// Memory and disk may differ now, and only a new open is certain; but for a block that cannot
// follow and a commit of nothing, which change nothing.
Error ReplicatedLedger::failed(const Error& error) {
  if (error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kConflict) return error;
  m_failure = error;
  if (m_options.on_failure) m_options.on_failure(error);
  return error;
}

Result<abci::InfoResponse> ReplicatedLedger::info(abci::InfoRequest /*request*/) {
  const protocol::BlockHeader& head = m_chain->head();
  abci::InfoResponse response;
  response.data = "assay " + to_hex(m_chain->id().value);
  response.last_block_height = static_cast<std::int64_t>(head.height.value);
  if (head.height.value > 0) response.last_block_app_hash = app_hash_of(head);
  return response;
}

Result<abci::InitChainResponse> ReplicatedLedger::init_chain(abci::InitChainRequest request) {
  const std::string wanted = comet_chain_id(m_chain->id());
  if (request.chain_id != wanted)
    return {ErrorCode::kConflict, "CometBFT's chain is '" + request.chain_id.substr(0, 64) +
                                      "', but this genesis record's is '" + wanted + "'"};
  if (request.initial_height > 1) return {ErrorCode::kConflict, "the first height must be 1"};
  if (m_chain->head().height.value != 0)
    return {ErrorCode::kConflict, "this ledger is at height " +
                                      std::to_string(m_chain->head().height.value) +
                                      " already; CometBFT's data folder is another chain's"};
  abci::InitChainResponse response;
  if (m_chain->genesis().validators.empty()) {
    ASSAY_TRY_STATUS(check_validators(m_chain->genesis(), request.validators));
  } else {
    ASSAY_TRY_STATUS(check_evidence_age(request.params));
    ASSAY_TRY(const auto set, m_chain->reader().validator_set());
    for (const protocol::ValidatorPower& member : set.members)
      response.validators.push_back(update_of(member));
  }
  response.app_hash = app_hash_of(m_chain->head());
  return response;
}

// With the chain's caches, where no call that changes it runs or has left a block that waits for
// its commit; else beside it, from what is on disk. Both read the same state.
Result<protocol::Receipt> ReplicatedLedger::check(
    const protocol::VerifiedTransaction& transaction) {
  const std::unique_lock idle(m_executing, std::try_to_lock);
  if (idle && !m_chain->is_pending()) return m_chain->check(transaction);
  return protocol::StateMachine(m_chain->store(), 0).check(transaction);
}

Result<abci::CheckTxResponse> ReplicatedLedger::check_tx(abci::CheckTxRequest request) {
  const std::shared_lock in_use(m_in_use, std::try_to_lock);
  if (!in_use) return no_room_while_restoring();
  protocol::Receipt receipt;
  std::optional<protocol::VerifiedTransaction> transaction;
  receipt.verdict = m_options.verified->verify(request.tx, receipt.id, transaction);
  if (transaction) {
    ASSAY_TRY(receipt, check(*transaction));
  }
  auto response = result_of<abci::CheckTxResponse>(receipt);
  const bool applies = receipt.verdict == protocol::TxVerdict::kApplied;
  const bool is_share = transaction && is_show_share(*transaction);
  if (!protocol::is_recorded(receipt.verdict) || receipt.repeated ||
      (is_share && !applies && !may_be_early(receipt.verdict))) {
    m_admission.leave(receipt.id);
    if (m_options.on_refused) m_options.on_refused(receipt);
    return response;
  }
  response.code = 0;
  bool has_room = request.type == abci::CheckTxType::kRecheck;
  if (is_share && applies) {
    ASSAY_TRY(const bool is_kept, keep_share(*transaction));
    has_room = has_room || is_kept;
  }
  const MempoolVerdict room =
      m_admission.admit(transaction->parsed(), transaction->bytes().size(), applies, has_room);
  if (room == MempoolVerdict::kSenderFull || room == MempoolVerdict::kFull) {
    response.code = kNoRoomCode;
    response.log = to_string(room);
    if (m_options.on_no_room) m_options.on_no_room(receipt.id, room);
  }
  return response;
}

// Anybody may sign a copy of a share: it takes the place of none that a proposer can still use.
Result<bool> ReplicatedLedger::keep_share(const protocol::VerifiedTransaction& transaction) {
  const auto& share = std::get<protocol::ShowShare>(transaction.parsed().envelope.payload);
  const std::lock_guard in_turn(m_shares_in_use);
  const auto [kept, is_new] = m_shares.try_emplace({share.round, share.validator}, transaction);
  if (is_new || kept->second.parsed().id == transaction.parsed().id) return true;
  ASSAY_TRY(const protocol::Receipt receipt, check(kept->second));
  if (receipt.verdict == protocol::TxVerdict::kApplied && !receipt.repeated) return false;
  kept->second = transaction;
  return true;
}

Result<std::vector<protocol::VerifiedTransaction>> ReplicatedLedger::shares_of(
    const std::vector<Bytes>& offered) {
  std::map<ShareOf, protocol::VerifiedTransaction> found;
  const auto add = [&](const protocol::VerifiedTransaction& transaction) -> Status {
    const auto& share = std::get<protocol::ShowShare>(transaction.parsed().envelope.payload);
    if (found.contains({share.round, share.validator})) return {};
    ASSAY_TRY(const protocol::Receipt receipt, m_chain->check(transaction));
    if (receipt.verdict == protocol::TxVerdict::kApplied && !receipt.repeated)
      found.insert({{share.round, share.validator}, transaction});
    return {};
  };
  for (const Bytes& bytes : offered) {
    if (protocol::claimed_kind(bytes) != protocol::TxKind::kShowShare) continue;
    if (const auto transaction = verified(bytes)) ASSAY_TRY_STATUS(add(*transaction));
  }
  {
    const std::lock_guard in_turn(m_shares_in_use);
    for (const auto& [of, transaction] : m_shares) ASSAY_TRY_STATUS(add(transaction));
  }
  std::vector<protocol::VerifiedTransaction> shares;
  for (auto& [of, transaction] : found) shares.push_back(std::move(transaction));
  std::stable_sort(shares.begin(), shares.end(), [](const auto& a, const auto& b) {
    return a.parsed().envelope.nonce < b.parsed().envelope.nonce;
  });
  return shares;
}

Result<abci::PrepareProposalResponse> ReplicatedLedger::prepare_proposal(
    abci::PrepareProposalRequest request) {
  const std::lock_guard executing(m_executing);
  abci::PrepareProposalResponse response;
  std::int64_t left = std::min<std::int64_t>(request.max_tx_bytes, protocol::kMaxBlockBytes);
  const auto fits = [&](const Bytes& bytes) {
    const std::int64_t size = abci::bytes_in_block(bytes);
    if (size > left) return false;
    left -= size;
    return true;
  };
  Mempool pool;
  std::unordered_map<TxId, Bytes, IdHasher> offered;
  ASSAY_TRY(const auto shares, shares_of(request.txs));
  for (const protocol::VerifiedTransaction& share : shares) {
    Bytes bytes = to_bytes(share.bytes());
    if (!fits(bytes)) break;
    offered.emplace(share.parsed().id, Bytes());
    response.txs.push_back(std::move(bytes));
  }
  for (const Bytes& bytes : request.txs) {
    const auto transaction = verified(bytes);
    if (!transaction || offered.count(transaction->parsed().id) > 0) continue;
    ASSAY_TRY(const protocol::Receipt receipt, m_chain->check(*transaction));
    const bool applies = receipt.verdict == protocol::TxVerdict::kApplied;
    if (pool.add(transaction->parsed(), bytes.size(), applies) == MempoolVerdict::kAdded)
      offered.emplace(transaction->parsed().id, bytes);
  }
  for (const Mempool::Taken& taken : pool.take_block()) {
    if (response.txs.size() == protocol::kMaxBlockTransactions) break;
    Bytes& bytes = offered.at(taken.id);
    if (!fits(bytes)) break;
    response.txs.push_back(std::move(bytes));
  }
  return response;
}

Result<abci::ProcessProposalResponse> ReplicatedLedger::process_proposal(
    abci::ProcessProposalRequest request) {
  std::size_t bytes = 0;
  bool holds = request.txs.size() <= protocol::kMaxBlockTransactions;
  for (const Bytes& tx : request.txs) bytes += tx.size();
  holds = holds && bytes <= protocol::kMaxBlockBytes;
  for (auto tx = request.txs.begin(); holds && tx != request.txs.end(); ++tx)
    holds = verified(*tx).has_value();
  return abci::ProcessProposalResponse{holds ? abci::Verdict::kAccept : abci::Verdict::kReject};
}

Result<const protocol::BlockResult*> ReplicatedLedger::execute(abci::FinalizeBlockRequest request) {
  protocol::VerifiedBlock block;
  block.height = Height{static_cast<std::uint64_t>(request.height)};
  block.time_ms = std::max(m_chain->head().time_ms, unix_ms(request.time));
  block.beacon = replicated_beacon(m_chain->head());
  block.misbehaviour = misbehaviour_of(request.misbehavior);
  for (const Bytes& bytes : request.txs) {
    auto transaction = verified(bytes);
    // More than a third of the power lied: what does not verify has a receipt, too.
    if (!transaction)
      return m_chain->execute(protocol::Block{block.height, block.time_ms, block.beacon,
                                              std::move(request.txs),
                                              std::move(block.misbehaviour)});
    block.transactions.push_back(*std::move(transaction));
  }
  return m_chain->execute(block);
}

Result<abci::FinalizeBlockResponse> ReplicatedLedger::finalize_block(
    abci::FinalizeBlockRequest request) {
  if (m_failure) return *m_failure;
  if (const Status may = m_options.may_write ? m_options.may_write() : Status(); !may) {
    if (m_options.on_pause) m_options.on_pause();
    return may.error();
  }
  const std::lock_guard executing(m_executing);
  const auto start = std::chrono::steady_clock::now();
  const Height height{static_cast<std::uint64_t>(request.height)};
  const auto executed = execute(std::move(request));
  if (!executed) return failed(executed.error());
  const protocol::BlockResult* const result = *executed;
  m_executed = {result->header, {}, nullptr, 0};
  abci::FinalizeBlockResponse response;
  response.app_hash = app_hash_of(result->header);
  for (const protocol::ValidatorPower& member : result->validators)
    response.validator_updates.push_back(update_of(member));
  for (const protocol::Receipt& receipt : result->receipts.receipts) {
    auto& one = response.tx_results.emplace_back(result_of<abci::TxResult>(receipt));
    one.events.push_back({"assay", {{"id", to_hex(receipt.id.value), true}}});
    m_executed.outcomes.push_back(
        {receipt.id, height, receipt.verdict, receipt.detail, receipt.repeated});
  }
  m_executed.microseconds = microseconds_since(start);
  return response;
}

Result<abci::CommitResponse> ReplicatedLedger::commit(abci::CommitRequest /*request*/) {
  if (m_failure) return *m_failure;
  const std::lock_guard executing(m_executing);
  const auto start = std::chrono::steady_clock::now();
  Status done = m_chain->commit(no_seal());
  // Pruning can wait for space.
  const bool prunes = m_chain->prune_is_due() && (!m_options.may_write || m_options.may_write());
  if (done && prunes) done = m_chain->prune();
  if (!done) return failed(done.error());
  std::vector<TxId> held;
  for (const TxOutcome& outcome : m_executed.outcomes) held.push_back(outcome.id);
  m_admission.leave_all(held, m_chain->head().height);
  ASSAY_TRY(const auto round, m_chain->reader().beacon_round());
  {
    const std::lock_guard in_turn(m_shares_in_use);
    std::erase_if(m_shares,
                  [&](const auto& one) { return !round || one.first.first != round->number; });
  }
  const bool due =
      m_options.snapshots != nullptr && m_options.snapshots->is_due(m_chain->head().height);
  std::shared_ptr<const KeyValueStore> state;
  if (due || m_options.on_commit) state = m_options.snapshot();
  if (due) m_options.snapshots->make(state);
  if (m_options.on_commit) {
    m_executed.state = std::move(state);
    m_executed.microseconds += microseconds_since(start);
    m_options.on_commit(std::move(m_executed));
  }
  return abci::CommitResponse{};
}

Result<abci::QueryResponse> ReplicatedLedger::query(abci::QueryRequest request) {
  abci::QueryResponse response;
  response.key = request.data;
  const auto absent = [&](std::string why) {
    response.code = 1;
    response.log = std::move(why);
    return response;
  };
  const std::shared_lock in_use(m_in_use, std::try_to_lock);
  if (!in_use) return absent(kRestoring);
  const protocol::StateReader& reader = m_chain->reader();
  if (request.path != "/record" && request.path != "/proof" && request.path != "/header")
    return absent("the paths are /record, /proof and /header");
  ASSAY_TRY(const auto kept, reader.provable_heights());
  const Height height =
      request.height == 0 ? kept.second : Height{static_cast<std::uint64_t>(request.height)};
  response.height = static_cast<std::int64_t>(height.value);
  if (request.path == "/header") {
    ASSAY_TRY(const auto header, reader.header(height));
    if (!header) return absent("there is no such block");
    response.value = encode(*header);
    return response;
  }
  if (request.path == "/proof") {
    auto proof = reader.prove_at(request.data, height);
    if (!proof) return absent(proof.error().message);
    response.value = std::move(*proof);
    return response;
  }
  auto record = reader.record_at(request.data, height);
  if (!record) return absent(record.error().message);
  if (!*record) return absent("there is no such record");
  response.value = std::move(**record);
  return response;
}

}  // namespace assay::node

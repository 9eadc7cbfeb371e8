#include "assay/node/service.hpp"

#include <algorithm>

#include "assay/node/json.hpp"

namespace assay::node {

using codec::Json;
using rpc::Field;
using rpc::immediate;
using rpc::Params;
using rpc::Reply;
using rpc::Type;

namespace {

Error not_found(const char* what) {
  return {ErrorCode::kNotFound, std::string("there is no such ") + what + " on this ledger"};
}

// A record or kNotFound.
template <class T, class ToJson>
Result<Json> found_or(const Result<std::optional<T>>& found, const char* what, ToJson to) {
  if (!found) return found.error();
  if (!*found) return not_found(what);
  return Json::object({{what, to(**found)}});
}

const std::vector<Field> kOutcome = {
    {"tx", Type::kHash, "the transaction's id"},
    {"height", Type::kNumber, "of its block; 0: in none"},
    {"verdict", Type::kText, "in words; applied or why not"},
    {"verdict_code", Type::kNumber, "protocol::TxVerdict; 0: applied"},
    {"detail", Type::kNumber, "of the verdicts that name another table"},
    {"detail_text", Type::kText, "in words"},
    {"repeated", Type::kBool, "the client id was known: its first result"}};

}  // namespace

NodeService::NodeService(Ledger& node, Intake& intake, const Clock& clock)
    : m_node(node), m_intake(intake), m_clock(clock) {}

void NodeService::register_methods(rpc::Dispatcher& dispatcher) {
  register_chain(dispatcher);
  register_transactions(dispatcher);
  register_records(dispatcher);
  register_proofs(dispatcher);
}

Json NodeService::status() const {
  Json json = Json::object({{"name", m_node.genesis().name},
                            {"operator", to_hex(m_node.genesis().operator_key)},
                            {"mode", m_node.mode()},
                            {"head", to_json(m_node.head())},
                            {"waiting", m_node.waiting()},
                            {"unix_ms", m_clock.unix_ms()},
                            {"block_interval_ms", m_node.block_interval_ms()},
                            {"healthy", healthy()}});
  if (!healthy()) json["failure"] = m_node.failure()->message;
  return json;
}

void NodeService::register_chain(rpc::Dispatcher& d) {
  d.add({"chain_status",
         "The chain, its head and the node's health.",
         {},
         {{"name", Type::kText, "of the chain"},
          {"operator", Type::kHash, "key that signs headers; replicated: zeros"},
          {"mode", Type::kText, "embedded: its operator orders; replicated: CometBFT's validators"},
          {"head", Type::kObject, "the last header"},
          {"waiting", Type::kNumber, "transactions without a block"},
          {"unix_ms", Type::kNumber, "the node's clock"},
          {"block_interval_ms", Type::kNumber, "least time between blocks; replicated: 0"},
          {"healthy", Type::kBool, "takes transactions"},
          {"failure", Type::kText, "why not", true}},
         {},
         immediate([this](const Params&) -> Result<Json> { return status(); })});
  d.add({"genesis",
         "The genesis record, from which the chain's id follows.",
         {},
         {{"genesis", Type::kHex, "the record"}},
         {},
         immediate([this](const Params&) -> Result<Json> {
           return Json::object({{"genesis", to_hex(encode(m_node.genesis()))}});
         })});
  d.add({"get_block_header",
         "A block's header and the operator's signatures; of a replicated ledger zeros.",
         {{"height", Type::kNumber, "default: the head's", true}},
         {{"header", Type::kObject, "its fields"}, {"signed_header", Type::kHex, "the bytes"}},
         {ErrorCode::kNotFound},
         immediate([this](const Params& params) -> Result<Json> {
           const Height height{params.number_or("height", m_node.head().height.value)};
           ASSAY_TRY(const auto header, m_node.signed_header(height));
           if (!header) return not_found("block");
           return Json::object(
               {{"header", to_json(header->header)}, {"signed_header", to_hex(encode(*header))}});
         })});
  d.add({"get_block",
         "A block's transactions, misbehaviour and receipts: what applying it again needs, and "
         "should give.",
         {{"height", Type::kNumber, "from 1 on"}},
         {{"signed_header", Type::kHex, "the bytes"},
          {"transactions", Type::kList, "hex, in order"},
          {"misbehaviour", Type::kList, "of validators, as CometBFT had evidence of"},
          {"receipts", Type::kList, "hex, in order"}},
         {ErrorCode::kNotFound},
         immediate([this](const Params& params) -> Result<Json> {
           const Height height{params.number("height")};
           ASSAY_TRY(const auto header, m_node.signed_header(height));
           ASSAY_TRY(const auto transactions, m_node.reader().transactions(height));
           ASSAY_TRY(const auto misbehaviour, m_node.reader().misbehaviour(height));
           ASSAY_TRY(const auto receipts, m_node.reader().receipts(height));
           if (!header || !transactions || !receipts) return not_found("block");
           Json txs = Json::array(), wrongs = Json::array(), results = Json::array();
           for (const protocol::Misbehaviour& one : *misbehaviour) wrongs.push_back(to_json(one));
           for (const Bytes& tx : *transactions) txs.push_back(to_hex(tx));
           for (const auto& receipt : receipts->receipts)
             results.push_back(to_hex(encode(receipt)));
           return Json::object({{"signed_header", to_hex(encode(*header))},
                                {"transactions", std::move(txs)},
                                {"misbehaviour", std::move(wrongs)},
                                {"receipts", std::move(results)}});
         })});
  d.add({"wait_block",
         "Answers once the head is above a height, or when the time is up.",
         {{"after", Type::kNumber, "the height that is known"},
          {"timeout_ms", Type::kNumber, "at most 30,000, the default", true}},
         {{"height", Type::kNumber, "the head's"}},
         {ErrorCode::kUnavailable},
         [this](const Params& params, const Reply& reply) {
           const std::uint64_t wait =
               std::min(params.number_or("timeout_ms", kMaxWaitMs), kMaxWaitMs);
           m_node.wait_block(Height{params.number("after")}, m_clock.monotonic_ms() + wait,
                             [reply](const Result<Height>& head) {
                               if (!head) return reply.error(head.error());
                               reply.result(Json::object({{"height", head->value}}));
                             });
         }});
  d.add({"events",
         "What happened from a height on.",
         {{"from", Type::kNumber, "height of the first block"},
          {"limit", Type::kNumber, "at most 1,000 events, the default; whole blocks", true}},
         {{"blocks", Type::kList, "height, ledger_time_ms, events of each block that has any"},
          {"next", Type::kNumber, "height to go on from"}},
         {},
         immediate([this](const Params& params) {
           return events(Height{params.number("from")},
                         std::min(params.number_or("limit", kMaxEventsPerCall), kMaxEventsPerCall));
         })});
}

Result<Json> NodeService::events(Height from, std::uint64_t limit) const {
  Json blocks = Json::array();
  std::uint64_t count = 0, height = from.value;
  for (; height <= m_node.head().height.value && count < limit &&
         height - from.value < kMaxBlocksPerCall;
       ++height) {
    ASSAY_TRY(const auto header, m_node.reader().header(Height{height}));
    ASSAY_TRY(const auto receipts, m_node.reader().receipts(Height{height}));
    if (!header || !receipts) continue;
    Json list = Json::array();
    const auto append = [&](const std::vector<protocol::Event>& events) {
      for (const protocol::Event& event : events) list.push_back(to_json(event));
      count += events.size();
    };
    append(receipts->block_events);
    for (const auto& receipt : receipts->receipts) append(receipt.events);
    if (list.get<Json::Array>()->empty()) continue;
    blocks.push_back(Json::object({{"height", height},
                                   {"ledger_time_ms", header->ledger_time.value},
                                   {"events", std::move(list)}}));
  }
  return Json::object({{"blocks", std::move(blocks)}, {"next", height}});
}

void NodeService::submit(Bytes transaction, SubmitDone done) {
  const std::uint64_t start = m_clock.monotonic_ms();
  m_intake.submit(std::move(transaction),
                  [this, done = std::move(done), start](const Result<TxOutcome>& outcome) {
                    if (outcome && m_observer) m_observer(*outcome, m_clock.monotonic_ms() - start);
                    done(outcome);
                  });
}

rpc::RpcError NodeService::refusal(const Error& error) const {
  if (error.code == ErrorCode::kUnavailable && !m_node.failure() && !m_node.pause())
    return {rpc::kBusy, error.message, m_intake.retry_after_ms()};
  return rpc::to_rpc_error(error);
}

// Many at once cost a sender and the node less than as many calls.
void NodeService::submit_all(const Params& params, const Reply& reply) {
  const auto& list = *params.json("txs").get<Json::Array>();
  if (list.empty() || list.size() > rpc::kMaxBatch)
    return reply.error(Error{ErrorCode::kInvalidArgument,
                             "'txs' must hold 1 to " + std::to_string(rpc::kMaxBatch)});
  std::vector<Bytes> transactions;
  transactions.reserve(list.size());
  for (const Json& item : list) {
    const auto* const text = item.get<std::string>();
    auto bytes = text ? from_hex(*text) : Error{ErrorCode::kMalformed, "it is no text"};
    if (!bytes)
      return reply.error(Error{ErrorCode::kInvalidArgument,
                               "'txs[" + std::to_string(transactions.size()) +
                                   "]' must be of type hex: " + bytes.error().message});
    transactions.push_back(std::move(*bytes));
  }
  const auto& may_call = reply.caller().may_call;
  if (may_call && !may_call(transactions.size() - 1))
    return reply.error({rpc::kTooManyCalls, "too many calls; ask again in a while"});
  struct Answers {
    Json::Array outcomes;
    std::size_t missing = 0;
  };
  const auto answers = std::make_shared<Answers>();
  answers->outcomes.resize(transactions.size());
  answers->missing = transactions.size();
  for (std::size_t i = 0; i < transactions.size(); ++i)
    submit(std::move(transactions[i]), [this, answers, reply, i](const Result<TxOutcome>& outcome) {
      Json& answer = answers->outcomes[i];
      if (outcome) {
        answer = to_json(*outcome);
      } else {
        answer = Json::object({{"error", rpc::error_json(refusal(outcome.error()))}});
      }
      if (--answers->missing > 0) return;
      reply.result(Json::object({{"outcomes", std::move(answers->outcomes)}}));
    });
}

void NodeService::register_transactions(rpc::Dispatcher& d) {
  d.add({"submit_transaction",
         "Takes a signed transaction; answers when it is in a block on disk, or refused.",
         {{"tx", Type::kHex, "the signed bytes"}},
         kOutcome,
         {ErrorCode::kAlreadyExists, ErrorCode::kUnavailable, ErrorCode::kTimeout},
         [this](const Params& params, const Reply& reply) {
           submit(params.bytes("tx"), [this, reply](const Result<TxOutcome>& outcome) {
             if (outcome) return reply.result(to_json(*outcome));
             reply.error(refusal(outcome.error()));
           });
         }});
  d.add({"submit_transactions",
         "Takes many; answers when all of them are in blocks on disk, or refused. Each counts as a "
         "call.",
         {{"txs", Type::kList, "hex, of 1 to 256 transactions"}},
         {{"outcomes", Type::kList,
           "in order: what submit_transaction gives, or its error: code, message, data"}},
         {ErrorCode::kInvalidArgument},
         [this](const Params& params, const Reply& reply) { submit_all(params, reply); }});
  d.add({"transaction_result",
         "What became of a transaction.",
         {{"tx", Type::kHash, "its id"}},
         kOutcome,
         {ErrorCode::kNotFound, ErrorCode::kUnavailable},
         immediate([this](const Params& params) -> Result<Json> {
           const TxId id{params.hash("tx")};
           ASSAY_TRY(const auto outcome, m_node.outcome_of(id));
           if (outcome) return to_json(*outcome);
           if (m_node.is_waiting(id))
             return {ErrorCode::kUnavailable, "it waits for a block; ask again in a while"};
           return not_found("transaction");
         })});
  d.add({"client_result",
         "The first result of a client id.",
         {{"sender", Type::kHash, "account"}, {"client_id", Type::kHex, "16 bytes"}},
         kOutcome,
         {ErrorCode::kInvalidArgument, ErrorCode::kNotFound},
         immediate([this](const Params& params) -> Result<Json> {
           const Bytes bytes = params.bytes("client_id");
           protocol::ClientId client_id{};
           if (bytes.size() != client_id.size())
             return {ErrorCode::kInvalidArgument, "a client id has 16 bytes"};
           std::memcpy(client_id.data(), bytes.data(), client_id.size());
           ASSAY_TRY(const auto receipt,
                     m_node.reader().result_of(AccountId{params.hash("sender")}, client_id));
           if (!receipt) return not_found("client id of that sender");
           ASSAY_TRY(const auto outcome, m_node.outcome_of(receipt->id));
           if (!outcome) return {ErrorCode::kIntegrity, "a recorded result is of no block"};
           return to_json(*outcome);
         })});
}

void NodeService::register_records(rpc::Dispatcher& d) {
  d.add({"account",
         "An account's money, stake and endpoint.",
         {{"account", Type::kHash, "its key"}},
         {{"account", Type::kObject, "the record"}},
         {},
         immediate([this](const Params& params) -> Result<Json> {
           ASSAY_TRY(const auto account,
                     m_node.reader().account(AccountId{params.hash("account")}));
           return Json::object({{"account", to_json(account)}});
         })});
  d.add({"totals",
         "Tokens issued, burned, in the jackpot and in the treasury.",
         {},
         {{"totals", Type::kObject, "amounts"}},
         {},
         immediate([this](const Params&) -> Result<Json> {
           ASSAY_TRY(const auto totals, m_node.reader().totals());
           return Json::object({{"totals", to_json(totals)}});
         })});
  d.add({"validators",
         "Who orders blocks by stake, and who else may be chosen.",
         {},
         {{"members", Type::kList, "keys and powers, ascending by key, as CometBFT was told"},
          {"candidates", Type::kList, "records, the most stake first, 256 at most"}},
         {},
         immediate([this](const Params&) { return validators(); })});
  d.add({"validator",
         "A validator's stake, what unbonds of it, and whether it was slashed.",
         {{"key", Type::kHash, "with which its CometBFT signs"}},
         {{"validator", Type::kObject, "the record"}},
         {ErrorCode::kNotFound},
         immediate([this](const Params& params) {
           return found_or(m_node.reader().validator(params.hash("key")), "validator",
                           [](const auto& validator) { return to_json(validator); });
         })});
  d.add({"beacon",
         "What draws, and the round of shares that is open.",
         {},
         {{"kind", Type::kText, "where the beacon comes from, and who could bias it"},
          {"window_ms", Type::kNumber, "ledger time for the shares of a round"},
          {"rounds", Type::kNumber, "of shares, ever"},
          {"open", Type::kBool, "a round is open"},
          {"round", Type::kObject, "it, or nothing"}},
         {},
         immediate([this](const Params&) { return beacon(); })});
  d.add({"tasks",
         "Tasks that are open or under way, or all in which an account has a part.",
         {{"account", Type::kHash, "whose tasks; absent: live ones", true}},
         {{"tasks", Type::kList, "ids, ascending"}},
         {},
         immediate([this](const Params& params) -> Result<Json> {
           auto ids = params.has("account")
                          ? m_node.reader().tasks_of(AccountId{params.hash("account")})
                          : m_node.reader().live_tasks();
           if (!ids) return ids.error();
           Json list = Json::array();
           for (const TaskId& id : *ids) list.push_back(to_hex(id.value));
           return Json::object({{"tasks", std::move(list)}});
         })});
  d.add({"task",
         "A task's terms, status and bids.",
         {{"task", Type::kHash, "its id"}},
         {{"task", Type::kObject, "the record"}},
         {ErrorCode::kNotFound},
         immediate([this](const Params& params) {
           return found_or(m_node.reader().task(TaskId{params.hash("task")}), "task",
                           [](const auto& task) { return to_json(task); });
         })});
  d.add({"claim",
         "A solver's claim with its verifiers, challenges and demands.",
         {{"claim", Type::kHash, "its id"}},
         {{"claim", Type::kObject, "the record"}},
         {ErrorCode::kNotFound},
         immediate([this](const Params& params) {
           return found_or(m_node.reader().claim(ClaimId{params.hash("claim")}), "claim",
                           [](const auto& claim) { return to_json(claim); });
         })});
  d.add({"challenge",
         "A challenge and its games.",
         {{"challenge", Type::kHash, "its id"}},
         {{"challenge", Type::kObject, "the record"}},
         {ErrorCode::kNotFound},
         immediate([this](const Params& params) {
           return found_or(
               m_node.reader().challenge(protocol::ChallengeId{params.hash("challenge")}),
               "challenge", [](const auto& challenge) { return to_json(challenge); });
         })});
  d.add({"game",
         "A game, where it stands, and its signed moves.",
         {{"game", Type::kHash, "its id"}},
         {{"game", Type::kObject, "the record"},
          {"position", Type::kObject, "stage, outcome and the place pointed at"},
          {"moves", Type::kList, "hex, in order"}},
         {ErrorCode::kNotFound},
         immediate([this](const Params& params) { return game(GameId{params.hash("game")}); })});
  d.add({"view",
         "Everything that concerns an account: the records of the state that tell it, with one "
         "proof of all under the head's state root.",
         {{"account", Type::kHash, "whose"},
          {"known", Type::kHex, "moves that the caller has, which are left out", true},
          {"principals", Type::kHex, "accounts that it plays for, whose games come as its own",
           true}},
         {{"height", Type::kNumber, "the head's"},
          {"excerpt", Type::kHex, "commit/map_excerpt.hpp, for protocol::read_view()"}},
         {ErrorCode::kMalformed},
         immediate([this](const Params& params) -> Result<Json> {
           protocol::KnownMoves known;
           if (params.has("known")) {
             ASSAY_TRY(known, protocol::decode_known_moves(params.bytes("known")));
           }
           protocol::Principals principals;
           if (params.has("principals")) {
             ASSAY_TRY(principals, protocol::decode_principals(params.bytes("principals")));
           }
           return view(AccountId{params.hash("account")}, known, principals);
         })});
}

void NodeService::register_proofs(rpc::Dispatcher& d) {
  d.add(
      {"evidence",
       "The evidence file of a game that a verdict finished.",
       {{"game", Type::kHash, "its id"}},
       {{"evidence", Type::kHex, "the file"}},
       {ErrorCode::kNotFound, ErrorCode::kUnavailable},
       immediate([this](const Params& params) { return evidence(GameId{params.hash("game")}); })});
  d.add(
      {"proof",
       "A record under a block's state root, and the proof of its presence or absence.",
       {{"key", Type::kHex, "the record's key, at most 256 bytes"},
        {"height", Type::kNumber, "of a block whose state is kept; default: header_proof's", true}},
       {{"key", Type::kHex, "as asked for"},
        {"value", Type::kHex, "the record; absent: there is none", true},
        {"proof", Type::kHex, "commit/map_proof.hpp"},
        {"signed_header", Type::kHex, "the block's, as of header_proof"}},
       {ErrorCode::kNotFound, ErrorCode::kLimit, ErrorCode::kUnavailable},
       [this](const Params& params, const Reply& reply) {
         const Height height{params.number_or("height", m_node.last_shown().value)};
         // Now, since the state goes on while CometBFT is asked.
         auto json = proof(params.bytes("key"), height);
         if (!json) return reply.error(json.error());
         m_node.prove_header(height, [reply, json = std::move(*json)](const auto& header) mutable {
           if (!header) return reply.error(header.error());
           json["signed_header"] = to_hex(encode(*header));
           reply.result(std::move(json));
         });
       }});
  d.add({"header_proof",
         "A header with what shows that it is the chain's.",
         {{"height", Type::kNumber,
           "default: the head's; of a replicated ledger the one before, which can be shown now",
           true}},
         {{"header", Type::kObject, "its fields"},
          {"signed_header", Type::kHex, "docs/spec/node.md, \"Proof of a header\""}},
         {ErrorCode::kNotFound, ErrorCode::kUnavailable},
         [this](const Params& params, const Reply& reply) {
           const Height height{params.number_or("height", m_node.last_shown().value)};
           m_node.prove_header(height, [reply](const auto& header) {
             if (!header) return reply.error(header.error());
             reply.result(Json::object({{"header", to_json(header_of(*header))},
                                        {"signed_header", to_hex(encode(*header))}}));
           });
         }});
}

}  // namespace assay::node

#include "assay/node/event_feed.hpp"

#include <algorithm>

#include "assay/node/json.hpp"

namespace assay::node {

using codec::Json;
using rpc::Params;
using rpc::Reply;
using rpc::Type;

namespace {

constexpr std::size_t kRecentBlocks = 16;
constexpr std::size_t kMaxKinds = 32;

// Whether any member, at any depth, is this text.
bool names(const Json& json, const std::string& text) {
  if (const auto* value = json.get<std::string>()) return *value == text;
  if (const auto* members = json.get<Json::Object>())
    return std::any_of(members->begin(), members->end(),
                       [&](const auto& member) { return names(member.second, text); });
  if (const auto* items = json.get<Json::Array>())
    return std::any_of(items->begin(), items->end(),
                       [&](const Json& item) { return names(item, text); });
  return false;
}

std::optional<Hash256> hash_in(const Json& event, const char* member) {
  const Json* found = event.find(member);
  const auto* text = found ? found->get<std::string>() : nullptr;
  const auto hash = text ? hash_from_hex(*text) : Result<Hash256>(ErrorCode::kNotFound, "");
  return hash ? std::optional<Hash256>(*hash) : std::nullopt;
}

}  // namespace

void EventFeed::register_methods(rpc::Dispatcher& d) {
  d.add({"subscribe",
         "Over a WebSocket: what happens from a height on, as notifications `event`.",
         {{"kinds", Type::kList, "names of events; absent: all", true},
          {"account", Type::kHash, "events that name it; absent: all", true},
          {"task", Type::kHash, "events of the task, its claims, challenges and games", true},
          {"from", Type::kNumber, "height of the first block; absent: the next one", true}},
         {{"subscription", Type::kNumber, "its number, in notifications and for unsubscribe"},
          {"from", Type::kNumber, "height of the first block"}},
         {ErrorCode::kInvalidArgument, ErrorCode::kLimit, ErrorCode::kUnsupported},
         [this](const Params& params, const Reply& reply) {
           reply(subscribe(params, reply.caller()));
         }});
  d.add({"unsubscribe",
         "Ends a subscription of this WebSocket.",
         {{"subscription", Type::kNumber, "its number"}},
         {{"subscription", Type::kNumber, "its number"}},
         {ErrorCode::kNotFound},
         [this](const Params& params, const Reply& reply) {
           reply(unsubscribe(params.number("subscription"), reply.caller()));
         }});
}

Result<Json> EventFeed::subscribe(const Params& params, const rpc::Caller& caller) {
  if (!caller.subscriber)
    return {ErrorCode::kUnsupported, "subscribe over a WebSocket, at /ws of this server"};
  const auto own =
      std::count_if(m_subscriptions.begin(), m_subscriptions.end(),
                    [&](const Subscription& s) { return s.subscriber == caller.subscriber; });
  if (static_cast<std::size_t>(own) >= kMaxSubscriptions)
    return {ErrorCode::kLimit, "this connection has " + std::to_string(own) +
                                   " subscriptions; end one or open another connection"};
  Subscription s;
  if (params.has("kinds")) {
    const auto& kinds = *params.json("kinds").get<Json::Array>();
    if (kinds.size() > kMaxKinds) return {ErrorCode::kLimit, "at most 32 kinds"};
    for (const Json& kind : kinds) {
      const auto* name = kind.get<std::string>();
      if (!name || name->size() > 64)
        return {ErrorCode::kInvalidArgument, "kinds are names of events"};
      s.filter.kinds.insert(*name);
    }
  }
  if (params.has("account")) s.filter.account = to_hex(params.hash("account"));
  if (params.has("task")) s.filter.task = to_hex(params.hash("task"));
  const std::uint64_t next = m_node.head().height.value + 1;
  s.height = params.number_or("from", next);
  if (s.height > next)
    return {ErrorCode::kInvalidArgument,
            "the next block is " + std::to_string(next) + "; subscribe from there or before"};
  s.id = m_next_id++;
  s.subscriber = caller.subscriber;
  m_subscriptions.push_back(std::move(s));
  const Subscription& added = m_subscriptions.back();
  return Json::object({{"subscription", added.id}, {"from", added.height}});
}

Result<Json> EventFeed::unsubscribe(std::uint64_t id, const rpc::Caller& caller) {
  const std::size_t ended = m_subscriptions.remove_if([&](const Subscription& s) {
    return s.id == id && caller.subscriber && s.subscriber == caller.subscriber;
  });
  if (ended == 0) return {ErrorCode::kNotFound, "this connection has no such subscription"};
  return Json::object({{"subscription", id}});
}

void EventFeed::drop(const std::shared_ptr<rpc::Subscriber>& subscriber) {
  m_subscriptions.remove_if([&](const Subscription& s) { return s.subscriber == subscriber; });
}

void EventFeed::resume(const std::shared_ptr<rpc::Subscriber>& subscriber) {
  for (Subscription& s : m_subscriptions)
    if (s.subscriber == subscriber) s.full = false;
}

bool EventFeed::pump() {
  bool more = false;
  for (Subscription& s : m_subscriptions) more = pump(s) || more;
  return more;
}

bool EventFeed::pump(Subscription& s) {
  const std::uint64_t head = m_node.head().height.value;
  for (std::uint64_t n = 0; n < kMaxBlocksPerTurn; ++n) {
    if (s.full || s.height > head) return false;
    const auto block = block_events(s.height);
    if (block && !send_block(s, *block)) {
      s.full = true;
      return false;
    }
    ++s.height;
    s.event = 0;
  }
  return s.height <= head;
}

bool EventFeed::send_block(Subscription& s, const BlockEvents& block) {
  Events fitting;
  for (const Json& event : block.events)
    if (fits(s.filter, event)) fitting.push_back(event);
  while (s.event < fitting.size()) {
    const std::size_t end = std::min(fitting.size(), s.event + kMaxEventsPerNotification);
    Json::Array part(fitting.begin() + static_cast<std::ptrdiff_t>(s.event),
                     fitting.begin() + static_cast<std::ptrdiff_t>(end));
    const Json notification =
        Json::object({{"jsonrpc", "2.0"},
                      {"method", "event"},
                      {"params", Json::object({{"subscription", s.id},
                                               {"height", s.height},
                                               {"ledger_time_ms", block.ledger_time_ms},
                                               {"events", std::move(part)},
                                               {"more", end < fitting.size()}})}});
    if (!s.subscriber->notify(notification.dump())) return false;
    s.event = end;
  }
  return true;
}

std::shared_ptr<const EventFeed::BlockEvents> EventFeed::block_events(std::uint64_t height) {
  for (const auto& [known, events] : m_recent)
    if (known == height) return events;
  const auto header = m_node.reader().header(Height{height});
  const auto receipts = m_node.reader().receipts(Height{height});
  if (!header || !*header || !receipts || !*receipts) return nullptr;
  auto block = std::make_shared<BlockEvents>();
  block->ledger_time_ms = (*header)->ledger_time.value;
  for (const auto& event : (*receipts)->block_events) block->events.push_back(to_json(event));
  for (const auto& receipt : (*receipts)->receipts)
    for (const auto& event : receipt.events) block->events.push_back(to_json(event));
  m_recent.emplace_back(height, block);
  if (m_recent.size() > kRecentBlocks) m_recent.pop_front();
  return block;
}

bool EventFeed::fits(const Filter& filter, const Json& event) const {
  const Json* name = event.find("event");
  if (!filter.kinds.empty() && filter.kinds.count(*name->get<std::string>()) == 0) return false;
  if (!filter.account.empty() && !names(event, filter.account)) return false;
  return filter.task.empty() || names(event, filter.task) || concerns_task(event, filter.task);
}

bool EventFeed::concerns_task(const Json& event, const std::string& task) const {
  const protocol::StateReader& reader = m_node.reader();
  std::optional<Hash256> claim = hash_in(event, "claim");
  std::optional<Hash256> challenge = hash_in(event, "challenge");
  if (const auto game = hash_in(event, "game"); game && !claim) {
    const auto found = reader.game(GameId{*game});
    if (found && *found) claim = (*found)->record.claim.value;
  }
  if (challenge && !claim) {
    const auto found = reader.challenge(protocol::ChallengeId{*challenge});
    if (found && *found) claim = (*found)->record.claim.value;
  }
  if (!claim) return false;
  const auto found = reader.claim(ClaimId{*claim});
  return found && *found && to_hex((*found)->record.task.value) == task;
}

}  // namespace assay::node

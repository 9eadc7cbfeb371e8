#include "assay/node/comet_client.hpp"

#include "assay/codec/json.hpp"

namespace assay::node {

using codec::Json;
using codec::JsonRef;

namespace {

constexpr std::uint64_t kTimeoutMs = 10'000;
constexpr std::size_t kAnswerBytesMax = std::size_t{64} << 10;

// RFC 4648, section 4: what CometBFT's JSON has for bytes.
std::string base64(ByteView bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? bytes[i + k] : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      text += i + k <= bytes.size() ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

Status answer_of(const Json& response) {
  if (response.find("result") != nullptr) return {};
  const JsonRef error = JsonRef(response)["error"];
  const auto data = error["data"].string();
  const auto message = error["message"].string();
  const std::string why = data ? *data : message ? *message : "no reason given";
  if (why.find("already exists in cache") != std::string::npos) return {};
  return {ErrorCode::kUnavailable,
          "CometBFT does not take it (" + why.substr(0, 200) + "); send it again in a while"};
}

}  // namespace

std::string broadcast_request(const std::vector<Bytes>& transactions) {
  Json calls = Json::array();
  for (std::size_t i = 0; i < transactions.size(); ++i)
    calls.push_back(Json::object({{"jsonrpc", "2.0"},
                                  {"id", i},
                                  {"method", "broadcast_tx_async"},
                                  {"params", Json::object({{"tx", base64(transactions[i])}})}}));
  return calls.dump();
}

std::vector<Status> broadcast_answers(unsigned status, ByteView body, std::size_t count) {
  std::vector<Status> answers(
      count, Status(ErrorCode::kMalformed, "CometBFT's answer is none to this call"));
  const std::string_view text(reinterpret_cast<const char*>(body.data()), body.size());
  const auto parsed = codec::parse_json(text, {kAnswerBytesMax, 16});
  if (!parsed) {
    // Over a limit of its RPC, say: then it looked at nothing.
    if (status >= 400 && status < 500)
      answers.assign(count, Status(ErrorCode::kUnavailable,
                                   "CometBFT's RPC answers with status " + std::to_string(status)));
    return answers;
  }
  const auto take = [&](const Json& response) {
    const Json* const id = response.find("id");
    const auto* const number = id ? id->get<std::uint64_t>() : nullptr;
    if (number && *number < count) answers[*number] = answer_of(response);
  };
  if (const auto* const list = parsed->get<Json::Array>()) {
    for (const Json& response : *list) take(response);
  } else if (parsed->find("error") != nullptr && parsed->find("result") == nullptr) {
    answers.assign(count, answer_of(*parsed));  // of the call as a whole
  } else {
    take(*parsed);
  }
  return answers;
}

CometClient::CometClient(net::EventLoop& loop, const net::StreamAddress& address, Log& log)
    : m_log(log),
      m_address(address),
      m_http(
          {.address = address,
           .limits = {.header_bytes = 16 << 10, .header_count = 64, .body_bytes = kAnswerBytesMax},
           .timeout_ms = kTimeoutMs}),
      m_worker(loop) {}

CometClient::~CometClient() { m_http.cancel(); }

void CometClient::broadcast(Bytes transaction, Done done) {
  if (m_queue.size() >= kCometQueueMax)
    return done(Error{ErrorCode::kUnavailable,
                      "too many transactions wait for CometBFT; send it again in a while"});
  m_queue.push_back({std::move(transaction), std::move(done)});
  if (!m_sending) send();
}

// One call at a time, so that a sender's transactions stay in order.
void CometClient::send() {
  std::vector<Bytes> transactions;
  auto waiting = std::make_shared<std::vector<Done>>();
  for (; !m_queue.empty() && waiting->size() < kCometBatch; m_queue.pop_front()) {
    transactions.push_back(std::move(m_queue.front().bytes));
    waiting->push_back(std::move(m_queue.front().done));
  }
  m_sending = !waiting->empty();
  if (!m_sending) return;
  const auto call = [this, transactions = std::move(transactions)]() -> Result<net::HttpResponse> {
    net::HttpRequest request;
    request.method = "POST";
    request.headers.set("Content-Type", "application/json");
    request.body = to_bytes(as_bytes(broadcast_request(transactions)));
    return m_http.request(request);
  };
  m_worker.call(call, [this, waiting,
                       alive = std::weak_ptr(m_alive)](const Result<net::HttpResponse>& response) {
    if (alive.expired()) return;
    report(response ? Status() : Status(response.error()));
    std::vector<Status> answers =
        response ? broadcast_answers(response->status, response->body, waiting->size())
                 : std::vector<Status>(waiting->size(), Status(response.error()));
    for (std::size_t i = 0; i < waiting->size(); ++i) (*waiting)[i](std::move(answers[i]));
    send();
  });
}

void CometClient::report(const Status& reached) {
  const bool unreachable = !reached;
  if (unreachable && !m_unreachable)
    m_log.write(LogLevel::kWarning, "comet.unreachable",
                {{"address", to_string(m_address)}, {"error", reached.error().message}});
  if (!unreachable && m_unreachable)
    m_log.write(LogLevel::kInfo, "comet.reached", {{"address", to_string(m_address)}});
  m_unreachable = unreachable;
}

}  // namespace assay::node

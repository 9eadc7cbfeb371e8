// Calls over a WebSocket.
#include "assay/rpc/https.hpp"
#include "internal/too_many.hpp"

namespace assay::rpc {

namespace {

class SocketSubscriber final : public Subscriber {
 public:
  explicit SocketSubscriber(std::size_t queue_bytes) : m_queue_bytes(queue_bytes) {}

  // Half of the queue is left to answers.
  bool notify(const std::string& text) override {
    return sender->queued_bytes() <= m_queue_bytes / 2 && sender->send(text);
  }
  void answer(const std::string& text) {
    if (text.empty() || sender->send(text)) return;
    const RpcError error{code_of(ErrorCode::kLimit),
                         "the answer is too long for a WebSocket now; POST it to /rpc"};
    if (!sender->send(error_response(error)))
      sender->close(net::CloseCode::kTooSlow, "answers are not taken");
  }

  std::shared_ptr<net::WebSocketSender> sender;  // before any text comes

 private:
  std::size_t m_queue_bytes;
};

}  // namespace

net::HttpsServer::AcceptWebSocket make_websocket_accept(net::EventLoop& loop, HttpsFace face) {
  const auto shared = std::make_shared<const HttpsFace>(std::move(face));
  return [&loop, face = shared](const net::HttpRequest& request)
             -> std::variant<net::HttpResponse, net::WebSocketHandler> {
    if (request.target != "/ws")
      return net::make_response(404, "text/plain", "WebSockets are at /ws\n");
    const std::string group = net::address_group(request.peer);
    net::RateLimiter* const limiter = request.trusted ? nullptr : face->limiter;
    if (limiter && !limiter->take(group, 1, loop.now_ms())) return too_many(*limiter);
    auto subscriber = std::make_shared<SocketSubscriber>(std::size_t{1} << 20);
    Caller caller{group, request.trusted, subscriber, {}};
    if (limiter)
      caller.may_call = [&loop, limiter, group](std::size_t calls) {
        return limiter->take(group, calls, loop.now_ms());
      };
    net::WebSocketHandler handler;
    handler.opened = [subscriber](std::shared_ptr<net::WebSocketSender> sender) {
      subscriber->sender = std::move(sender);
    };
    handler.text = [&loop, face, subscriber, caller](std::string text,
                                                     net::WebSocketHandler::Ticket ticket) {
      if (caller.may_call && !caller.may_call(1))
        return subscriber->answer(error_response(kTooMany));
      loop.post([face, subscriber, caller, text = std::move(text), ticket = std::move(ticket)] {
        face->dispatcher->handle(
            text,
            [subscriber, ticket](const std::string& response) { subscriber->answer(response); },
            caller);
        if (face->after_call) face->after_call();
      });
    };
    if (face->drained)
      handler.drained = [&loop, face, subscriber] {
        loop.post([face, subscriber] { face->drained(subscriber); });
      };
    if (face->gone)
      handler.closed = [&loop, face, subscriber] {
        loop.post([face, subscriber] { face->gone(subscriber); });
      };
    return handler;
  };
}

}  // namespace assay::rpc

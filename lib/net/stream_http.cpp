#include "assay/net/stream_http.hpp"

#include <array>
#include <chrono>

namespace assay::net {

namespace {

constexpr std::size_t kReadBytes = std::size_t{16} << 10;

Error cancelled() { return {ErrorCode::kCancelled, "the call was cancelled"}; }

}  // namespace

void StreamHttp::cancel() {
  const std::lock_guard lock(m_mutex);
  m_cancelled = true;
  if (m_stream) m_stream->shutdown();
}

void StreamHttp::drop() {
  const std::lock_guard lock(m_mutex);
  m_stream.reset();
}

Status StreamHttp::connect() {
  auto stream = Stream::connect(m_options.address, m_options.timeout_ms);
  const std::lock_guard lock(m_mutex);
  if (m_cancelled) return cancelled();
  if (!stream) {
    // Nothing was sent, however long it took to learn that.
    const bool late = stream.error().code == ErrorCode::kTimeout;
    return late ? Error{ErrorCode::kUnavailable, stream.error().message} : stream.error();
  }
  m_stream = std::move(*stream);
  return {};
}

Result<HttpResponse> StreamHttp::request(const HttpRequest& request) {
  const StreamAddress& to = m_options.address;
  ASSAY_TRY(std::string message,
            request_head(request, to.path.empty() ? host_and_port(to.host, to.port) : "localhost"));
  message.append(reinterpret_cast<const char*>(request.body.data()), request.body.size());
  while (true) {
    const bool kept = m_stream.has_value();
    if (!kept) ASSAY_TRY_STATUS(connect());
    bool answered = false;
    auto response = exchange(as_bytes(message), request.method == "HEAD", answered);
    if (response) return response;
    drop();
    {
      const std::lock_guard lock(m_mutex);
      if (m_cancelled) return cancelled();
    }
    if (!kept || answered || response.error().code != ErrorCode::kIo)
      return with_context(std::move(response).error(), to_string(to));
  }
}

Result<HttpResponse> StreamHttp::exchange(ByteView message, bool to_head, bool& answered) {
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(m_options.timeout_ms);
  ASSAY_TRY_STATUS(m_stream->write_all(message));
  ResponseParser parser(m_options.limits, to_head);
  std::array<std::uint8_t, kReadBytes> buffer;
  while (parser.stage() != ParseStage::kDone) {
    ASSAY_TRY(const std::size_t count, m_stream->read_some(buffer));
    answered = answered || count > 0;
    if (count == 0) {
      if (!answered) return {ErrorCode::kIo, "the connection ended before the answer"};
      ASSAY_TRY_STATUS(parser.feed_end());
      break;
    }
    ASSAY_TRY(const std::size_t used, parser.feed(ByteView(buffer).first(count)));
    if (used < count) return {ErrorCode::kMalformed, "more than one answer came"};
    if (std::chrono::steady_clock::now() > end && parser.stage() != ParseStage::kDone)
      return {ErrorCode::kTimeout, "the answer did not come in time"};
  }
  const bool keep = parser.keep_alive();
  HttpResponse response = parser.take();
  if (!keep) drop();
  return response;
}

}  // namespace assay::net

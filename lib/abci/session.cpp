#include "internal/session.hpp"

#include <algorithm>

#include "assay/abci/wire.hpp"

namespace assay::abci {

namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;
constexpr std::size_t kSendBytes = std::size_t{64} << 10;  // answers are sent when there are more
// A buffer that one large block has made larger is given back.
constexpr std::size_t kKeptBytes = std::size_t{4} << 20;

}  // namespace

std::string Session::run() {
  std::string why;
  try {
    why = serve();
  } catch (const std::exception& thrown) {  // out of memory, say
    why = thrown.what();
  }
  m_in = {};
  m_out = {};
  return why;
}

std::string Session::serve() {
  bool open = true;
  while (open) {
    const ByteView unread = ByteView(m_in).subspan(m_begin, m_end - m_begin);
    const Result<std::optional<Frame>> frame = parse_frame(unread, m_bytes_max);
    if (!frame) {
      put(m_calls.refuse(m_id, frame.error().message));
      open = false;
    } else if (!*frame) {
      if (Status sent = send(); !sent) return sent.error().message;
      if (Status read = read_more(); !read) return read.error().message;
    } else if (m_stopping) {
      if (Status sent = send(); !sent) return sent.error().message;
      return "stopped";
    } else {
      bool flush = false;
      open = answer((*frame)->message, flush);
      m_begin += (*frame)->size;
      if (!flush && m_out.size() < kSendBytes) continue;
      if (Status sent = send(); !sent) return sent.error().message;
    }
  }
  if (Status sent = send(); !sent) return sent.error().message;
  return "an exception was answered";
}

Status Session::read_more() {
  if (m_begin > 0) {
    std::copy(m_in.begin() + static_cast<std::ptrdiff_t>(m_begin),
              m_in.begin() + static_cast<std::ptrdiff_t>(m_end), m_in.begin());
    m_end -= std::exchange(m_begin, 0);
  }
  if (m_end == 0 && m_in.size() > kKeptBytes) m_in = {};
  // A message grows its buffer as it comes, whatever length it claims to have.
  if (m_in.size() < m_end + kReadBytes) m_in.resize(std::max(m_end + kReadBytes, 2 * m_end));
  ASSAY_TRY(const std::size_t count, m_stream.read_some(MutableBytes(m_in).subspan(m_end)));
  if (count == 0)
    return {ErrorCode::kIo, m_stopping   ? "stopped"
                            : m_end == 0 ? "the peer closed it"
                                         : "the peer closed it within a message"};
  m_end += count;
  return {};
}

Status Session::send() {
  const Status sent = m_stream.write_all(m_out);
  m_out.clear();
  if (m_out.capacity() > kKeptBytes) m_out = {};
  return sent;
}

bool Session::answer(ByteView message, bool& flush) {
  Result<Request> request = decode_request(message);
  if (!request) {
    put(m_calls.refuse(m_id, request.error().message));
    return false;
  }
  flush = call_of(*request) == Call::kFlush;
  const std::string name(name_of(call_of(*request)));
  const Response response = m_calls.answer(m_id, std::move(*request));
  if (const Status fits = append_response(response, m_bytes_max, m_out); !fits) {
    put(m_calls.refuse(m_id, name + ": " + fits.error().message));
    return false;
  }
  return !std::holds_alternative<ExceptionResponse>(response);
}

void Session::put(const Response& response) {
  // Words of ours, within any limit that lets a message pass.
  static_cast<void>(append_response(response, std::max<std::size_t>(m_bytes_max, 4096), m_out));
}

void Session::stop_reading() {
  m_stopping = true;
  m_stream.shutdown_read();
}

void Session::stop() { m_stream.shutdown(); }

}  // namespace assay::abci

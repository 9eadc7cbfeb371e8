#include "assay/net/stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "internal/socket_address.hpp"

namespace assay::net {

namespace {

Error broken(const char* doing) {
  if (errno == EAGAIN || errno == EWOULDBLOCK)
    return {ErrorCode::kTimeout, std::string("nothing moved in time while ") + doing};
  return {ErrorCode::kIo, std::string("the connection broke while ") + doing + " (" +
                              std::generic_category().message(errno) + ")"};
}

}  // namespace

Result<Stream> Stream::connect(const StreamAddress& address, std::uint64_t timeout_ms) {
  ASSAY_TRY(const SocketAddress socket, resolve_stream(address));
  const int fd = ::socket(socket.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return socket_error(ErrorCode::kIo, errno, "connect to", address, "out of descriptors?");
  Stream stream(fd);
  if (timeout_ms != 0) {
    const timeval limit{static_cast<time_t>(timeout_ms / 1000),
                        static_cast<suseconds_t>(timeout_ms % 1000 * 1000)};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);  // also of connect()
  }
  if (::connect(fd, socket.get(), socket.size) != 0) {
    if (errno == EINPROGRESS || errno == EAGAIN)
      return socket_error(ErrorCode::kTimeout, errno, "connect to", address, "is it overloaded?");
    if (errno == EACCES || errno == EPERM)
      return socket_error(ErrorCode::kPermission, errno, "connect to", address, "whose is it?");
    return socket_error(ErrorCode::kUnavailable, errno, "connect to", address,
                        "does anybody listen?");
  }
  if (address.path.empty()) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  return stream;
}

Stream::Stream(Stream&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}

Stream& Stream::operator=(Stream&& other) noexcept {
  std::swap(m_fd, other.m_fd);
  return *this;
}

Stream::~Stream() {
  if (m_fd >= 0) ::close(m_fd);
}

Result<std::size_t> Stream::read_some(MutableBytes out) {
  ASSAY_EXPECTS(!out.empty());
  while (true) {
    const ssize_t count = ::recv(m_fd, out.data(), out.size(), 0);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return broken("it was read");
  }
}

Status Stream::write_all(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(m_fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0)
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    else if (errno != EINTR)
      return broken("it was written");
  }
  return {};
}

void Stream::shutdown_read() noexcept { ::shutdown(m_fd, SHUT_RD); }
void Stream::shutdown() noexcept { ::shutdown(m_fd, SHUT_RDWR); }

}  // namespace assay::net

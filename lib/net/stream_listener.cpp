#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "internal/socket_address.hpp"

namespace assay::net {

namespace {

Error listen_error(const StreamAddress& address, int number) {
  if (number == EADDRINUSE)
    return socket_error(ErrorCode::kConflict, number, "listen on", address,
                        "another process listens there: stop it or choose another address");
  if (number == EACCES || number == EPERM)
    return socket_error(ErrorCode::kPermission, number, "listen on", address,
                        "choose a folder that you may write, or a port above 1023");
  return socket_error(ErrorCode::kUnavailable, number, "listen on", address,
                      "is that an address of this machine?");
}

// A unix socket's file outlives a process that was killed: then nobody answers there.
bool is_left_behind(const StreamAddress& address, const SocketAddress& socket) {
  struct stat status {};
  if (address.path.empty() || ::lstat(address.path.c_str(), &status) != 0) return false;
  if (!S_ISSOCK(status.st_mode)) return false;
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  const bool refused = ::connect(fd, socket.get(), socket.size) != 0 && errno == ECONNREFUSED;
  ::close(fd);
  return refused;
}

// 0 or an errno.
int bind_and_listen(int fd, const StreamAddress& address, const SocketAddress& socket) {
  if (address.path.empty()) {
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  } else if (::fchmod(fd, S_IRUSR | S_IWUSR) != 0) {  // before bind(): what the file is made with
    return errno;
  }
  if (::bind(fd, socket.get(), socket.size) != 0) {
    const int number = errno;
    if (number != EADDRINUSE || !is_left_behind(address, socket)) return number;
    ::unlink(address.path.c_str());
    if (::bind(fd, socket.get(), socket.size) != 0) return errno;
  }
  return ::listen(fd, SOMAXCONN) == 0 ? 0 : errno;
}

std::uint16_t port_of(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size);
  // The port has the same place in both kinds of address.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
}

}  // namespace

Result<StreamListener> StreamListener::listen(const StreamAddress& address) {
  ASSAY_TRY(const SocketAddress socket, resolve_stream(address));
  const int fd = ::socket(socket.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return listen_error(address, errno);
  const int wake_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  const int number = wake_fd < 0 ? errno : bind_and_listen(fd, address, socket);
  if (number != 0) {
    ::close(fd);
    if (wake_fd >= 0) ::close(wake_fd);
    return listen_error(address, number);
  }
  StreamAddress bound = address;
  if (address.path.empty()) bound.port = port_of(fd);
  return StreamListener(std::move(bound), fd, wake_fd);
}

StreamListener::StreamListener(StreamListener&& other) noexcept
    : m_address(other.m_address),
      m_file(other.m_file),
      m_fd(std::exchange(other.m_fd, -1)),
      m_wake_fd(std::exchange(other.m_wake_fd, -1)) {}

StreamListener::FileId StreamListener::file_at(const std::string& path) noexcept {
  struct stat status {};
  if (path.empty() || ::lstat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

StreamListener::~StreamListener() {
  if (m_fd < 0) return;
  // Somebody may have removed the file, and another process listen under its name.
  if (m_file != FileId{} && file_at(m_address.path) == m_file) ::unlink(m_address.path.c_str());
  ::close(m_fd);
  ::close(m_wake_fd);
}

Result<Stream> StreamListener::accept() {
  while (true) {
    pollfd waits[2] = {{m_wake_fd, POLLIN, 0}, {m_fd, POLLIN, 0}};
    if (::poll(waits, 2, -1) < 0) continue;  // a signal
    if (waits[0].revents != 0)
      return Error{ErrorCode::kCancelled, "no longer listening on " + to_string(m_address)};
    const int fd = ::accept4(m_fd, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) {
      if (m_address.path.empty()) {
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        // A host that is gone gives its place free; one that is paused answers by its kernel.
        ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
      }
      return Stream(fd);
    }
    // The peer may have gone before it was accepted.
    if (errno != EINTR && errno != EAGAIN && errno != ECONNABORTED)
      return socket_error(ErrorCode::kIo, errno, "accept on", m_address, "try again");
  }
}

void StreamListener::cancel() noexcept { ::eventfd_write(m_wake_fd, 1); }

}  // namespace assay::net

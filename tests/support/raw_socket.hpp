// A plain blocking TCP connection to loopback, for tests that misbehave.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace assay::test {

class RawSocket {
 public:
  explicit RawSocket(std::uint16_t port) : m_fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    m_connected = ::connect(m_fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawSocket() { ::close(m_fd); }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  [[nodiscard]] bool connected() const { return m_connected; }
  bool send(std::string_view bytes) {
    return ::send(m_fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  // Everything until the other side closes, or `timeout_ms` without a byte: then `closed` is false.
  std::string receive_all(int timeout_ms, bool& closed) {
    std::string all;
    closed = false;
    while (true) {
      pollfd waiting{m_fd, POLLIN, 0};
      if (::poll(&waiting, 1, timeout_ms) <= 0) return all;
      char piece[4096];
      const ssize_t n = ::recv(m_fd, piece, sizeof piece, 0);
      if (n <= 0) {
        closed = true;
        return all;
      }
      all.append(piece, static_cast<std::size_t>(n));
    }
  }

 private:
  int m_fd;
  bool m_connected = false;
};

}  // namespace assay::test

#include <netdb.h>
#include <sys/un.h>

#include <charconv>
#include <cstring>
#include <system_error>

#include "assay/net/http.hpp"
#include "internal/socket_address.hpp"

namespace assay::net {

namespace {

constexpr std::size_t kPathBytesMax = sizeof(sockaddr_un{}.sun_path) - 1;

Error bad_address(std::string_view text) {
  return {ErrorCode::kInvalidArgument,
          "'" + std::string(text) +
              "' is no address of a stream: write tcp://HOST:PORT or unix:///PATH"};
}

}  // namespace

Result<StreamAddress> parse_stream_address(std::string_view text) {
  constexpr std::string_view kUnix = "unix://";
  constexpr std::string_view kTcp = "tcp://";
  if (text.starts_with(kUnix)) {
    const std::string_view path = text.substr(kUnix.size());
    if (path.empty() || path.size() > kPathBytesMax || path.find('\0') != std::string_view::npos)
      return bad_address(text);
    return StreamAddress{std::string(path), {}, 0};
  }
  if (!text.starts_with(kTcp)) return bad_address(text);
  const std::string_view rest = text.substr(kTcp.size());
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos) return bad_address(text);
  std::string_view host = rest.substr(0, colon);
  const std::string_view digits = rest.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, failed] = std::from_chars(digits.begin(), digits.end(), port);
  if (failed != std::errc{} || end != digits.end()) return bad_address(text);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return bad_address(text);
  if (host.empty() || host.find_first_of("/@[]") != std::string_view::npos ||
      host.find('\0') != std::string_view::npos)
    return bad_address(text);
  return StreamAddress{{}, std::string(host), port};
}

std::string to_string(const StreamAddress& address) {
  if (!address.path.empty()) return "unix://" + address.path;
  return "tcp://" + host_and_port(address.host, address.port);
}

Error socket_error(ErrorCode code, int number, const std::string& doing,
                   const StreamAddress& address, const std::string& advice) {
  const std::string why = std::generic_category().message(number);
  return {code, "cannot " + doing + " " + to_string(address) + " (" + why + "); " + advice};
}

Result<SocketAddress> resolve_stream(const StreamAddress& address) {
  SocketAddress socket;
  if (!address.path.empty()) {
    ASSAY_EXPECTS(address.path.size() <= kPathBytesMax);
    sockaddr_un un{};
    un.sun_family = AF_UNIX;
    std::memcpy(un.sun_path, address.path.data(), address.path.size());
    std::memcpy(&socket.storage, &un, sizeof un);
    socket.size = sizeof un;
    return socket;
  }
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed =
      ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (failed != 0)
    return Error{ErrorCode::kUnavailable, "cannot find " + to_string(address) + " (" +
                                              ::gai_strerror(failed) + "); check the host's name"};
  std::memcpy(&socket.storage, found->ai_addr, found->ai_addrlen);
  socket.size = found->ai_addrlen;
  ::freeaddrinfo(found);
  return socket;
}

}  // namespace assay::net

// A stream's address as the system calls take it.
#pragma once

#include <sys/socket.h>

#include "assay/net/stream.hpp"

namespace assay::net {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const noexcept {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
};

// kUnavailable: the host's name is not known.
[[nodiscard]] Result<SocketAddress> resolve_stream(const StreamAddress& address);

// "cannot <doing> unix:///run/app.sock (<what `number`, an errno, says>); <advice>".
[[nodiscard]] Error socket_error(ErrorCode code, int number, const std::string& doing,
                                 const StreamAddress& address, const std::string& advice);

}  // namespace assay::net

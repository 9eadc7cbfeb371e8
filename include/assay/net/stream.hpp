// Plain byte streams over TCP and unix sockets, read and written by blocking calls: for a peer on
// this machine or a private network, such as a consensus engine beside its application. Nothing is
// encrypted and nobody is authenticated (net/server.hpp does both).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "assay/core/hex.hpp"

namespace assay::net {

// Where a stream leads: a path (unix), or a host and a port (TCP).
struct StreamAddress {
  std::string path;  // if set, the rest is not
  std::string host;
  std::uint16_t port = 0;  // 0, to listen on: any free one
  friend bool operator==(const StreamAddress&, const StreamAddress&) = default;
};
// "tcp://127.0.0.1:26658", "tcp://[::1]:26658" or "unix:///run/app.sock". kInvalidArgument for
// anything else and for paths over the system's limit of 107 bytes.
[[nodiscard]] Result<StreamAddress> parse_stream_address(std::string_view text);
[[nodiscard]] std::string to_string(const StreamAddress& address);

// One connection; it ends with the object. One thread reads and one writes at a time;
// shutdown_read() and shutdown() may be called from any thread while the object lives.
class Stream {
 public:
  // `timeout_ms`: of connecting, and of each later read_some() and write_all(), which are kTimeout
  // when nothing moved for so long; 0: none. kUnavailable: nobody listens there; kPermission; kIo.
  [[nodiscard]] static Result<Stream> connect(const StreamAddress& address,
                                              std::uint64_t timeout_ms = 0);
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&& other) noexcept;
  ~Stream();

  // Waits for at least one byte; how many came, 0 at the stream's end. kIo: the connection broke;
  // kTimeout.
  [[nodiscard]] Result<std::size_t> read_some(MutableBytes out);
  // Waits until the system has taken them all. kIo: the connection broke; kTimeout.
  [[nodiscard]] Status write_all(ByteView bytes);

  // Whoever reads here finds the end, now and later.
  void shutdown_read() noexcept;
  // The same for both directions, and for the peer.
  void shutdown() noexcept;

 private:
  friend class StreamListener;
  explicit Stream(int fd) : m_fd(fd) {}
  int m_fd = -1;
};

// Takes connections until it is cancelled. A unix socket's file gets mode 0600 and goes with the
// listener, if what stands there is still its own; one that a dead process left behind is replaced.
class StreamListener {
 public:
  // kConflict: somebody listens there; kPermission; kUnavailable: not an address of this machine.
  [[nodiscard]] static Result<StreamListener> listen(const StreamAddress& address);
  StreamListener(StreamListener&& other) noexcept;
  StreamListener& operator=(StreamListener&&) = delete;
  ~StreamListener();

  // With the port that was chosen.
  [[nodiscard]] const StreamAddress& address() const noexcept { return m_address; }
  // Waits for a connection. kCancelled after cancel(); kIo (out of descriptors, say): try again
  // a little later.
  [[nodiscard]] Result<Stream> accept();
  // From any thread while the object lives; accept() returns kCancelled, now and later.
  void cancel() noexcept;

 private:
  // A file on disk, whatever its name; zeros: none.
  struct FileId {
    std::uint64_t device = 0;
    std::uint64_t number = 0;
    friend bool operator==(const FileId&, const FileId&) = default;
  };
  [[nodiscard]] static FileId file_at(const std::string& path) noexcept;
  StreamListener(StreamAddress address, int fd, int wake_fd)
      : m_address(std::move(address)),
        m_file(file_at(m_address.path)),
        m_fd(fd),
        m_wake_fd(wake_fd) {}
  StreamAddress m_address;
  FileId m_file;  // of a unix socket
  int m_fd = -1;
  int m_wake_fd = -1;  // an eventfd, readable once cancelled
};

}  // namespace assay::net

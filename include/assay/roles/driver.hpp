// Runs one role as a process: the ledger by JSON-RPC over pinned TLS, blobs over HTTPS both ways,
// jobs on a thread of their own, everything the role sees and does on one event loop. What a
// program needs besides is in cli/role_program.hpp; to embed a role in an event loop of your own,
// see role.hpp and examples/embedded_role.cpp.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "assay/roles/role.hpp"

namespace assay::host {
class DiskFiles;
}

namespace assay::roles {

// What `header_proof` (docs/spec/rpc.md) answers of another height: to go over, where validators
// have changed. Errors: the ledger's.
using AskHeader = std::function<Result<Bytes>(Height height)>;
// The header that these bytes show to be the chain's: not below one that was followed before.
// Called on one thread at a time. Errors: kUnavailable (it is below), kMalformed, kIntegrity (they
// show nothing, or another chain's), those of `ask`.
using FollowHeader =
    std::function<Result<protocol::BlockHeader>(ByteView proof, const AskHeader& ask)>;

struct DriverOptions {
  // "https://host:port" of nodes of one ledger, the first to be asked first; at least one. Where
  // one does not answer, stands still, runs another chain or answers what has no proof, the next is
  // asked.
  std::vector<std::string> ledger_urls;
  FollowHeader follow_header;   // what the role sees is under headers that this knows
  std::string authority_pem;    // who signed the ledger's and the other parties' certificates
  std::string certificate_pem;  // this party's, for its blob server
  std::string key_pem;
  std::string listen_host = "127.0.0.1";
  std::uint16_t listen_port = 0;             // 0: any free one
  std::string advertise_host = "127.0.0.1";  // under which others reach it
  std::vector<std::string> capabilities;     // that its profile lists, tags of [a-z0-9-]
};

class Driver {
 public:
  // `files`: the role's folder; blobs lie below blobs/, partial/ and index/ of it. Everything
  // passed in must outlive the driver. Errors: kInvalidArgument, kConflict (the port), those of the
  // disk.
  [[nodiscard]] static Result<std::unique_ptr<Driver>> create(const DriverOptions& options,
                                                              const RoleContext& context,
                                                              host::DiskFiles& files);
  ~Driver();

  // Drives `role` until it finishes (its status) or stop() is called (kCancelled).
  [[nodiscard]] Status run(Role& role);
  // From any thread: jobs are asked to stop at their next safe place.
  void stop();

  [[nodiscard]] std::uint16_t port() const;

 private:
  struct State;
  explicit Driver(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

}  // namespace assay::roles

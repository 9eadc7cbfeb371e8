// The calls that a ledger node answers: docs/spec/rpc.md has the table, and a test holds it equal
// to what is registered here. Not thread-safe: everything on the node's event loop.
#pragma once

#include "assay/node/intake.hpp"
#include "assay/rpc/dispatcher.hpp"

namespace assay::node {

inline constexpr std::uint64_t kMaxWaitMs = 30'000;  // of one wait_block
inline constexpr std::uint64_t kMaxEventsPerCall = 1000;
inline constexpr std::uint64_t kMaxBlocksPerCall = 256;  // that one events call reads
inline constexpr std::size_t kMaxKeyBytes = 256;

class NodeService {
 public:
  // All must outlive the service; the service and the dispatcher it registers with go together.
  NodeService(Ledger& node, Intake& intake, const Clock& clock);
  void register_methods(rpc::Dispatcher& dispatcher);

  // Told of each answered transaction, and how long its sender waited.
  using Observer = std::function<void(const TxOutcome& outcome, std::uint64_t milliseconds)>;
  void observe(Observer observer) { m_observer = std::move(observer); }

  [[nodiscard]] codec::Json status() const;
  [[nodiscard]] bool healthy() const { return !m_node.failure(); }

 private:
  using Json = codec::Json;
  void register_chain(rpc::Dispatcher& d);
  void register_transactions(rpc::Dispatcher& d);
  void register_records(rpc::Dispatcher& d);
  void register_proofs(rpc::Dispatcher& d);
  using SubmitDone = std::function<void(Result<TxOutcome> outcome)>;
  void submit(Bytes transaction, SubmitDone done);
  void submit_all(const rpc::Params& params, const rpc::Reply& reply);
  // Busy, where it is room that is missing.
  [[nodiscard]] rpc::RpcError refusal(const Error& error) const;
  [[nodiscard]] Result<Json> events(Height from, std::uint64_t limit) const;
  [[nodiscard]] Result<Json> view(const AccountId& account, const protocol::KnownMoves& known,
                                  const protocol::Principals& principals);
  [[nodiscard]] Result<Json> game(const GameId& id) const;
  [[nodiscard]] Result<Json> validators() const;
  [[nodiscard]] Result<Json> beacon() const;
  [[nodiscard]] Result<Json> evidence(const GameId& id) const;
  // Without the header.
  [[nodiscard]] Result<Json> proof(ByteView key, Height height) const;

  Ledger& m_node;
  Intake& m_intake;
  const Clock& m_clock;
  Observer m_observer;
  // Views of the present head by account: several roles ask after every block.
  Height m_views_height;
  std::map<AccountId, std::string> m_views;  // whole ones
};

// The evidence file of a game that a verdict finished (dispute/evidence.hpp). kUnavailable while it
// is open or if a clock decided it: then there is nothing to prove.
[[nodiscard]] Result<Bytes> make_evidence(const protocol::StateReader& reader, const GameId& game);

}  // namespace assay::node

// For embedded_role.cpp: the event loop that hosts roles. Events go in, actions come out, and the
// host performs them.
#pragma once

#include <deque>
#include <map>

#include "assay/core/memory_files.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/node/ledger_node.hpp"
#include "assay/roles/role.hpp"

namespace examples {

using namespace assay;  // an example's liberty

// A clock that the loop moves, so that hours of the protocol's windows pass in a moment.
class LoopClock final : public Clock {
 public:
  explicit LoopClock(std::uint64_t unix_ms) : m_start_ms(unix_ms) {}
  std::uint64_t unix_ms() const override { return m_start_ms + now_ms; }
  std::uint64_t monotonic_ms() const override { return now_ms; }
  std::uint64_t now_ms = 0;

 private:
  std::uint64_t m_start_ms;
};

// One role and what belongs to it.
struct Party {
  const crypto::KeyPair& key;
  std::unique_ptr<MemoryFiles> files;  // a folder, on a real host
  std::unique_ptr<roles::Role> role{};
  std::uint64_t last_nonce = 0;
  bool finished = false;
  Status outcome{};
  std::deque<roles::Event> inbox{};
};

// An event loop, written out. A real host replaces five things: the ledger (JSON-RPC), the blobs
// (HTTPS), the clock, a thread for jobs, and the log.
class Host {
 public:
  Host(node::LedgerNode& node, LoopClock& clock, Log& log, ChainId chain)
      : m_node(node), m_clock(clock), m_log(log), m_chain(chain) {}

  template <class MakeRole>
  Party& add(const crypto::KeyPair& key, const MakeRole& make_role) {
    Party& party = m_parties.emplace_back(Party{key, std::make_unique<MemoryFiles>()});
    party.role = make_role(roles::RoleContext{key, m_chain, *party.files, m_pool, m_log});
    // Others look up on the ledger where a party's blobs are; here all are in one shelf.
    const Hash256 nowhere = crypto::sha256(as_bytes("no certificate"));
    perform(party, roles::Submit{{}, protocol::RegisterProfile{"https://shelf", nowhere, {}}});
    return party;
  }

  // Turns the loop until `party` has finished.
  Status run_until_finished(const Party& party) {
    while (!party.finished) {
      ASSAY_TRY(const bool made_a_block, m_node.tick());
      if (made_a_block) ASSAY_TRY_STATUS(show_the_ledger());
      bool idle = !made_a_block;
      for (Party& each : m_parties)
        while (!each.inbox.empty()) {
          idle = false;
          const roles::Event event = std::move(each.inbox.front());
          each.inbox.pop_front();
          handle(each, event);
        }
      if (idle) ASSAY_TRY_STATUS(sleep());
    }
    return party.outcome;
  }

 private:
  // Roles are level-triggered: each gets the whole view, as often as the host likes. A host that
  // was restarted takes the last nonce from the view, too.
  Status show_the_ledger() {
    for (Party& party : m_parties) {
      ASSAY_TRY(protocol::View view, m_node.reader().view(AccountId(party.key.public_key())));
      party.last_nonce = std::max(party.last_nonce, view.self.profile.last_nonce);
      party.inbox.push_back(
          roles::LedgerUpdate{std::make_shared<const protocol::View>(std::move(view))});
    }
    return {};
  }

  void handle(Party& party, const roles::Event& event) {
    if (party.finished) return;
    for (roles::Action& action : party.role->on(event, m_clock.monotonic_ms()))
      std::visit([&](auto& wanted) { perform(party, std::move(wanted)); }, action);
  }

  // To where the next thing is due. A host on real time waits here instead.
  Status sleep() {
    std::optional<std::uint64_t> next = m_node.next_wake_ms();
    for (const Party& party : m_parties)
      if (const auto due = party.role->next_deadline(); due && (!next || *due < *next)) next = due;
    if (!next) return {ErrorCode::kInternal, "nobody has anything left to do"};
    m_clock.now_ms = std::max(m_clock.now_ms + 1, *next);
    for (Party& party : m_parties)
      if (const auto due = party.role->next_deadline(); due && *due <= m_clock.now_ms)
        party.inbox.push_back(roles::Tick{});
    return {};
  }

  // The envelope is the host's: chain, nonce, validity, signature.
  void perform(Party& party, roles::Submit&& submission) {
    const Bytes bytes =
        protocol::sign_transaction({.chain = m_chain,
                                    .sender = AccountId(party.key.public_key()),
                                    .nonce = ++party.last_nonce,
                                    .client_id = submission.client_id,
                                    .valid_until = Height(m_node.head().height.value + 100'000),
                                    .payload = std::move(submission.payload)},
                                   party.key);
    m_node.submit(
        bytes, [&party, id = submission.client_id](const Result<node::TxOutcome>& answer) {
          // No answer is no news: the role submits again if the ledger does not show the effect.
          if (answer && answer->verdict != protocol::TxVerdict::kApplied)
            party.inbox.push_back(roles::TransactionRefused{id, answer->verdict, answer->detail});
        });
  }
  void perform(Party& party, roles::StartJob&& job) {  // on a thread of your own, if you have one
    party.inbox.push_back(roles::JobFinished{job.job, job.body([] { return false; })});
  }
  void perform(Party& party, roles::Fetch&& fetch) {
    const auto found = m_shelf.find(fetch.name);
    const bool fits = found != m_shelf.end() && found->second.size() <= fetch.bytes_max;
    party.inbox.push_back(roles::FetchFinished{
        fetch.name, fetch.from,
        fits ? Result<Bytes>(found->second) : Result<Bytes>(ErrorCode::kNotFound, "no such blob")});
  }
  void perform(Party&, roles::Publish&& blob) { m_shelf[blob.name] = std::move(blob.bytes); }
  void perform(Party& party, roles::PublishFile&& blob) {
    if (auto bytes = party.files->read(blob.file)) m_shelf[blob.name] = std::move(*bytes);
  }
  void perform(Party&, roles::Report&& report) {
    m_log.write(report.level, report.event, report.fields);
  }
  void perform(Party& party, roles::Finish&& finish) {
    party.finished = true;
    party.outcome = std::move(finish.status);
  }

  node::LedgerNode& m_node;
  LoopClock& m_clock;
  Log& m_log;
  ChainId m_chain;
  SerialTaskPool m_pool;
  std::deque<Party> m_parties;
  std::map<std::string, Bytes> m_shelf;
};

}  // namespace examples

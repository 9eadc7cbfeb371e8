// An accountant of its own: what docs/spec/protocol.md says about money and time, written down
// plainly, in maps, with nothing of how the state machine does it. It is driven by the transactions
// that blocks hold and by what their events say happened (a game's end, a draw), never by what they
// say was paid; it predicts every balance after every block, and when every window ends.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "assay/protocol/view.hpp"

namespace assay::sim {

// How an account did, all that it holds or has put at stake counted.
struct Tally {
  std::uint64_t before = 0;  // at genesis
  std::uint64_t after = 0;   // now
  std::uint64_t given =
      0;  // transfers, the cost of demands, of challenges taken back, of giving up
  std::uint64_t received = 0;  // transfers
  std::uint64_t consumed = 0;  // of what it put into tasks, and did not get back
  // What was taken from it beyond what it chose to give; below zero: what it earned.
  [[nodiscard]] std::int64_t loss() const noexcept {
    return static_cast<std::int64_t>(before + received - given - consumed - after);
  }
};

class Auditor {
 public:
  Auditor();
  ~Auditor();

  // Genesis first, then every block once and in order. Compares balances where `height` is the
  // reader's head. Errors: kIntegrity, in words, for whatever is not as predicted.
  [[nodiscard]] Status see(const protocol::StateReader& reader, Height height);
  // All balances, and that nothing is locked, reserved for a task or under way any more.
  [[nodiscard]] Status see_end(const protocol::StateReader& reader) const;
  [[nodiscard]] std::uint64_t posted_by(const AccountId& account) const;  // tasks
  [[nodiscard]] Tally tally_of(const AccountId& account) const;

  // What was seen so far.
  struct Counts {
    std::uint64_t tasks = 0, paid = 0, fallen = 0, games = 0, found = 0, transactions = 0;
    std::uint64_t demands = 0, withheld = 0;  // for pieces; that were ignored
    std::uint64_t forgotten = 0;              // tasks of which only the id is left
  };
  [[nodiscard]] Counts counts() const;

 private:
  class Model;
  std::unique_ptr<Model> m_model;
};

}  // namespace assay::sim

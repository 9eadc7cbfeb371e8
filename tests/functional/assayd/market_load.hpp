// Lives of tasks, one after another, on a node that may be gone at any moment: auctions, quotes,
// funders, claims with seats and seals, challenges, whole games over the toy task. What comes next
// is read off a view of the state, so that a life goes on after every cut.
#pragma once

#include <map>
#include <memory>
#include <random>

#include "support/keys.hpp"
#include "support/toy_player.hpp"
#include "unit/protocol/harness.hpp"

namespace assay::node::test {

class MarketLoad {
 public:
  // Its parties' keys are key_of(first_seed) and so on. Views are those of the submitter of the
  // life, who challenges too: it sees all bids and the moves of its games.
  static constexpr std::uint8_t kSubmitters = 8;  // by turns, so that nobody's views grow long
  static constexpr std::uint8_t kParties = kSubmitters + 3;

  MarketLoad(const ChainId& chain, std::uint8_t first_seed)
      : m_chain(chain), m_first_seed(first_seed) {}

  struct Sent {
    std::uint8_t sender = 0;  // its key's number
    std::uint64_t nonce = 0;  // and its client id
    Bytes transaction;
  };
  // None: nobody has anything to do before the clock goes on.
  [[nodiscard]] std::optional<Sent> next(const protocol::View& view);
  void answered(const Sent& sent, protocol::TxVerdict verdict);

  [[nodiscard]] AccountId reader() const { return account(submitter()); }
  [[nodiscard]] protocol::ViewMemory& memory() { return m_memories[submitter()]; }
  [[nodiscard]] unsigned lives() const noexcept { return m_life; }

 private:
  struct Step {
    unsigned party;
    protocol::Payload payload;
  };
  using MaybeStep = std::optional<Step>;
  enum class Kind { kChallengedLie, kChallengedTruth, kQuoted, kCancelled };
  enum : unsigned { kSolver = kSubmitters, kAnn, kBob };
  struct Sides {
    dispute::GameTerms terms;
    std::optional<toy::Party> parties[2];  // by role
    std::optional<std::uint32_t> seen;     // the last turn that they observed
  };

  [[nodiscard]] Kind kind() const { return static_cast<Kind>(m_life % 4); }
  [[nodiscard]] unsigned submitter() const { return m_life / 4 % kSubmitters; }
  [[nodiscard]] std::uint8_t seed_of(unsigned party) const {
    return static_cast<std::uint8_t>(m_first_seed + party);
  }
  [[nodiscard]] AccountId account(unsigned party) const {
    return assay::test::account_of(seed_of(party));
  }
  [[nodiscard]] unsigned party_of(const AccountId& id) const;
  [[nodiscard]] const toy::World& claimed_world() const;
  [[nodiscard]] protocol::test::MadeRun run() const;
  [[nodiscard]] protocol::PostTask terms() const;

  [[nodiscard]] MaybeStep decide(const protocol::View& view);
  [[nodiscard]] MaybeStep sale(const protocol::TaskView& task, Height height) const;
  [[nodiscard]] Step quote(const protocol::TaskView& task, Height height) const;
  [[nodiscard]] MaybeStep training(const protocol::ClaimView& claim) const;
  [[nodiscard]] Step reveal(const protocol::TaskView& task, const protocol::ClaimView& claim) const;
  [[nodiscard]] MaybeStep sealing(const protocol::TaskView& task,
                                  const protocol::ClaimView& claim) const;
  [[nodiscard]] MaybeStep disputing(const protocol::TaskView& task,
                                    const protocol::ClaimView& claim, Height height);
  [[nodiscard]] Step move(const protocol::TaskView& task, const protocol::ChallengeView& challenge,
                          const protocol::GameView& game);
  [[nodiscard]] protocol::OpenSeal opening(const protocol::TaskView& task,
                                           const protocol::ClaimView& claim,
                                           const protocol::VerifierRecord& v,
                                           std::uint32_t draw) const;

  ChainId m_chain;
  std::uint8_t m_first_seed;
  unsigned m_life = 0;
  unsigned m_staked = 0;  // of those who need a stake
  TaskId m_task;
  std::map<unsigned, std::uint64_t> m_nonces;
  std::map<unsigned, protocol::ViewMemory> m_memories;
  std::map<GameId, std::unique_ptr<Sides>> m_games;
  std::mt19937 m_random{7};
};

// Its nonce, in front: what the loads give their transactions.
[[nodiscard]] protocol::ClientId client_id_of(std::uint64_t nonce);

}  // namespace assay::node::test

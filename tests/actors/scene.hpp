// A claim about a subject (subject.hpp) on a ledger in memory, and actors (cast.hpp) that dispute
// it block by block. After every block and at the end each rule of docs/spec/dispute.md and
// protocol.md that a dispute must keep is checked.
#pragma once

#include <map>
#include <memory>
#include <random>

#include "actors/subject.hpp"
#include "unit/protocol/played.hpp"

namespace assay::actors {

struct Cast {
  const Actor* solver = nullptr;
  std::array<const Actor*, 2> verifiers{};
  std::vector<const Actor*> challengers;
};

struct Summary {
  unsigned games = 0;
  unsigned by_clock = 0;
  unsigned turns_max = 0;
  std::size_t bytes_max = 0;  // of a game's moves as transactions
  unsigned moves = 0;
  unsigned refused = 0;
  std::uint64_t paused_ms = 0;
  unsigned withheld = 0;       // claims that fell so
  std::uint64_t delay_ms = 0;  // from the first game's beginning to the claim's end
};

class Scene {
 public:
  // Actors that lie claim what the subject claims. At most `lane` moves enter a block, the others
  // wait for the next ones: the ledger's own limit is to be as many (protocol::NarrowLane).
  Scene(Subject& subject, const Cast& cast, unsigned seed, std::size_t lane = SIZE_MAX);
  ~Scene();
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  // Plays to the end. What broke, a line each.
  [[nodiscard]] std::vector<std::string> play();
  [[nodiscard]] const Summary& summary() const { return m_summary; }

 private:
  struct Watch;  // of a game
  struct Seat;   // of an account in it
  struct Plan;   // of an account that challenges
  struct Sent {
    unsigned party = 0;
    protocol::Payload payload;
    std::optional<GameId> game = {};
    bool is_noise = false;
  };
  using Role = dispute::Role;

  // What the state is at the end of a game's steps, from the start that the claim has there.
  [[nodiscard]] Hash256 should_be(std::uint64_t entry, std::uint64_t step) const;
  [[nodiscard]] std::optional<protocol::ChallengeTarget> wanted(unsigned party);
  void break_rule(std::string_view rule, const std::string& what);
  [[nodiscard]] std::uint64_t now() const { return m_played.net.head.ledger_time.value; }
  [[nodiscard]] bool is_last_moment(LedgerTimeMs deadline) const;
  void send(unsigned party, protocol::Payload payload);
  void challenge(const protocol::ClaimView& claim);
  // Of an honest challenger: it has what it needs to look at the claim, or demands it.
  [[nodiscard]] bool has_transcript(const protocol::ClaimView& claim, unsigned party);
  void supply(const protocol::ClaimView& claim);
  void stand_up(const protocol::ChallengeView& challenge);
  void follow(const protocol::ChallengeView& challenge, const protocol::GameView& game);
  void move(Watch& watch, Role role);
  // The party's signature, or that of its delegate, which is named first.
  [[nodiscard]] Bytes sign(const Watch& watch, Role role, unsigned party, Bytes body);
  [[nodiscard]] Bytes sign_by_delegate(const Watch& watch, Role role, unsigned party, Bytes body);
  void take_back(unsigned party);
  void open_as_stranger(Watch& watch);
  [[nodiscard]] bool is_false(const Watch& watch) const;
  void make_noise(const Watch& watch, Role role, unsigned party, const Bytes& next);
  void block();
  [[nodiscard]] std::vector<Sent> enter_block();
  void check_game(const Watch& watch);
  [[nodiscard]] std::uint64_t earned_by(unsigned party, bool stands) const;
  void check_end(const protocol::ClaimView& claim);
  void check_copies(const protocol::ClaimView& claim);
  [[nodiscard]] std::optional<Bytes> body(Seat& seat, const Watch& watch);

  std::mt19937 m_random;
  Subject& m_subject;
  std::vector<const Actor*> m_actor;  // by party; none of the submitter
  protocol::test::Played m_played;
  std::uint64_t m_burned_before = 0;
  std::vector<Plan> m_plans;
  std::map<GameId, std::unique_ptr<Watch>> m_games;
  std::set<std::pair<protocol::ChallengeId, unsigned>> m_stood;
  std::set<protocol::DemandId> m_supplied;
  std::set<unsigned> m_named;    // parties with a delegate
  std::set<unsigned> m_revoked;  // that have taken it back
  std::vector<Sent> m_sent;
  std::size_t m_lane;
  bool m_was_full = false;        // the last block's lane
  std::uint64_t m_paused_ms = 0;  // from such blocks to the next ones
  std::vector<std::string> m_broken;
  Summary m_summary;
};

}  // namespace assay::actors

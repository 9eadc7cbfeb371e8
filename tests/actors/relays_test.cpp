// Solvers that serve everybody, their friends, nobody or garbage, and relays that are honest,
// silent or lying, in every mix: who is paid, and who loses what (docs/spec/sim.md, "Actors x
// rules", R11).
#include <algorithm>
#include <random>

#include "assay/core/planted.hpp"
#include "unit/protocol/made_data.hpp"
#include "unit/protocol/played.hpp"

namespace assay::actors {
namespace {

using namespace protocol;
using namespace protocol::test;

enum class Serves { kAll, kFriends, kNobody, kGarbage };
enum class Relay { kHonest, kSilent, kLying };

constexpr unsigned kFirstRelay = 4;
constexpr unsigned kRelays = 12;
constexpr std::uint64_t kHad = 1'000'000;

struct Mix {
  Serves serves = Serves::kAll;
  unsigned lying = 0;  // of the relays: who attests whatever its friend gives it
  unsigned silent = 0;
};

class RelayScene {
 public:
  RelayScene(const Mix& mix, unsigned seed) : m_mix(mix), m_random(seed), m_net(kParties) {
    m_terms.header.init_program = m_terms.header.step_program = m_made.program.root();
    m_terms.header.data_set = m_made.data.tree().root(commit::Tag::kDataSet);
    m_terms.relays = 32;
    m_terms.relay_quorum = 22;
    m_terms.relay_fee = Amount{320};
    m_terms.relay_stake = Amount{50};
    m_terms.windows.relay_ms = 10'000;
    m_terms.solver_stake = Amount{5'000};
    for (unsigned i = 0; i < kRelays; ++i)
      m_is.push_back(i < mix.lying                ? Relay::kLying
                     : i < mix.lying + mix.silent ? Relay::kSilent
                                                  : Relay::kHonest);
    std::shuffle(m_is.begin(), m_is.end(), m_random);
    for (unsigned i = 0; i < kRelays; ++i) send(kFirstRelay + i, BondRelay{Amount{100'000}});
  }

  // What broke, a line each.
  std::vector<std::string> play() {
    m_posted = post_and_accept(m_net, kSubmitter, kSolver, m_terms);
    send(kSolver, commitment_of(m_posted, m_made.run));
    m_net.wait(m_terms.windows.enlist_ms);
    send(kSolver, reveal_of(m_net, m_posted, kSolver, m_terms, m_made.run));
    for (unsigned blocks = 0; blocks < 400 && !is_settled(claim().record.status); ++blocks) step();
    check();
    return m_broken;
  }

 private:
  static constexpr unsigned kParties = kFirstRelay + kRelays;
  static constexpr Piece kPart{PieceKind::kDataSet, 0, 1, 7};

  ClaimView claim() const { return m_net.claim(m_posted.claim); }
  void send(unsigned who, const Payload& payload) {
    EXPECT_EQ(m_net.verdict(who, payload), TxVerdict::kApplied) << payload.index();
  }
  // An honest relay has what the solver, or who attested honestly before, serves.
  bool has_data(unsigned relay) const {
    return m_mix.serves == Serves::kAll ||
           (m_is[relay] == Relay::kLying && m_mix.serves == Serves::kFriends);
  }
  void step() {
    const ClaimView now = claim();
    if (now.record.status == ClaimStatus::kRelaying) attest(now);
    if (now.record.status == ClaimStatus::kChallenging) {
      demand(now);
      supply(now);
    }
    if (!is_settled(claim().record.status)) m_net.block({}, 1'000);
  }
  void attest(const ClaimView& now) {
    for (unsigned i = 0; i < kRelays; ++i) {
      const AccountId id = m_net.id(kFirstRelay + i);
      const bool lies_about_garbage = m_mix.serves == Serves::kGarbage && m_is[i] == Relay::kLying;
      if (m_is[i] == Relay::kSilent || !(has_data(i) || lies_about_garbage) ||
          seats_of(*now.relays, id) == 0 || has_attested(*claim().relays, id) ||
          m_random() % 3 == 0)
        continue;
      if (claim().record.status != ClaimStatus::kRelaying) return;
      const TaskRecord task = m_net.task(m_posted.task).record;
      const Piece piece = relay_piece(task, now.record, *now.relays, id);
      const Made& made = lies_about_garbage ? m_garbage : m_made;
      const AttestData word{m_posted.claim, data_digest(m_net.head.chain, task, now.record),
                            made.open(piece)};
      if (lies_about_garbage)
        EXPECT_EQ(m_net.verdict(kFirstRelay + i, word), TxVerdict::kWrongOpening);
      else
        send(kFirstRelay + i, word);
    }
  }
  // What looks like the task and its run, and is under none of their roots.
  static Made garbage() {
    Made made;
    made.data.weights[7] ^= 1;
    made.program.records[0][0] ^= 1;
    made.program.nodes =
        commit::MerkleTree(commit::leaf_hashes(std::span(made.program.records).first(2)));
    made.program.header.node_list_root = made.program.nodes.root();
    made.run = MadeRun(MadeRun::made_up(kEntries, "garbage"));
    return made;
  }
  // Somebody looks for a piece that it was not given.
  void demand(const ClaimView& now) {
    if (!m_demanded && takes_demands(now.record, m_net.head.ledger_time)) {
      m_demanded = true;
      send(kBob, DemandChunk{m_posted.claim, kPart});
    }
  }
  // Solvers that serve anybody answer; else who has attested and has it does.
  void supply(const ClaimView& now) {
    for (const DemandRecord& d : now.demands) {
      if (d.status != DemandStatus::kOpen || m_mix.serves >= Serves::kNobody) continue;
      const unsigned who = m_mix.serves == Serves::kAll && m_random() % 2 == 0
                               ? kSolver
                               : kFirstRelay + static_cast<unsigned>(m_random() % kRelays);
      send(who, SupplyChunk{d.id, m_made.open(d.piece)});
    }
  }

  void break_if(bool broken, const std::string& what) {
    if (broken) m_broken.push_back("R11: " + what);
  }
  std::uint64_t all_of(unsigned who) const {
    const AccountView a = m_net.account(who);
    return a.available.value + a.staked.value + a.locked.stakes.value;
  }
  void check() {
    const ClaimView end = claim();
    const bool stands = end.record.status == ClaimStatus::kFinal;
    const std::uint32_t attested = end.relays ? attested_seats(*end.relays) : 0;
    break_if(!is_settled(end.record.status), "the claim does not end");
    break_if(stands && attested < m_terms.relay_quorum, "a claim is final without a quorum");
    break_if(!stands && m_mix.serves == Serves::kAll && m_mix.silent < 3,
             "an honest solver is held up by a few");
    break_if(stands && m_mix.serves != Serves::kAll && m_mix.lying < kRelays / 2,
             "what nobody can fetch is paid for");
    std::int64_t gained = 0;  // by the solver and its friends
    for (unsigned i = 0; i < kRelays; ++i) {
      const std::uint64_t has = all_of(kFirstRelay + i);
      break_if(m_is[i] != Relay::kLying && has < 2 * kHad, "an honest relay lost something");
      if (m_is[i] == Relay::kLying)
        gained += static_cast<std::int64_t>(has) - static_cast<std::int64_t>(2 * kHad);
      if (const auto relay = m_net.read().view(m_net.id(kFirstRelay + i)).value().relay;
          relay.held != Amount{})
        m_broken.push_back("R11: a settled claim holds a bond");
    }
    gained += static_cast<std::int64_t>(all_of(kSolver)) - static_cast<std::int64_t>(2 * kHad);
    break_if(!stands && gained > 0, "an attack earned " + std::to_string(gained));
    break_if(all_of(kSubmitter) < 2 * kHad && !stands, "the submitter paid for nothing");
  }

  Mix m_mix;
  std::mt19937 m_random;
  Net m_net;
  PostTask m_terms = sample_task();
  Made m_made;
  Made m_garbage = garbage();
  std::vector<Relay> m_is;
  Posted m_posted;
  bool m_demanded = false;
  std::vector<std::string> m_broken;
};

std::string in_all(const Mix& mix, unsigned seeds) {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    RelayScene scene(mix, seed);
    for (const std::string& broken : scene.play()) return broken + ", seed " + std::to_string(seed);
  }
  return {};
}

// INV-PRO-030, INV-PRO-031.
TEST(RelaysAndSolvers, KeepR11InEveryMix) {
  for (const Serves serves : {Serves::kAll, Serves::kFriends, Serves::kNobody, Serves::kGarbage})
    for (const unsigned lying : {0u, 3u})
      for (const unsigned silent : {0u, 2u, 6u})
        EXPECT_EQ(in_all({serves, lying, silent}, 3), "")
            << static_cast<int>(serves) << " " << lying << " " << silent;
}

TEST(RelaysAndSolvers, APlantedBugBreaksR11) {
  const assay::testing::Plant plant(assay::testing::Planted::kAnyQuorum);
  EXPECT_NE(in_all({Serves::kFriends, 2, 0}, 3), "");
}

}  // namespace
}  // namespace assay::actors

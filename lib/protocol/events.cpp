#include "assay/protocol/events.hpp"

#include <utility>

#include "internal/wire.hpp"

namespace assay::protocol {

namespace {

using codec::Reader;
using codec::Writer;
using namespace wire;

// Fields in order, once for both directions: `a` is a Put or a Get.
struct Put {
  Writer& w;
  template <class Tag, class Rep>
  void operator()(const Strong<Tag, Rep>& id) {
    put(w, id);
  }
  void operator()(const Hash256& h) { w.hash(h); }
  void operator()(std::uint32_t n) { w.u32(n); }
  void operator()(std::uint64_t n) { w.u64(n); }
  void operator()(bool b) { w.flag(b); }
  void operator()(const ledger::AccountKey& k) { ledger::write_account_key(w, k); }
  void operator()(const Piece& p) { write(w, p); }
  template <class E>
  void enumeration(const E& e, E) {
    put_enum(w, e);
  }
};
struct Get {
  Reader& r;
  template <class Tag, class Rep>
  void operator()(Strong<Tag, Rep>& id) {
    get(r, id);
  }
  void operator()(Hash256& h) { h = r.hash(); }
  void operator()(std::uint32_t& n) { n = r.u32(); }
  void operator()(std::uint64_t& n) { n = r.u64(); }
  void operator()(bool& b) { b = r.flag(); }
  void operator()(ledger::AccountKey& k) { k = ledger::read_account_key(r); }
  void operator()(Piece& p) { read(r, p); }
  template <class E>
  void enumeration(E& e, E last) {
    get_enum(r, e, last);
  }
};

template <class A, class E>
void fields(A& a, E& e) {
  using T = std::remove_const_t<E>;
  if constexpr (std::is_same_v<T, MoneyMoved>) {
    a(e.transfer.debit), a(e.transfer.credit), a(e.transfer.amount);
  } else if constexpr (std::is_same_v<T, TaskPosted>) {
    a(e.task), a(e.submitter), a.enumeration(e.sale, Sale::kAuction);
    a(e.price), a(e.work_units);
  } else if constexpr (std::is_same_v<T, TaskEnded>) {
    a(e.task), a.enumeration(e.status, TaskStatus::kRefunded);
    a.enumeration(e.reason, CloseReason::kVoid);
  } else if constexpr (std::is_same_v<T, TaskAccepted>) {
    a(e.task), a(e.claim), a(e.solver), a(e.price);
  } else if constexpr (std::is_same_v<T, VerifierEnlisted> || std::is_same_v<T, VerifierSealed>) {
    a(e.claim), a(e.verifier);
  } else if constexpr (std::is_same_v<T, TranscriptCommitted>) {
    a(e.claim), a(e.commitment), a(e.entries);
  } else if constexpr (std::is_same_v<T, TranscriptRevealed>) {
    a(e.claim), a(e.transcript_root), a(e.final_state_root);
  } else if constexpr (std::is_same_v<T, ClaimAdvanced>) {
    a(e.claim), a.enumeration(e.status, ClaimStatus::kExpired);
  } else if constexpr (std::is_same_v<T, ClaimSettled>) {
    a(e.claim), a.enumeration(e.status, ClaimStatus::kExpired);
    a.enumeration(e.reason, CloseReason::kVoid), a(e.paid);
  } else if constexpr (std::is_same_v<T, TaskFunded>) {
    a(e.task), a(e.funder), a(e.amount), a(e.missing);
  } else if constexpr (std::is_same_v<T, TaskOpened>) {
    a(e.task), a(e.deadline);
  } else if constexpr (std::is_same_v<T, BidPlaced>) {
    a(e.task), a(e.bidder), a(e.price);
  } else if constexpr (std::is_same_v<T, BidEnded>) {
    a(e.task), a(e.bidder), a.enumeration(e.how, BidEnd::kForfeited);
  } else if constexpr (std::is_same_v<T, ProgressReported>) {
    a(e.claim), a(e.entries);
  } else if constexpr (std::is_same_v<T, ClaimCancelled>) {
    a(e.claim), a(e.entries_max);
  } else if constexpr (std::is_same_v<T, VerifierDrawn>) {
    a(e.claim), a(e.verifier), a(e.draw), a(e.entry), a(e.interior_step);
  } else if constexpr (std::is_same_v<T, SealOpened>) {
    a(e.claim), a(e.verifier), a(e.entry), a(e.matches);
  } else if constexpr (std::is_same_v<T, ChallengeCommitted>) {
    a(e.challenge), a(e.claim), a(e.challenger), a(e.sequence);
  } else if constexpr (std::is_same_v<T, ChallengeRevealed>) {
    a(e.challenge), a(e.claim), a.enumeration(e.what, Disputed::kInterior);
    a(e.verifier), a(e.entry);
  } else if constexpr (std::is_same_v<T, ChallengeEnded>) {
    a(e.challenge), a.enumeration(e.status, ChallengeStatus::kFound);
  } else if constexpr (std::is_same_v<T, GameStarted>) {
    a(e.game), a(e.challenge), a(e.defender), a(e.challenger);
  } else if constexpr (std::is_same_v<T, GameMoved>) {
    a(e.game), a(e.turn), a.enumeration(e.role, dispute::Role::kChallenger);
    a.enumeration(e.stage, dispute::Stage::kFinished);
  } else if constexpr (std::is_same_v<T, GameFinished>) {
    a(e.game), a.enumeration(e.status, GameStatus::kMoot), a(e.by_clock);
  } else if constexpr (std::is_same_v<T, TranscriptDisclosed>) {
    a(e.claim), a(e.forced_entry), a(e.transcript_root);
  } else if constexpr (std::is_same_v<T, ChunkDemanded>) {
    a(e.demand), a(e.claim), a(e.demander), a(e.piece);
  } else if constexpr (std::is_same_v<T, DemandEnded>) {
    a(e.demand), a.enumeration(e.status, DemandStatus::kVoid);
  } else if constexpr (std::is_same_v<T, ValidatorSlashed>) {
    a(e.key), a(e.owner), a(e.height), a(e.amount);
  } else if constexpr (std::is_same_v<T, ValidatorChanged>) {
    a(e.key), a(e.power);
  } else if constexpr (std::is_same_v<T, RelayDrawn>) {
    a(e.claim), a(e.relay), a(e.round), a(e.seat);
  } else if constexpr (std::is_same_v<T, DataAttested>) {
    a(e.claim), a(e.relay), a(e.seats);
  } else if constexpr (std::is_same_v<T, RelayLeft>) {
    a(e.relay), a(e.bond);
  } else if constexpr (std::is_same_v<T, DelegateNamed>) {
    a(e.task), a(e.party), a(e.delegate), a(e.valid_until);
  } else if constexpr (std::is_same_v<T, DelegateRevoked>) {
    a(e.task), a(e.party), a(e.delegate);
  } else if constexpr (std::is_same_v<T, DivergenceReported>) {
    a(e.claim), a(e.entry);
  } else if constexpr (std::is_same_v<T, RoundOpened>) {
    a(e.round), a(e.input), a(e.holders), a(e.claims);
  } else if constexpr (std::is_same_v<T, ShareShown>) {
    a(e.round), a(e.key);
  } else if constexpr (std::is_same_v<T, BeaconDrawn>) {
    a(e.round), a(e.beacon);
  } else if constexpr (std::is_same_v<T, ShareWithheld>) {
    a(e.round), a(e.key), a(e.owner), a(e.amount);
  } else if constexpr (std::is_same_v<T, JackpotPaid>) {
    a(e.claim), a(e.finder), a(e.amount);
  } else {
    static_assert(std::is_same_v<T, Slashed>);
    a(e.account), a(e.claim), a(e.amount), a(e.burned);
  }
}

template <std::size_t... I>
bool emplace_index(Event& event, std::size_t index, std::index_sequence<I...>) {
  return ((index == I && (event.emplace<I>(), true)) || ...);
}

}  // namespace

void write(Writer& w, const Event& event) {
  w.u8(static_cast<std::uint8_t>(event.index() + 1));
  Put a{w};
  std::visit([&](const auto& e) { fields(a, e); }, event);
}

void read(Reader& r, Event& out) {
  const std::size_t index = r.u8() - std::size_t{1};
  if (!emplace_index(out, index, std::make_index_sequence<std::variant_size_v<Event>>())) {
    r.fail();
    return;
  }
  Get a{r};
  std::visit([&](auto& e) { fields(a, e); }, out);
}

}  // namespace assay::protocol

#include "assay/protocol/records.hpp"
#include <cstring>

#include <algorithm>

#include "assay/crypto/sha256.hpp"
#include "assay/economics/market.hpp"

#include "internal/wire.hpp"

namespace assay::protocol {

using codec::Reader;
using codec::Writer;
using namespace wire;

// Found by argument, from wire::put of an optional.
static void put(Writer& w, const OpenedSeal& o) {
  w.hash(o.interior_root);
  w.hash(o.own_end_root);
  w.flag(o.matches);
  wire::put(w, o.attestation);
}
static void get(Reader& r, OpenedSeal& o) {
  o.interior_root = r.hash();
  o.own_end_root = r.hash();
  o.matches = r.flag();
  wire::get(r, o.attestation);
}

void write(Writer& w, const Profile& p) {
  w.u64(p.last_nonce);
  w.bytes(as_bytes(p.url));
  w.hash(p.certificate);
  put_tags(w, p.capabilities);
}
void read(Reader& r, Profile& p) {
  p.last_nonce = r.u64();
  const ByteView url = r.bytes(kMaxUrlBytes);
  p.url.assign(url.begin(), url.end());
  p.certificate = r.hash();
  get_tags(r, p.capabilities, kMaxCapabilities);
}

void write(Writer& w, const Locked& l) {
  for (const Amount n : {l.stakes, l.bonds, l.deposits}) wire::put(w, n);
  wire::put(w, l.unbonding_until);
  wire::put(w, l.bonded);
}
void read(Reader& r, Locked& l) {
  for (Amount* n : {&l.stakes, &l.bonds, &l.deposits}) wire::get(r, *n);
  wire::get(r, l.unbonding_until);
  wire::get(r, l.bonded);
}

void write(Writer& w, const Reputation& p) {
  w.u64(p.score);
  wire::put(w, p.at);
  w.u64(p.completed);
  w.u64(p.faults);
  wire::put(w, p.last_fault);
  w.u64(p.slashes);
}
void read(Reader& r, Reputation& p) {
  p.score = r.u64();
  wire::get(r, p.at);
  p.completed = r.u64();
  p.faults = r.u64();
  wire::get(r, p.last_fault);
  p.slashes = r.u64();
}

void write(Writer& w, const TaskRecord& t) {
  wire::put(w, t.id);
  wire::put(w, t.submitter);
  w.bytes(encode_payload(t.terms));
  w.hash(t.posted_terms);
  put_enum(w, t.status);
  put_enum(w, t.reason);
  w.flag(t.deters_harm);
  wire::put(w, t.deadline);
  wire::put(w, t.ended);
  wire::put(w, t.missing);
  put_list(w, t.funders, [&](const Funder& f) {
    wire::put(w, f.account);
    wire::put(w, f.amount);
  });
  w.flag(t.posted);
  put_ids(w, t.claims);
  w.u32(t.unsettled);
  w.u32(t.bids);
  w.u64(t.bids_ever);
}
void read(Reader& r, TaskRecord& t) {
  wire::get(r, t.id);
  wire::get(r, t.submitter);
  Payload terms;
  if (!decode_payload(TxKind::kPostTask, r.bytes(4096), terms))
    r.fail();
  else
    t.terms = std::get<PostTask>(terms);
  t.posted_terms = r.hash();
  get_enum(r, t.status, TaskStatus::kRefunded);
  get_enum(r, t.reason, CloseReason::kVoid);
  t.deters_harm = r.flag();
  wire::get(r, t.deadline);
  wire::get(r, t.ended);
  wire::get(r, t.missing);
  get_list(r, t.funders, kMaxFunders, 40, [&](Funder& f) {
    wire::get(r, f.account);
    wire::get(r, f.amount);
  });
  t.posted = r.flag();
  get_ids(r, t.claims, kMaxCopies);
  t.unsettled = r.u32();
  t.bids = r.u32();
  t.bids_ever = r.u64();
}

void write(Writer& w, const Bid& b) {
  wire::put(w, b.task);
  wire::put(w, b.bidder);
  wire::put(w, b.price);
  wire::put(w, b.times);
  w.hash(b.r_commitment);
  w.flag(b.has_evicted);
  w.u64(b.sequence);
}
void read(Reader& r, Bid& b) {
  wire::get(r, b.task);
  wire::get(r, b.bidder);
  wire::get(r, b.price);
  wire::get(r, b.times);
  b.r_commitment = r.hash();
  b.has_evicted = r.flag();
  b.sequence = r.u64();
}

void write(Writer& w, const ClaimRecord& c) {
  wire::put(w, c.id);
  wire::put(w, c.task);
  wire::put(w, c.solver);
  put_enum(w, c.status);
  put_enum(w, c.reason);
  wire::put(w, c.deadline);
  wire::put(w, c.price);
  wire::put(w, c.tax);
  w.u64(c.entries);
  w.u64(c.reported);
  w.hash(c.progress);
  w.flag(c.cancelled);
  w.flag(c.abandoned);
  w.u64(c.diverged_entry);
  wire::put(w, c.times);
  w.hash(c.r_commitment);
  w.raw(c.quote);
  for (const Hash256* h : {&c.commitment, &c.transcript_root, &c.salt, &c.final_state_root})
    w.hash(*h);
  wire::put(w, c.signature);
  w.hash(c.beacon);
  w.hash(c.force_beacon);
  w.hash(c.posted_root);
  w.u32(c.finds_until);
  w.u32(c.refunds_until);
  w.u64(c.forced_entry);
  w.hash(c.forced_state_root);
  for (const std::uint32_t n :
       {c.enlisted, c.sealed, c.opened, c.challenges, c.unresolved, c.demands, c.demands_open})
    w.u32(n);
  wire::put(w, c.demands_until);
  w.flag(c.doomed);
  w.flag(c.withheld);
  w.u64(c.fallen_entry);
  w.flag(c.solver_lost);
  wire::put(w, c.contradicted_by);
}
void read(Reader& r, ClaimRecord& c) {
  wire::get(r, c.id);
  wire::get(r, c.task);
  wire::get(r, c.solver);
  get_enum(r, c.status, ClaimStatus::kExpired);
  get_enum(r, c.reason, CloseReason::kVoid);
  wire::get(r, c.deadline);
  wire::get(r, c.price);
  wire::get(r, c.tax);
  c.entries = r.u64();
  c.reported = r.u64();
  c.progress = r.hash();
  c.cancelled = r.flag();
  c.abandoned = r.flag();
  c.diverged_entry = r.u64();
  wire::get(r, c.times);
  c.r_commitment = r.hash();
  const ByteView quote = r.take(c.quote.size());
  if (!quote.empty()) std::memcpy(c.quote.data(), quote.data(), c.quote.size());
  for (Hash256* h : {&c.commitment, &c.transcript_root, &c.salt, &c.final_state_root})
    *h = r.hash();
  wire::get(r, c.signature);
  c.beacon = r.hash();
  c.force_beacon = r.hash();
  c.posted_root = r.hash();
  c.finds_until = r.u32();
  c.refunds_until = r.u32();
  c.forced_entry = r.u64();
  c.forced_state_root = r.hash();
  for (std::uint32_t* n : {&c.enlisted, &c.sealed, &c.opened, &c.challenges, &c.unresolved,
                           &c.demands, &c.demands_open})
    *n = r.u32();
  wire::get(r, c.demands_until);
  c.doomed = r.flag();
  c.withheld = r.flag();
  c.fallen_entry = r.u64();
  c.solver_lost = r.flag();
  wire::get(r, c.contradicted_by);
}

void write(Writer& w, const VerifierRecord& v) {
  wire::put(w, v.claim);
  wire::put(w, v.verifier);
  w.u32(static_cast<std::uint32_t>(v.draws.size()));
  for (const economics::Draw& d : v.draws) {
    w.u64(d.entry);
    w.u64(d.interior_step);
  }
  w.u32(static_cast<std::uint32_t>(v.seals.size()));
  for (const Hash256& seal : v.seals) w.hash(seal);
  w.u32(static_cast<std::uint32_t>(v.opened.size()));
  for (const auto& opened : v.opened) wire::put(w, opened);
  w.flag(v.lost);
}
void read(Reader& r, VerifierRecord& v) {
  wire::get(r, v.claim);
  wire::get(r, v.verifier);
  v.draws.resize(r.count(economics::kMaxDraws, 16));
  for (economics::Draw& d : v.draws) {
    d.entry = r.u64();
    d.interior_step = r.u64();
  }
  v.seals.resize(r.count(economics::kMaxDraws, 32));
  for (Hash256& seal : v.seals) seal = r.hash();
  v.opened.resize(r.count(economics::kMaxDraws, 1));
  for (auto& opened : v.opened) wire::get(r, opened);
  v.lost = r.flag();
}

void write(Writer& w, const ChallengeRecord& c) {
  wire::put(w, c.id);
  wire::put(w, c.claim);
  wire::put(w, c.challenger);
  w.u32(c.sequence);
  w.hash(c.commitment);
  wire::put(w, c.committed_at);
  put_enum(w, c.status);
  wire::put(w, c.deadline);
  wire::put(w, c.revealed_at);
  wire::put(w, c.target);
  w.u64(c.entry);
  w.u64(c.interior_step);
  w.hash(c.start_root);
  commit::write_path(w, c.start_path);
  w.hash(c.end_root);
  commit::write_path(w, c.end_path);
  w.u32(c.queue_position);
  w.u32(c.queue_games);
  w.flag(c.stand_up_closed);
  w.u32(static_cast<std::uint32_t>(c.defenders.size()));
  for (const AccountId& defender : c.defenders) put(w, defender);
}
void read(Reader& r, ChallengeRecord& c) {
  wire::get(r, c.id);
  wire::get(r, c.claim);
  wire::get(r, c.challenger);
  c.sequence = r.u32();
  c.commitment = r.hash();
  wire::get(r, c.committed_at);
  get_enum(r, c.status, ChallengeStatus::kFound);
  wire::get(r, c.deadline);
  wire::get(r, c.revealed_at);
  wire::get(r, c.target);
  c.entry = r.u64();
  c.interior_step = r.u64();
  c.start_root = r.hash();
  c.start_path = commit::read_path(r);
  c.end_root = r.hash();
  c.end_path = commit::read_path(r);
  c.queue_position = r.u32();
  c.queue_games = r.u32();
  c.stand_up_closed = r.flag();
  c.defenders.resize(r.count(economics::kMaxSeats + 1, 32));
  for (AccountId& defender : c.defenders) get(r, defender);
}

void write(Writer& w, const GameRecord& g) {
  wire::put(w, g.id);
  wire::put(w, g.challenge);
  wire::put(w, g.claim);
  wire::put(w, g.defender);
  wire::put(w, g.challenger);
  w.flag(g.by_attestor);
  put_enum(w, g.status);
  w.flag(g.by_clock);
  w.u32(g.turn);
  put_enum(w, g.on_turn);
  wire::put(w, g.turn_started);
  wire::put(w, g.deadline);
  w.u64(g.defender_bank_ms);
  w.u64(g.challenger_bank_ms);
  w.u64(g.paused_before_ms);
}
void read(Reader& r, GameRecord& g) {
  wire::get(r, g.id);
  wire::get(r, g.challenge);
  wire::get(r, g.claim);
  wire::get(r, g.defender);
  wire::get(r, g.challenger);
  g.by_attestor = r.flag();
  get_enum(r, g.status, GameStatus::kMoot);
  g.by_clock = r.flag();
  g.turn = r.u32();
  get_enum(r, g.on_turn, dispute::Role::kChallenger);
  wire::get(r, g.turn_started);
  wire::get(r, g.deadline);
  g.defender_bank_ms = r.u64();
  g.challenger_bank_ms = r.u64();
  g.paused_before_ms = r.u64();
}

void write(Writer& w, const Pause& p) {
  wire::put(w, p.full_at);
  w.u64(p.total_ms);
}
void read(Reader& r, Pause& p) {
  wire::get(r, p.full_at);
  p.total_ms = r.u64();
}

void write(Writer& w, const DemandRecord& d) {
  wire::put(w, d.id);
  wire::put(w, d.claim);
  wire::put(w, d.demander);
  w.u32(d.sequence);
  write(w, d.piece);
  wire::put(w, d.price);
  put_enum(w, d.status);
  wire::put(w, d.deadline);
  w.u64(d.paused_before_ms);
  w.u64(d.paused_ms);
}
void read(Reader& r, DemandRecord& d) {
  wire::get(r, d.id);
  wire::get(r, d.claim);
  wire::get(r, d.demander);
  d.sequence = r.u32();
  read(r, d.piece);
  wire::get(r, d.price);
  get_enum(r, d.status, DemandStatus::kVoid);
  wire::get(r, d.deadline);
  d.paused_before_ms = r.u64();
  d.paused_ms = r.u64();
}

void write(Writer& w, const RelayRecord& p) {
  wire::put(w, p.account);
  wire::put(w, p.bond);
  wire::put(w, p.held);
  w.u32(p.missed);
}
void read(Reader& r, RelayRecord& p) {
  wire::get(r, p.account);
  wire::get(r, p.bond);
  wire::get(r, p.held);
  p.missed = r.u32();
}

void write(Writer& w, const RelayRound& p) {
  wire::put(w, p.claim);
  w.u32(p.number);
  w.hash(p.beacon);
  put_list(w, p.seats, [&](const RelaySeat& seat) {
    wire::put(w, seat.relay);
    w.flag(seat.attested);
  });
}
void read(Reader& r, RelayRound& p) {
  wire::get(r, p.claim);
  p.number = r.u32();
  p.beacon = r.hash();
  get_list(r, p.seats, economics::kMaxRelaySeats, 33, [&](RelaySeat& seat) {
    wire::get(r, seat.relay);
    seat.attested = r.flag();
  });
}

std::uint32_t seats_of(const RelayRound& round, const AccountId& id) noexcept {
  return static_cast<std::uint32_t>(
      std::count_if(round.seats.begin(), round.seats.end(),
                    [&](const RelaySeat& seat) { return seat.relay == id; }));
}

std::uint64_t fillable_seats(const std::vector<RelayRecord>& pool, const PostTask& terms,
                             const AccountId& except) noexcept {
  std::uint64_t seats = 0;
  for (const RelayRecord& relay : pool)
    if (relay.account != except)
      seats += std::min<std::uint64_t>(
          terms.relays, (relay.bond.value - relay.held.value) / terms.relay_stake.value);
  return std::min<std::uint64_t>(seats, terms.relays);
}

std::uint32_t attested_seats(const RelayRound& round) noexcept {
  return static_cast<std::uint32_t>(std::count_if(
      round.seats.begin(), round.seats.end(), [](const RelaySeat& seat) { return seat.attested; }));
}
bool has_attested(const RelayRound& round, const AccountId& id) noexcept {
  return std::any_of(round.seats.begin(), round.seats.end(),
                     [&](const RelaySeat& seat) { return seat.relay == id && seat.attested; });
}

Hash256 data_digest(const ChainId& chain, const TaskRecord& task, const ClaimRecord& claim) {
  const Bytes header =
      codec::encode([&](Writer& w) { commit::write_task_header(w, header_of(task, claim)); });
  return crypto::sha256({as_bytes("assay/data/1"), chain.value.view(), claim.id.value.view(),
                         ByteView{header}, claim.transcript_root.view()});
}

Piece relay_piece(const TaskRecord& task, const ClaimRecord& claim, const RelayRound& round,
                  const AccountId& relay) {
  const Hash256 h = crypto::sha256({as_bytes("assay/relay-piece/1"), round.beacon.view(),
                                    claim.id.value.view(), relay.value.view()});
  const auto word = [&](std::size_t i) { return load_le<std::uint64_t>(h.bytes.data() + 8 * i); };
  const commit::TaskHeader& header = task.terms.header;
  const std::uint64_t apart = header.checkpoint_interval / header.commit_interval;
  const std::uint64_t kept = ceil_div(claim.entries - 1, apart);
  Piece piece;
  switch (word(0) % 5) {
    case 0:
      piece = {PieceKind::kTranscript, 0, 0, word(1) % commit::part_count(claim.entries)};
      break;
    case 1: piece = {PieceKind::kInitProgram, 0, word(2), 0}; break;
    case 2: piece = {PieceKind::kStepProgram, 0, word(2), 0}; break;
    case 3: piece = {PieceKind::kDataSet, 0, word(2), word(3)}; break;
    default: break;
  }
  if (word(0) % 5 != 4 && may_be_demanded(task, claim, piece)) return piece;
  const std::uint64_t entry = std::min((1 + word(1) % kept) * apart, claim.entries - 1);
  return {PieceKind::kState, entry, word(2), word(3)};
}

Amount relay_stake_of(const TaskRecord& task, std::uint32_t seats) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide held = Wide{task.terms.relay_stake.value} * seats;
  return Amount{static_cast<std::uint64_t>(std::min(held, Wide{UINT64_MAX}))};
}

void write(Writer& w, const ValidatorRecord& v) {
  w.hash(v.key);
  wire::put(w, v.owner);
  wire::put(w, v.stake);
  put_list(w, v.unbonding, [&](const ValidatorUnbonding& part) {
    wire::put(w, part.amount);
    wire::put(w, part.until);
  });
  wire::put(w, v.slashed_at);
  w.raw(v.share_key);
}
void read(Reader& r, ValidatorRecord& v) {
  v.key = r.hash();
  wire::get(r, v.owner);
  wire::get(r, v.stake);
  get_list(r, v.unbonding, kMaxUnbondings, 16, [&](ValidatorUnbonding& part) {
    wire::get(r, part.amount);
    wire::get(r, part.until);
  });
  wire::get(r, v.slashed_at);
  wire::get_raw(r, v.share_key);
}

void write(Writer& w, const Shares& s) {
  w.u64(s.window_ms);
  w.u64(s.rounds);
}
void read(Reader& r, Shares& s) {
  s.window_ms = r.u64();
  s.rounds = r.u64();
}

void write(Writer& w, const BeaconRound& p) {
  w.u64(p.number);
  wire::put(w, p.opened_at);
  wire::put(w, p.opened);
  wire::put(w, p.value);
  wire::put(w, p.least_stake);
  put_list(w, p.holders, [&](const ShareHolder& holder) {
    w.raw(holder.validator);
    w.raw(holder.share_key);
    wire::put(w, holder.output);
  });
  put_list(w, p.claims, [&](const AwaitingClaim& awaiting) {
    put_enum(w, awaiting.what);
    wire::put(w, awaiting.claim);
  });
}
void read(Reader& r, BeaconRound& p) {
  p.number = r.u64();
  wire::get(r, p.opened_at);
  wire::get(r, p.opened);
  wire::get(r, p.value);
  wire::get(r, p.least_stake);
  get_list(r, p.holders, kMaxValidators, 54, [&](ShareHolder& holder) {
    wire::get_raw(r, holder.validator);
    wire::get_raw(r, holder.share_key);
    wire::get(r, holder.output);
  });
  get_list(r, p.claims, kMaxRoundClaims, 33, [&](AwaitingClaim& awaiting) {
    get_enum(r, awaiting.what, Awaits::kForce);
    wire::get(r, awaiting.claim);
  });
}

std::size_t missing_shares(const BeaconRound& round) noexcept {
  return static_cast<std::size_t>(
      std::count_if(round.holders.begin(), round.holders.end(),
                    [](const ShareHolder& holder) { return !holder.output; }));
}

Hash256 beacon_of(const ChainId& chain, const BeaconRound& round) {
  const Bytes text = codec::encode([&](Writer& w) {
    wire::put(w, chain);
    w.u64(round.number);
    wire::put(w, round.opened_at);
    for (const ShareHolder& holder : round.holders) w.hash(holder.output.value_or(Hash256{}));
  });
  return crypto::sha256({as_bytes("assay/beacon/shares/1"), text});
}

Amount redraw_value(const TaskRecord& task, const ClaimRecord& claim) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide value = Wide{claim.price.value} + task.terms.solver_stake.value;
  return Amount{static_cast<std::uint64_t>(std::min(value, Wide{UINT64_MAX}))};
}

void write(Writer& w, const DrawPool& p) {
  put_list(w, p.relays, [&](const RelayWeight& relay) {
    wire::put(w, relay.account);
    wire::put(w, relay.bond);
  });
}
void read(Reader& r, DrawPool& p) {
  get_list(r, p.relays, kMaxRelays, 40, [&](RelayWeight& relay) {
    wire::get(r, relay.account);
    wire::get(r, relay.bond);
  });
}

void write(Writer& w, const ValidatorSet& set) {
  put_list(w, set.members, [&](const ValidatorPower& member) {
    w.hash(member.key);
    w.u64(member.power);
  });
}
void read(Reader& r, ValidatorSet& set) {
  get_list(r, set.members, kMaxValidators, 40, [&](ValidatorPower& member) {
    member.key = r.hash();
    member.power = r.u64();
  });
}

commit::TaskHeader header_of(const TaskRecord& task, const ClaimRecord& claim) noexcept {
  commit::TaskHeader header = task.terms.header;
  header.steps = commit::step_of_entry(header, claim.entries - 1);
  return header;
}

commit::TaskHeader header_up_to(commit::TaskHeader header, std::uint64_t step) noexcept {
  if (step == 0 || step >= header.steps) return header;
  header.steps = step;
  if (header.commit_interval > step) header.commit_interval = header.checkpoint_interval = step;
  return header;
}

std::uint32_t draws_of(const TaskRecord& task, const ClaimRecord& claim) noexcept {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(task.terms.draws, claim.entries));
}

std::uint64_t entries_max(const TaskRecord& task, const ClaimRecord& claim) noexcept {
  const std::uint64_t all = commit::transcript_entries(task.terms.header);
  return claim.cancelled ? std::min(all, claim.reported + task.terms.progress_entries) : all;
}

std::uint64_t entries_min(const TaskRecord& task, const ClaimRecord& claim) noexcept {
  return claim.cancelled ? std::max<std::uint64_t>(2, claim.reported)
                         : commit::transcript_entries(task.terms.header);
}

bool may_halt(const TaskRecord& task, const ClaimRecord& claim, std::uint64_t entries) noexcept {
  const commit::TaskHeader& header = task.terms.header;
  return !claim.cancelled && entries >= std::max<std::uint64_t>(2, claim.reported) &&
         entries < commit::transcript_entries(header) &&
         commit::is_checkpoint(header, commit::step_of_entry(header, entries - 1));
}

bool has_halted(const TaskRecord& task, const ClaimRecord& claim) noexcept {
  return !claim.cancelled && claim.entries < commit::transcript_entries(task.terms.header);
}

std::uint64_t paid_steps(const TaskRecord& task, const ClaimRecord& claim) noexcept {
  return claim.diverged_entry == 0 ? header_of(task, claim).steps
                                   : commit::step_of_entry(task.terms.header, claim.diverged_entry);
}

bool is_kept(const TaskRecord& task, const ClaimRecord& claim, std::uint64_t entry) noexcept {
  const commit::TaskHeader& header = task.terms.header;
  return entry == claim.entries - 1 ||
         commit::is_checkpoint(header, commit::step_of_entry(header, entry));
}

bool may_be_demanded(const TaskRecord& task, const ClaimRecord& claim, const Piece& piece) {
  const auto& [kind, entry, item, chunk] = piece;
  switch (kind) {
    case PieceKind::kTranscript:
      return entry == 0 && item == 0 && chunk < commit::part_count(claim.entries);
    case PieceKind::kState: return entry < claim.entries && is_kept(task, claim, entry);
    case PieceKind::kDataSet:
      return entry == 0 &&
             task.terms.header.data_set != commit::counted_root(crypto::sha256_function(),
                                                                commit::Tag::kDataSet, 0,
                                                                commit::MerkleTree().root());
    case PieceKind::kInitProgram:
    case PieceKind::kStepProgram: return entry == 0 && chunk == 0;
  }
  return false;
}

bool takes_demands(const ClaimRecord& claim, LedgerTimeMs now) noexcept {
  return claim.status >= ClaimStatus::kDrawing && claim.status <= ClaimStatus::kChallenging &&
         (claim.status != ClaimStatus::kChallenging || now < claim.demands_until) && !claim.doomed;
}

DemandId demand_id_of(const ClaimId& claim, const Piece& piece) {
  return DemandId{
      crypto::sha256({as_bytes("assay/demand-id/1"), claim.value.view(), wire::bytes_of(piece)})};
}

Amount demand_price(const ClaimRecord& claim, const Piece& piece) noexcept {
  constexpr std::uint64_t kShare = 512;
  constexpr std::uint64_t kKib = 1024;
  const bool is_part = piece.kind == PieceKind::kTranscript;
  const std::uint64_t kibs =
      is_part ? ceil_div(32 * commit::entries_in_part(claim.entries, piece.chunk), kKib) : 1;
  return Amount{kibs * ceil_div(claim.price.value, kShare)};
}

std::uint64_t demand_ms(const PostTask& terms, std::uint32_t open) noexcept {
  return terms.windows.move_ms * ceil_div(std::uint64_t{open}, std::uint64_t{kDemandsPerWindow});
}

std::uint64_t deliver_ms(const PostTask& terms) noexcept {
  const std::uint64_t trained = commit::transcript_entries(terms.header) - 1;
  return economics::part_up(terms.windows.train_ms, std::min(terms.progress_entries, trained),
                            trained) +
         terms.windows.reveal_ms;
}

dispute::GameTerms terms_of(const ChainId& chain, const GameRecord& game,
                            const ChallengeRecord& challenge, const ClaimRecord& claim,
                            const TaskRecord& task) {
  dispute::GameTerms terms;
  terms.chain = chain;
  terms.game = game.id;
  terms.task_id = task.id;
  terms.defender = game.defender;
  terms.challenger = game.challenger;
  terms.task = header_up_to(header_of(task, claim), challenge.interior_step);
  terms.entry = challenge.entry;
  terms.start_root = challenge.start_root;
  terms.end_root = challenge.end_root;
  return terms;
}

}  // namespace assay::protocol

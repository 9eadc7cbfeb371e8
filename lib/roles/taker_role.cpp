#include "internal/taker_role.hpp"

#include <algorithm>

#include "assay/crypto/sha256.hpp"
#include "assay/economics/market.hpp"
#include "assay/protocol/offer.hpp"
#include "internal/forced_error.hpp"

namespace assay::roles::internal {

namespace {

using protocol::ClaimView;
using protocol::TaskStatus;
using protocol::TaskView;

constexpr std::uint64_t kRepeatOfferMaxMs = 3'600'000;
constexpr const char* kOfferFolder = "offers";

struct Metered final : JobOutcome {
  protocol::ReplayTimes times;
};

std::string offer_file(const TaskId& id) {
  return std::string(kOfferFolder) + "/" + to_hex(id.value);
}

// What the task's work costs at a rate, rounded up; saturates.
std::uint64_t cost(const protocol::PostTask& terms, std::uint64_t rate) {
  __extension__ using Wide = unsigned __int128;
  const Wide atoms = (Wide{rate} * terms.work_units + 999'999) / 1'000'000;
  return static_cast<std::uint64_t>(std::min<Wide>(atoms, UINT64_MAX));
}

// A cancelled claim delivers what a checkpoint holds: the next one must lie within what is paid.
bool may_be_paid_in_part(const protocol::PostTask& terms) {
  const commit::TaskHeader& h = terms.header;
  return terms.progress_entries >=
         std::min(h.checkpoint_interval / h.commit_interval, commit::transcript_entries(h));
}

// The random bits of an acceptance or a bid.
Hash256 offer_bits(const crypto::KeyPair& key, const TaskId& id) {
  return derive_secret(key, "accept/" + to_hex(id.value));
}
Hash256 quote_bits(const crypto::KeyPair& key, const protocol::QuoteId& id) {
  return derive_secret(key, "quote/" + to_hex(ByteView(id)));
}
Hash256 r_commitment(const crypto::KeyPair& key, const TaskId& id) {
  return crypto::sha256(offer_bits(key, id).view());
}

}  // namespace

TakerRole::TakerRole(RoleContext context, SolverOptions options)
    : CheckerRole(std::move(context)), m_options(options) {}

void TakerRole::take(const protocol::View& view) {
  look_at_offers(view);
  std::size_t under_way = 0;
  std::uint64_t promised = 0;
  for (const TaskView& task : view.tasks) {
    if (has_offered(task)) ++under_way;
    if (is_unseen(task)) promised += task.record.terms.solver_stake.value;
    if (const ClaimView* claim = own_claim(task))
      under_way += protocol::is_settled(claim->record.status) ? 0 : 1;
  }
  for (const TaskView& task : view.tasks) {
    if (task.record.status != TaskStatus::kOpen || !wants(view, task, promised)) continue;
    const bool bids = task.record.terms.sale == protocol::Sale::kAuction;
    const bool is_new = !has_offered(task);
    if (under_way >= m_options.tasks_max && is_new) continue;
    if (!(bids ? bid(task) : accept(task))) continue;
    if (!is_new) continue;
    ++under_way;
    promised += task.record.terms.solver_stake.value;
  }
}

const ClaimView* TakerRole::own_claim(const TaskView& task) const {
  for (const ClaimView& claim : task.claims)
    if (claim.record.solver == account()) return &claim;
  return nullptr;
}

Hash256 TakerRole::random_bits(const TaskView& task, const protocol::ClaimRecord& claim) const {
  const Hash256 own = offer_bits(context().key, task.record.id);
  if (crypto::sha256(own.view()) == claim.r_commitment) return own;
  return quote_bits(context().key, claim.quote);
}

// What was sent may apply before it is seen, also what an earlier life sent: so it is written
// down first, and counts until the sale is over or the claim is there.
void TakerRole::look_at_offers(const protocol::View& view) {
  Files& files = context().files;
  if (!std::exchange(m_knows_offers, true))
    if (const auto names = files.list(kOfferFolder))
      for (const std::string& name : *names)
        if (const auto id = hash_from_hex(name.substr(name.rfind('/') + 1)))
          m_offers.emplace(*id, read_offer(TaskId{*id}));
  const auto is_for_sale = [&](const TaskId& id) {
    return std::any_of(view.tasks.begin(), view.tasks.end(), [&](const TaskView& task) {
      return task.record.id == id && task.record.status == TaskStatus::kOpen &&
             own_claim(task) == nullptr;
    });
  };
  std::erase_if(m_offers, [&](const auto& offered) {
    if (is_for_sale(offered.first)) return false;
    static_cast<void>(files.remove(offer_file(offered.first)));
    return true;
  });
  std::erase_if(m_put_off, [&](const auto& entry) { return !is_for_sale(entry.first); });
}

// What was refused promises nothing, and is tried again after a while: whoever posts terms that
// nobody can meet must not keep everybody from other tasks.
void TakerRole::on_refused(const std::string& purpose) {
  const std::size_t slash = purpose.find('/');
  const std::string kind = purpose.substr(0, slash);
  if (kind != "accept" && kind != "bid") return;
  const std::size_t end = std::min(purpose.find('/', slash + 1), purpose.size());
  const auto id = hash_from_hex(purpose.substr(slash + 1, end - slash - 1));
  if (!id || m_offers.erase(TaskId{*id}) == 0) return;
  static_cast<void>(context().files.remove(offer_file(TaskId{*id})));
  put_off(TaskId{*id});
}

void TakerRole::put_off(const TaskId& id) {
  m_put_off.try_emplace(id, Retry{kRepeatSubmitMs})
      .first->second.failed(now_ms(), kRepeatOfferMaxMs);
}

bool TakerRole::is_put_off(const TaskId& id) {
  const auto found = m_put_off.find(id);
  return found != m_put_off.end() && waits_until(found->second.at_ms);
}

const protocol::Bid* TakerRole::own_bid(const TaskView& task) const {
  for (const protocol::Bid& bid : task.bids)
    if (bid.bidder == account()) return &bid;
  return nullptr;
}

bool TakerRole::has_offered(const TaskView& task) const {
  return own_bid(task) != nullptr || m_offers.contains(task.record.id);
}

bool TakerRole::is_unseen(const TaskView& task) const {
  return own_bid(task) == nullptr && m_offers.contains(task.record.id);
}

// The file says what was quoted: an earlier life's offer is sent again as it was.
bool TakerRole::offer(const TaskId& id, const protocol::ReplayTimes& times) {
  if (m_offers.contains(id)) return true;
  Bytes bytes(16);
  store_le(bytes.data(), times.interval_ms);
  store_le(bytes.data() + 8, times.game_ms);
  if (!context().files.write_atomically(offer_file(id), bytes)) return false;  // a full disk
  m_offers.emplace(id, times);
  return true;
}

// Zeros if the file is damaged: then it is measured again.
protocol::ReplayTimes TakerRole::read_offer(const TaskId& id) const {
  const auto bytes = context().files.read(offer_file(id));
  if (!bytes || bytes->size() != 16) return {};
  return {load_le<std::uint64_t>(bytes->data()), load_le<std::uint64_t>(bytes->data() + 8)};
}

// Whether the stake is there, less what is promised, which may hold this one. A bid that stands
// has locked its own.
bool TakerRole::has_stake(const protocol::View& view, const TaskView& task,
                          std::uint64_t promised) const {
  if (own_bid(task) != nullptr) return true;
  const std::uint64_t own = is_unseen(task) ? 0 : task.record.terms.solver_stake.value;
  return view.self.staked.value >= promised + own;
}

bool TakerRole::has_deposit(const protocol::View& view, const TaskView& task) const {
  return own_bid(task) != nullptr ||
         view.self.available.value >= task.record.terms.bid_deposit.value;
}

bool TakerRole::wants(const protocol::View& view, const TaskView& task, std::uint64_t promised) {
  const protocol::PostTask& terms = task.record.terms;
  const protocol::Reputation& own =
      view.self.reputation[static_cast<std::size_t>(protocol::Standing::kSolver) - 1];
  const std::uint64_t score =
      economics::decayed_score(own.score, view.head.ledger_time.value - own.at.value);
  return (!terms.allow.empty() || m_options.take_open_tasks) &&
         protocol::allows(terms, account()) && task.record.submitter != account() &&
         own_claim(task) == nullptr &&
         protocol::has_required(terms, view.self.profile.capabilities) &&
         score >= terms.reputation_min && terms.price.value >= asked(terms) &&
         leaves_time(terms, set_times()) && may_be_paid_in_part(terms) &&
         has_stake(view, task, promised) && has_deposit(view, task) &&
         !is_put_off(task.record.id) && may_be_attested(view, task);
}

// Whoever works where no quorum of relays can come together works for nothing.
bool TakerRole::may_be_attested(const protocol::View& view, const TaskView& task) {
  const protocol::PostTask& terms = task.record.terms;
  if (terms.relays == 0) return true;
  const std::uint64_t seats = protocol::fillable_seats(view.pool, terms, account());
  if (seats >= terms.relay_quorum) return true;
  const std::string id = to_hex(task.record.id.value);
  report_once(id, "task.unattestable",
              {{"task", id},
               {"quorum", std::to_string(terms.relay_quorum)},
               {"fillable", std::to_string(seats)}});
  return false;
}

// Only a task whose programs validate, whose roots are right and whose work is the declared one
// is taken.
bool TakerRole::is_sound(const TaskView& task) {
  const SharedTask opened = open_task(task);
  if (!opened) return false;
  const std::string id = to_hex(task.record.id.value);
  if (task.record.terms.force_rate != 0 && !can_force(*opened)) {
    report_once(id, "task.refused", {{"task", id}, {"why", "no loss slot to force errors in"}});
    return false;
  }
  const std::uint64_t units = training::work_units(*opened);
  if (units == task.record.terms.work_units) return true;
  report_once(id, "task.misdeclared",
              {{"task", id},
               {"declared", std::to_string(task.record.terms.work_units)},
               {"metered", std::to_string(units)}});
  return false;
}

std::uint64_t TakerRole::asked(const protocol::PostTask& terms) const {
  return std::max({cost(terms, m_options.price_per_million_units_min), m_options.price_min_atoms,
                   std::uint64_t{1}});
}

// Its own price; after that, if it may, below the best bid of another.
std::optional<std::uint64_t> TakerRole::next_price(const TaskView& task) const {
  const protocol::PostTask& terms = task.record.terms;
  const protocol::Bid* own = own_bid(task);
  if (own == nullptr) return asked(terms);
  const protocol::Bid& best = task.bids.front();
  if (m_options.bid_floor_per_million_units == 0 || best.bidder == account()) return std::nullopt;
  const std::uint64_t below = best.price.value - std::max<std::uint64_t>(best.price.value / 100, 1);
  const std::uint64_t floor =
      std::max(cost(terms, m_options.bid_floor_per_million_units), m_options.price_min_atoms);
  if (below < floor || below == 0 || below >= own->price.value) return std::nullopt;
  return below;
}

// As far as they are known before the task is measured.
protocol::ReplayTimes TakerRole::set_times(protocol::ReplayTimes times) const {
  if (m_options.replay_quote_ms != 0) times.interval_ms = m_options.replay_quote_ms;
  if (m_options.game_quote_ms != 0) times.game_ms = m_options.game_quote_ms;
  return times;
}

// What to quote for a task that was opened; nothing while it is being measured, or if it leaves
// less time: then it is measured again after a while. What was offered stays what it was.
std::optional<protocol::ReplayTimes> TakerRole::quoted(const TaskView& task) {
  const auto offered = m_offers.find(task.record.id);
  if (offered != m_offers.end() && offered->second.interval_ms != 0) return offered->second;
  protocol::ReplayTimes times = set_times();
  if (m_options.replay_quote_ms == 0 || m_options.game_quote_ms == 0) {
    const auto metered = meter(task);
    if (!metered) return std::nullopt;
    times = set_times(*metered);
  }
  if (leaves_time(task.record.terms, times)) return times;
  put_off(task.record.id);
  const std::string name = to_hex(task.record.id.value);
  report_once(name, "task.too_slow",
              {{"task", name},
               {"interval_ms", std::to_string(times.interval_ms)},
               {"game_ms", std::to_string(times.game_ms)}});
  return std::nullopt;
}

// One task at a time, where training runs: moves of games wait for neither, and whoever posts
// tasks whose steps take minutes holds up no game.
std::optional<protocol::ReplayTimes> TakerRole::meter(const TaskView& task) {
  const std::string job = "meter-task/" + to_hex(task.record.id.value);
  if (m_meter_job != job && job_under_way(m_meter_job)) return std::nullopt;
  m_meter_job = job;
  if (const auto* metered = static_cast<Metered*>(finished_job(job))) {
    const protocol::ReplayTimes times = metered->times;
    forget_job(job);
    return times;
  }
  const double step_s_max = 1e-3 * static_cast<double>(task.record.terms.windows.replay_ms);
  start_job(
      job,
      [opened = open_task(task), &pool = context().pool, execution = context().execution,
       step_s_max](const std::function<bool()>& stopped) -> JobResult {
        ASSAY_TRY(const auto run, execution(*opened, pool));
        training::MeterOptions options;
        options.traces = true;
        options.step_s_max = step_s_max;
        options.stopped = stopped;
        ASSAY_TRY(const auto times, training::meter_steps(*run, pool, options));
        auto outcome = std::make_shared<Metered>();
        outcome->times = quoted_times(opened->header, times);
        return std::shared_ptr<JobOutcome>(std::move(outcome));
      },
      /*lengthy=*/true);
  return std::nullopt;
}

bool TakerRole::accept(const TaskView& task) {
  if (!is_sound(task)) return false;
  const auto times = quoted(task);
  if (!times || !offer(task.record.id, *times)) return false;
  submit("accept/" + to_hex(task.record.id.value),
         protocol::AcceptTask{task.record.id, *times, r_commitment(context().key, task.record.id)});
  return true;
}

bool TakerRole::bid(const TaskView& task) {
  const std::optional<std::uint64_t> price = next_price(task);
  if (!price || !is_sound(task)) return false;
  const auto times = quoted(task);
  if (!times || !offer(task.record.id, *times)) return false;
  const std::string id = to_hex(task.record.id.value);
  const std::string purpose = "bid/" + id + "/" + std::to_string(*price);
  report_once(purpose, "bid.placed", {{"task", id}, {"price", std::to_string(*price)}});
  submit(purpose, protocol::PlaceBid{task.record.id, Amount(*price), *times,
                                     r_commitment(context().key, task.record.id)});
  return true;
}

}  // namespace assay::roles::internal

namespace assay::roles {

Hash256 quote_commitment(const crypto::KeyPair& key, const protocol::QuoteId& id) {
  return crypto::sha256(internal::quote_bits(key, id).view());
}

}  // namespace assay::roles

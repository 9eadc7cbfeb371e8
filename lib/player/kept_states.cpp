#include "internal/kept_states.hpp"

#include <algorithm>
#include <cmath>

#include "assay/core/contract.hpp"
#include "assay/tensor/safetensors.hpp"

namespace assay::player {

namespace {

// The interval's start, where every walk can begin, and the start of the segment that a game is
// about, however large they are.
constexpr std::size_t kLeastInMemory = 2;

std::uint64_t distance(std::uint64_t a, std::uint64_t b) { return std::max(a, b) - std::min(a, b); }

}  // namespace

unsigned states_on_disk(std::uint64_t steps) {
  const auto root = static_cast<unsigned>(std::ceil(std::sqrt(static_cast<double>(steps))));
  return std::max(root, dispute::kChainFanOut);
}

bool SpareDisk::take(std::uint64_t bytes) noexcept {
  std::uint64_t left = m_left;
  while (bytes <= left)
    if (m_left.compare_exchange_weak(left, left - bytes)) return true;
  return false;
}

KeptStates::KeptStates(std::uint64_t start, std::uint64_t end, const IntervalOptions& options,
                       TaskPool& pool)
    : m_start(start),
      m_end(end),
      m_memory_bytes(options.state_cache_bytes),
      m_disk(options.disk),
      m_folder(options.disk_folder),
      m_disk_places(options.disk == nullptr ? 0 : options.states_on_disk_max),
      m_pool(pool),
      m_focus(start) {
  if (m_disk == nullptr) return;
  ASSAY_EXPECTS(!m_folder.empty());
  if (const auto left = m_disk->files().list(m_folder))
    for (const std::string& name : *left) static_cast<void>(m_disk->files().remove(name));
}

KeptStates::~KeptStates() {
  while (!m_kept.empty()) forget(m_kept.begin());
}

std::string KeptStates::name_of(std::uint64_t step) const {
  return m_folder + "/" + std::to_string(step) + ".safetensors";
}

std::optional<std::uint64_t> KeptStates::nearest(std::uint64_t step) const {
  const auto above = m_kept.upper_bound(step);
  if (above == m_kept.begin()) return std::nullopt;
  return std::prev(above)->first;
}

std::optional<NamedTensors> KeptStates::take(std::uint64_t step) {
  const Place place = m_kept.find(step);
  place->second.of_interrupted = false;  // it goes on
  if (!place->second.root) return place->second.state;
  if (const auto bytes = m_disk->files().read(name_of(step)))
    if (auto state = training::verify_state_bytes(*bytes, *place->second.root, m_pool))
      return std::move(*state);
  forget(place);
  return std::nullopt;
}

void KeptStates::focus(std::uint64_t low, std::uint64_t high) {
  m_focus = low;
  m_first_walk = low == m_start && high == m_end;
}

void KeptStates::learn_size(const NamedTensors& state) {
  if (m_memory_places == 0)
    m_memory_places = std::max(
        kLeastInMemory, m_memory_bytes / std::max<std::size_t>(1, training::byte_count(state)));
}

void KeptStates::keep(const training::KnownState& state, const std::optional<Hash256>& root) {
  learn_size(state.state);
  if (m_kept.contains(state.step) || !is_wanted(state.step) || put(state, root, m_first_walk))
    return;
  const auto other = farthest();
  if (!other || !may_replace(state.step, *other)) return;
  forget(*other);
  static_cast<void>(put(state, root, m_first_walk));
}

void KeptStates::keep_interrupted(const training::KnownState& state, const Hash256& root) {
  learn_size(state.state);
  if (!m_kept.contains(state.step) && !put(state, root, false)) {
    const auto other = farthest();
    if (!other) return;
    forget(*other);
    if (!put(state, root, false)) return;
  }
  m_kept.find(state.step)->second.of_interrupted = true;
}

// On the first walk as many as there are places for, evenly spread, so that none has to go.
bool KeptStates::is_wanted(std::uint64_t step) const {
  if (!m_first_walk || step == m_focus) return true;
  const auto before = nearest(step);
  return step < m_end && (!before || step - *before >= (m_end - m_start) / places());
}

// Where a stopped walk goes on stays, unless nothing else is there but that of a present game. What
// the first walk left goes last, since each new game begins there; what is far from the present
// segment goes before what is near.
std::optional<KeptStates::Place> KeptStates::farthest() {
  std::optional<Place> found;
  const auto is_worth_less = [&](const Place& a, const Place& b) {
    if (a->second.of_interrupted != b->second.of_interrupted) return b->second.of_interrupted;
    if (a->second.of_first_walk != b->second.of_first_walk) return b->second.of_first_walk;
    return distance(a->first, m_focus) > distance(b->first, m_focus);
  };
  for (Place place = m_kept.begin(); place != m_kept.end(); ++place)
    if (place->first != m_start && place->first != m_focus &&
        (!found || is_worth_less(place, *found)))
      found = place;
  return found;
}

// The start of a segment takes any place, a state inside it that of one farther away.
bool KeptStates::may_replace(std::uint64_t step, const Place& other) const {
  if (step == m_focus) return true;
  return !other->second.of_first_walk && !other->second.of_interrupted &&
         distance(step, m_focus) < distance(other->first, m_focus);
}

bool KeptStates::put(const training::KnownState& state, const std::optional<Hash256>& root,
                     bool of_first_walk) {
  Kept kept;
  kept.of_first_walk = of_first_walk;
  if (m_kept.size() - m_on_disk < m_memory_places) {
    kept.state = state.state;
  } else if (root && m_on_disk < m_disk_places) {
    if (!write(state, kept)) return false;
    kept.root = root;
    ++m_on_disk;
  } else {
    return false;
  }
  m_kept.emplace(state.step, std::move(kept));
  return true;
}

bool KeptStates::write(const training::KnownState& state, Kept& kept) {
  const auto bytes = tensor::write_safetensors(state.state);
  if (!bytes || !m_disk->take(bytes->size())) return false;
  kept.bytes = bytes->size();
  if (m_disk->files().write_atomically(name_of(state.step), *bytes)) return true;
  m_disk->give_back(kept.bytes);
  m_disk_places = m_on_disk;  // a full disk: what is there is all there will be
  return false;
}

void KeptStates::forget(Place place) {
  if (place->second.root) {
    static_cast<void>(m_disk->files().remove(name_of(place->first)));
    m_disk->give_back(place->second.bytes);
    --m_on_disk;
  }
  m_kept.erase(place);
}

}  // namespace assay::player

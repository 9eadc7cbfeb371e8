#include "assay/training/checkpoints.hpp"

#include <algorithm>
#include <bit>
#include <charconv>

#include "assay/codec/buffer.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::training {
namespace {

constexpr std::string_view kMagic = "assay/journal/1";
constexpr std::size_t kMaxSegmentItems = std::size_t{1} << 28;

// Steps whose journal stands in the folder, ascending.
std::vector<std::uint64_t> steps_in(const std::vector<std::string>& names) {
  std::vector<std::uint64_t> steps;
  for (const std::string& name : names) {
    const std::string_view last = std::string_view(name).substr(name.rfind('/') + 1);
    std::uint64_t step = 0;
    const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), step);
    if (error == std::errc{} && end == last.data() + last.size()) steps.push_back(step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

}  // namespace

std::string checkpoint_name(std::uint64_t step) {
  return "checkpoints/" + std::to_string(step) + ".safetensors";
}
std::string journal_name(std::uint64_t step) { return "journal/" + std::to_string(step); }

Bytes encode_segment(const JournalSegment& segment) {
  Bytes bytes = codec::encode([&](codec::Writer& w) {
    w.raw(as_bytes(kMagic));
    w.hash(segment.task);
    w.u64(segment.after);
    w.u64(segment.step);
    w.u32(static_cast<std::uint32_t>(segment.roots.size()));
    for (const Hash256& root : segment.roots) w.hash(root);
    w.u32(static_cast<std::uint32_t>(segment.losses.size()));
    for (const float loss : segment.losses) w.u32(std::bit_cast<std::uint32_t>(loss));
  });
  const Hash256 digest = crypto::sha256(bytes);
  const std::size_t size = bytes.size();
  bytes.resize(size + digest.bytes.size());
  std::memcpy(bytes.data() + size, digest.bytes.data(), digest.bytes.size());
  return bytes;
}

Result<JournalSegment> decode_segment(ByteView bytes) {
  const Error malformed{ErrorCode::kMalformed, "these bytes are no journal segment"};
  if (bytes.size() < kMagic.size() + 32) return malformed;
  const ByteView body = bytes.first(bytes.size() - 32);
  if (!equal_bytes(crypto::sha256(body).view(), bytes.last(32))) {
    return {ErrorCode::kIntegrity, "the segment's digest does not match its bytes"};
  }
  codec::Reader r(body);
  if (!equal_bytes(r.take(kMagic.size()), as_bytes(kMagic))) return malformed;
  JournalSegment segment;
  segment.task = r.hash();
  segment.after = r.u64();
  segment.step = r.u64();
  segment.roots.resize(r.count(kMaxSegmentItems, 32));
  for (Hash256& root : segment.roots) root = r.hash();
  segment.losses.resize(r.count(kMaxSegmentItems, 4));
  for (float& loss : segment.losses) loss = std::bit_cast<float>(r.u32());
  if (!r.finish() || segment.roots.empty() || segment.step <= segment.after) return malformed;
  return segment;
}

void Journal::cut_after(std::size_t mark_count) {
  marks.resize(std::min(mark_count, marks.size()));
  roots.resize(marks.empty() ? 0 : marks.back().roots);
  losses.resize(marks.empty() ? 0 : marks.back().losses);
}

void CheckpointReader::warn(const std::string& name, const std::string& why) const {
  if (m_log == nullptr) return;
  m_log->write(LogLevel::kWarning, "training.file_ignored", {{"file", name}, {"why", why}});
}

Result<Journal> CheckpointReader::journal() const {
  Journal journal;
  auto names = m_files.list("journal");
  if (!names) {
    if (names.error().code == ErrorCode::kNotFound) return journal;
    return std::move(names).error();
  }
  std::uint64_t reached = 0;
  for (const std::uint64_t step : steps_in(*names)) {
    const std::string name = journal_name(step);
    ASSAY_TRY(const Bytes bytes, m_files.read(name));
    auto segment = decode_segment(bytes);
    if (!segment) {
      warn(name, segment.error().message);
      break;
    }
    if (segment->task != m_task || segment->step != step || segment->after != reached) {
      warn(name, "it does not continue this task's journal");
      break;
    }
    reached = step;
    journal.roots.insert(journal.roots.end(), segment->roots.begin(), segment->roots.end());
    journal.losses.insert(journal.losses.end(), segment->losses.begin(), segment->losses.end());
    journal.marks.push_back({step, journal.roots.size(), journal.losses.size()});
  }
  return journal;
}

Result<NamedTensors> CheckpointReader::load(std::uint64_t step, const Hash256& root) const {
  ASSAY_TRY(const Bytes bytes, m_files.read(checkpoint_name(step)));
  return verify_state_bytes(bytes, root, m_pool);
}

Result<std::optional<KnownState>> CheckpointReader::nearest(const Journal& journal,
                                                            std::uint64_t step) const {
  for (auto mark = journal.marks.rbegin(); mark != journal.marks.rend(); ++mark) {
    if (mark->step > step || !m_files.exists(checkpoint_name(mark->step))) continue;
    auto state = load(mark->step, journal.roots[mark->roots - 1]);
    if (state) return std::optional<KnownState>{KnownState{mark->step, std::move(*state)}};
    warn(checkpoint_name(mark->step), state.error().message);
  }
  return std::optional<KnownState>{};
}

}  // namespace assay::training

#include "assay/sim/disk.hpp"

#include <algorithm>

#include "assay/codec/buffer.hpp"
#include "assay/core/planted.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::sim {

using testing::Planted;
using testing::planted;

Status SimDisk::spend(bool writes) {
  if (m_left == 0) return {ErrorCode::kIo, "the power is gone"};
  if (m_left != kNever) --m_left;
  if (writes && m_full) return {ErrorCode::kIo, "no space is left on the disk"};
  return {};
}

Status SimDisk::create(const std::string& name, ByteView bytes) {
  ASSAY_TRY_STATUS(spend(true));
  auto file = std::make_shared<File>();
  file->bytes = to_bytes(bytes);
  m_folder[name] = std::move(file);
  return {};
}

Status SimDisk::append(const std::string& name, ByteView bytes) {
  ASSAY_TRY_STATUS(spend(true));
  auto& file = m_folder[name];
  if (!file) file = std::make_shared<File>();
  file->bytes.insert(file->bytes.end(), bytes.begin(), bytes.end());
  return {};
}

Status SimDisk::sync(const std::string& name) {
  ASSAY_TRY_STATUS(spend(false));
  const auto found = m_folder.find(name);
  if (found == m_folder.end()) return {ErrorCode::kNotFound, "no file " + name};
  found->second->synced = found->second->bytes.size();
  return {};
}

Status SimDisk::rename(const std::string& from, const std::string& to) {
  ASSAY_TRY_STATUS(spend(false));
  const auto found = m_folder.extract(from);
  if (found.empty()) return {ErrorCode::kNotFound, "no file " + from};
  m_folder[to] = found.mapped();
  return {};
}

Status SimDisk::sync_folder() {
  ASSAY_TRY_STATUS(spend(false));
  m_synced_folder = m_folder;
  return {};
}

Status SimDisk::remove(const std::string& name) {
  ASSAY_TRY_STATUS(spend(false));
  m_folder.erase(name);
  return {};
}

Result<ByteView> SimDisk::read(const std::string& name) const {
  const auto found = m_folder.find(name);
  if (found == m_folder.end()) return {ErrorCode::kNotFound, "no file " + name};
  return ByteView(found->second->bytes);
}

std::vector<std::string> SimDisk::list(const std::string& prefix) const {
  std::vector<std::string> names;
  for (const auto& [name, file] : m_folder)
    if (name.starts_with(prefix)) names.push_back(name);
  return names;
}

// Of what was not synced some first pages may have reached the platter, one of them half.
void SimDisk::tear(File& file) {
  const std::size_t unsynced = file.bytes.size() - file.synced;
  if (unsynced == 0) return;
  const std::size_t kept = std::min(unsynced, m_rng.below(unsynced / kPageBytes + 2) * kPageBytes);
  file.bytes.resize(file.synced + kept);
  if (kept > 0 && m_rng.below(2) == 0) {
    const std::size_t page =
        file.synced + m_rng.below((kept + kPageBytes - 1) / kPageBytes) * kPageBytes;
    const std::size_t end = std::min(page + kPageBytes, file.bytes.size());
    for (std::size_t i = page + (end - page) / 2; i < end; ++i)
      file.bytes[i] = static_cast<std::uint8_t>(m_rng.next());
  }
  file.synced = file.bytes.size();
}

// Of names that were not synced each may be the new one or the old.
void SimDisk::crash() {
  m_left = kNever;
  Folder after = m_synced_folder;
  for (const auto& [name, file] : m_folder)
    if ((!after.contains(name) || after[name] != file) && m_rng.below(2) == 0) after[name] = file;
  for (const auto& [name, file] : m_synced_folder)
    if (!m_folder.contains(name) && m_rng.below(2) == 0) after.erase(name);
  for (const auto& [name, file] : after) tear(*file);
  m_folder = after;
  m_synced_folder = std::move(after);
}

Result<Bytes> SimFiles::read(const std::string& name) const {
  ASSAY_TRY(const ByteView bytes, m_disk.read(name));
  return to_bytes(bytes);
}

Status SimFiles::write_atomically(const std::string& name, ByteView bytes) {
  Written& written = m_written[name];
  const Hash256 version = crypto::sha256(bytes);
  written.versions.push_back(version);
  const std::string temporary = "~" + name;
  ASSAY_TRY_STATUS(m_disk.create(temporary, bytes));
  if (!planted(Planted::kMissingFileSync)) ASSAY_TRY_STATUS(m_disk.sync(temporary));
  ASSAY_TRY_STATUS(m_disk.rename(temporary, name));
  ASSAY_TRY_STATUS(m_disk.sync_folder());
  written = {{version}, false};
  return {};
}

Status SimFiles::remove(const std::string& name) {
  m_written[name].may_be_gone = true;
  return m_disk.remove(name);
}

Status SimFiles::check_whole() {
  for (auto& [name, written] : m_written) {
    const auto bytes = m_disk.read(name);
    if (!bytes) {
      if (!written.may_be_gone)
        return {ErrorCode::kIntegrity, "a file that was written is gone after a crash: " + name};
      continue;
    }
    const Hash256 there = crypto::sha256(*bytes);
    if (std::find(written.versions.begin(), written.versions.end(), there) ==
        written.versions.end())
      return {ErrorCode::kIntegrity, "a file is torn after a crash: " + name};
    written.versions = {there};
  }
  return {};
}

Result<std::vector<std::string>> SimFiles::list(const std::string& folder) const {
  return m_disk.list(folder.empty() || folder.back() == '/' ? folder : folder + "/");
}

namespace {

constexpr char kLogFile[] = "log";
constexpr std::size_t kFrameBytes = 4 + 8;  // length, checksum

std::uint64_t checksum(ByteView bytes) {
  return load_le<std::uint64_t>(crypto::sha256(bytes).bytes.data());
}

Bytes encode(const WriteBatch& batch) {
  Bytes body = codec::encode([&](codec::Writer& w) {
    for (const auto& [key, value] : batch.writes) {
      w.bytes(key);
      w.flag(value.has_value());
      if (value) w.bytes(*value);
    }
  });
  Bytes framed(kFrameBytes);
  store_le(framed.data(), static_cast<std::uint32_t>(body.size()));
  store_le(framed.data() + 4, checksum(body));
  framed.insert(framed.end(), body.begin(), body.end());
  return framed;
}

WriteBatch decode(ByteView body) {
  codec::Reader r(body);
  WriteBatch batch;
  while (r.ok() && r.remaining() > 0) {
    Bytes key = to_bytes(r.bytes(body.size()));
    if (r.flag())
      batch.put(std::move(key), to_bytes(r.bytes(body.size())));
    else
      batch.erase(std::move(key));
  }
  return batch;
}

}  // namespace

Status SimStore::write(const WriteBatch& batch) {
  ASSAY_TRY_STATUS(m_disk.append(kLogFile, encode(batch)));
  if (!planted(Planted::kMissingSync)) ASSAY_TRY_STATUS(m_disk.sync(kLogFile));
  ASSAY_TRY_STATUS(m_disk.sync_folder());
  return m_map.write(batch);
}

Status SimStore::recover() {
  m_map.restore({});
  const auto log = m_disk.read(kLogFile);
  if (!log) return {};
  ByteView rest = *log;
  std::size_t whole = 0;
  while (rest.size() >= kFrameBytes) {
    const std::size_t size = load_le<std::uint32_t>(rest.data());
    if (rest.size() - kFrameBytes < size) break;
    const ByteView body = rest.subspan(kFrameBytes, size);
    if (checksum(body) != load_le<std::uint64_t>(rest.data() + 4)) break;
    ASSAY_TRY_STATUS(m_map.write(decode(body)));
    whole += kFrameBytes + size;
    rest = rest.subspan(kFrameBytes + size);
  }
  if (rest.empty()) return {};
  // What is behind the last whole batch would hide the next one.
  const Bytes kept = to_bytes(log->first(whole));
  const std::string temporary = std::string("~") + kLogFile;
  ASSAY_TRY_STATUS(m_disk.create(temporary, kept));
  ASSAY_TRY_STATUS(m_disk.sync(temporary));
  ASSAY_TRY_STATUS(m_disk.rename(temporary, kLogFile));
  return m_disk.sync_folder();
}

}  // namespace assay::sim

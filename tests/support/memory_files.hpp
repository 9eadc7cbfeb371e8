// A folder in memory that can fail.
#pragma once

#include <map>

#include "assay/core/faces.hpp"

namespace assay::test {

class MemoryFiles final : public Files {
 public:
  std::map<std::string, Bytes> files;
  int writes_until_failure = -1;  // -1: never

  Result<Bytes> read(const std::string& name) const override {
    const auto found = files.find(name);
    if (found == files.end()) return {ErrorCode::kNotFound, name + " is not there"};
    return found->second;
  }
  Status write_atomically(const std::string& name, ByteView bytes) override {
    if (writes_until_failure == 0) return {ErrorCode::kNoSpace, "the disk is full"};
    if (writes_until_failure > 0) --writes_until_failure;
    files[name] = to_bytes(bytes);
    return {};
  }
  Status remove(const std::string& name) override {
    files.erase(name);
    return {};
  }
  bool exists(const std::string& name) const override { return files.contains(name); }
  Result<std::vector<std::string>> list(const std::string& folder) const override {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : files) {
      if (folder.empty() || name.starts_with(folder + "/")) names.push_back(name);
    }
    return names;
  }
};

class RecordingLog final : public Log {
 public:
  std::vector<std::string> events;
  void write(LogLevel, std::string_view event, const Fields&) override {
    events.emplace_back(event);
  }
};

}  // namespace assay::test

// Files in memory, for tests and the simulator. Thread-safe.
#pragma once

#include <map>
#include <mutex>

#include "assay/core/faces.hpp"

namespace assay {

class MemoryFiles final : public Files {
 public:
  [[nodiscard]] Result<Bytes> read(const std::string& name) const override {
    const std::lock_guard lock(m_mutex);
    const auto found = m_files.find(name);
    if (found == m_files.end()) return {ErrorCode::kNotFound, "no file " + name};
    return found->second;
  }
  [[nodiscard]] Status write_atomically(const std::string& name, ByteView bytes) override {
    const std::lock_guard lock(m_mutex);
    m_files.insert_or_assign(name, to_bytes(bytes));
    return {};
  }
  [[nodiscard]] Status remove(const std::string& name) override {
    const std::lock_guard lock(m_mutex);
    m_files.erase(name);
    return {};
  }
  [[nodiscard]] bool exists(const std::string& name) const override {
    const std::lock_guard lock(m_mutex);
    return m_files.count(name) != 0;
  }
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& folder) const override {
    const std::lock_guard lock(m_mutex);
    const std::string prefix = folder.empty() || folder.back() == '/' ? folder : folder + "/";
    std::vector<std::string> names;
    for (const auto& [name, bytes] : m_files)
      if (name.starts_with(prefix)) names.push_back(name);
    return names;
  }

 private:
  mutable std::mutex m_mutex;
  std::map<std::string, Bytes> m_files;
};

}  // namespace assay

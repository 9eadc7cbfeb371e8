// A folder of somebody's files as files of its own.
#pragma once

#include "assay/core/faces.hpp"

namespace assay::roles::internal {

class SubFiles final : public Files {
 public:
  SubFiles(Files& files, std::string folder) : m_files(files), m_folder(std::move(folder) + "/") {}
  [[nodiscard]] Result<Bytes> read(const std::string& name) const override {
    return m_files.read(m_folder + name);
  }
  [[nodiscard]] Status write_atomically(const std::string& name, ByteView bytes) override {
    return m_files.write_atomically(m_folder + name, bytes);
  }
  [[nodiscard]] Status remove(const std::string& name) override {
    return m_files.remove(m_folder + name);
  }
  [[nodiscard]] bool exists(const std::string& name) const override {
    return m_files.exists(m_folder + name);
  }
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& folder) const override {
    ASSAY_TRY(std::vector<std::string> names, m_files.list(m_folder + folder));
    for (std::string& name : names) name.erase(0, m_folder.size());
    return names;
  }

 private:
  Files& m_files;
  std::string m_folder;
};

}  // namespace assay::roles::internal

// assayd's sub-commands for a ledger at rest: verify-store, snapshot, export, import, rollback.
#pragma once

#include "assay/cli/options.hpp"
#include "assay/node/storage.hpp"

class StorageCommands {
 public:
  // Both must outlive this, and this the program's run().
  StorageCommands(assay::cli::Command& root, const assay::node::StoreOpener& open_store);
  StorageCommands(const StorageCommands&) = delete;
  StorageCommands& operator=(const StorageCommands&) = delete;

 private:
  void add_archive(assay::cli::Command& root, const char* name, const char* help, bool bodies);
  [[nodiscard]] assay::Status verify() const;
  [[nodiscard]] assay::Status write_archive(bool bodies) const;
  [[nodiscard]] assay::Status read_archive() const;
  [[nodiscard]] assay::Status roll_back() const;

  const assay::node::StoreOpener& m_open_store;
  std::string m_home = "assay-node";
  std::string m_file;
  bool m_replay = false;
  std::uint64_t m_to = 0;
};

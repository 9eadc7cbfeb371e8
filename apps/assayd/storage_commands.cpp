#include "storage_commands.hpp"

#include <cstdio>

#include "assay/cli/terminal.hpp"
#include "assay/host/clock.hpp"

using assay::ErrorCode;
using assay::Status;

namespace {

constexpr const char* kHome = "folder of the node, which is stopped";

void print_head(const char* what, const assay::protocol::BlockHeader& head) {
  std::printf("%s chain %s to height %llu, state root %s\n", what, to_hex(head.chain.value).c_str(),
              static_cast<unsigned long long>(head.height.value), to_hex(head.state_root).c_str());
}

}  // namespace

StorageCommands::StorageCommands(assay::cli::Command& root,
                                 const assay::node::StoreOpener& open_store)
    : m_open_store(open_store) {
  root.subcommand("verify-store", "Check every byte of a stopped node's ledger, changing none")
      .option("home", m_home, kHome)
      .flag("replay", m_replay, "apply every block again, too, and compare the headers")
      .examples("  assayd verify-store --home node --replay")
      .action([this] { return verify(); });
  add_archive(root, "snapshot", "Write headers and state of a stopped node into one file", false);
  add_archive(root, "export", "Write all of a stopped node's ledger into one file", true);
  root.subcommand("import", "Make a ledger of such a file, in a home that has none")
      .option("home", m_home, "folder with the chain's config, keys and tls")
      .option("file", m_file, "a file of snapshot or export")
      .examples("  assayd import --home new-node --file ledger.assay")
      .action([this] { return read_archive(); });
  root.subcommand("rollback",
                  "Put a snapshot in the place of a stopped replicated node's ledger that is ahead "
                  "of its CometBFT")
      .option("home", m_home, kHome)
      .option("to", m_to, "the last height that CometBFT has; the snapshot is at or below it")
      .examples("  assayd rollback --home node --to 41999")
      .action([this] { return roll_back(); });
}

void StorageCommands::add_archive(assay::cli::Command& root, const char* name, const char* help,
                                  bool bodies) {
  root.subcommand(name, help)
      .option("home", m_home, kHome)
      .option("file", m_file, "to write; one that is there is replaced")
      .examples(std::string("  assayd ") + name + " --home node --file ledger.assay")
      .action([this, bodies] { return write_archive(bodies); });
}

Status StorageCommands::verify() const {
  const assay::host::SystemClock clock;
  assay::cli::ProgressLine progress(stderr, "verify", "blocks", clock);
  ASSAY_TRY(const assay::node::StoreReport report,
            assay::node::verify_home(m_home, {m_replay, &progress}));
  const auto number = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
  print_head("verified", report.head);
  std::printf(
      "%llu blocks, %llu transactions (from block %llu on), %llu records, proofs from height %llu "
      "on,\n%llu tree nodes, %llu older values%s\n",
      number(report.blocks), number(report.transactions), number(report.bodies_from.value),
      number(report.records), number(report.oldest_version.value), number(report.tree_nodes),
      number(report.old_values), report.replayed ? ", every block applied again" : "");
  for (const std::string& fault : report.faults) std::printf("fault: %s\n", fault.c_str());
  if (report.fault_count == 0) {
    std::printf("no fault\n");
    return {};
  }
  return {ErrorCode::kIntegrity, std::to_string(report.fault_count) +
                                     " faults: check the disk, then restore the folder from a copy "
                                     "or import an archive"};
}

Status StorageCommands::write_archive(bool bodies) const {
  if (m_file.empty()) return {ErrorCode::kInvalidArgument, "name the file to write with --file"};
  const assay::host::SystemClock clock;
  assay::cli::ProgressLine progress(stderr, "write", "blocks", clock);
  ASSAY_TRY(const auto head, assay::node::export_home(m_home, m_file, {bodies, &progress}));
  print_head("wrote", head);
  return {};
}

Status StorageCommands::read_archive() const {
  if (m_file.empty()) return {ErrorCode::kInvalidArgument, "name the file to read with --file"};
  ASSAY_TRY(const auto head, assay::node::import_home(m_home, m_file, m_open_store));
  print_head("imported", head);
  return {};
}

Status StorageCommands::roll_back() const {
  if (m_to == 0)
    return {ErrorCode::kInvalidArgument, "name the last height that CometBFT has with --to"};
  ASSAY_TRY(const auto head, assay::node::rollback_home(m_home, assay::Height{m_to}, m_open_store));
  print_head("rolled back", head);
  return {};
}

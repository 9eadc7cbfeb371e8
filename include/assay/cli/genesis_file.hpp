// A chain's genesis record: made from a TOML file that people write, shown, and checked
// (docs/spec/cli.md, "assayd genesis").
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "assay/protocol/block.hpp"

namespace assay::cli {

// The file's `name`, `operator` (64 hexadecimal digits) or `replicated` and `comet_genesis`
// (CometBFT's genesis file, seen from the TOML file's folder), `time_ms` (absent: `now_ms`) and
// [[accounts]] with `id`, and `tokens`, `staked_tokens`, `atoms`, `staked_atoms` as they apply; of
// a replicated ledger also [[validators]] with `account`, `key`, and `tokens` or `atoms`.
// Errors: kInvalidArgument, naming the file and the field.
[[nodiscard]] Result<protocol::Genesis> read_genesis_toml(const std::filesystem::path& path,
                                                          std::uint64_t now_ms);

// With more accounts, in order. kInvalidArgument: one that is there already.
[[nodiscard]] Result<protocol::Genesis> with_accounts(
    protocol::Genesis genesis, const std::vector<protocol::GenesisAccount>& accounts);

// With first validators by stake, in order, and their hash. kInvalidArgument: a key given twice.
[[nodiscard]] Result<protocol::Genesis> with_validators(
    protocol::Genesis genesis, std::vector<protocol::GenesisValidator> validators);

// What a chain would begin with. Errors: kInvalidArgument (no chain can begin so).
struct GenesisSummary {
  ChainId chain;
  protocol::BlockHeader header;
  Hash256 header_hash;
  std::uint64_t issued_atoms = 0;
};
[[nodiscard]] Result<GenesisSummary> check_genesis(const protocol::Genesis& genesis);

// For people: chain id, operator, time, state root, totals and, if asked, every account.
[[nodiscard]] std::string describe(const protocol::Genesis& genesis, const GenesisSummary& summary,
                                   bool accounts);

}  // namespace assay::cli

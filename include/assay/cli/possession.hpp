// `assay possession`: shows that a key with which CometBFT signs votes is behind an account, for
// bond_validator (docs/spec/protocol.md).
#pragma once

#include "assay/cli/options.hpp"
#include "assay/protocol/block.hpp"

namespace assay::cli {

struct PossessionSettings {
  std::string comet_key = "priv_validator_key.json";
  std::string home = ".";  // of the party: key.json and genesis.bin
};

struct Possession {
  Hash256 key;
  crypto::Signature signature{};
};
// Neither is kept, and nothing is asked of the ledger. Errors: those of the files;
// comet::signing_key_of().
[[nodiscard]] Result<Possession> make_possession(const PossessionSettings& settings);

// Adds `possession`, which prints the options of `assay send bond-validator`. `settings` must
// outlive the parse.
void add_possession_command(Command& root, PossessionSettings& settings);

}  // namespace assay::cli

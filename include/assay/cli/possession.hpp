// `assay possession`: shows that a key with which CometBFT signs votes, and one of shares of the
// beacon, are behind an account, for bond_validator (docs/spec/protocol.md).
#pragma once

#include "assay/cli/options.hpp"
#include "assay/host/key_file.hpp"
#include "assay/protocol/block.hpp"

namespace assay::cli {

struct PossessionSettings {
  std::string comet_key = "priv_validator_key.json";
  std::string home = ".";           // of the party: key.json and genesis.bin
  std::string share_key;            // key file; empty: the party's key.json
  std::string share_password_file;  // empty: the environment's, or `password` beside key.json
  bool for_genesis = false;         // of a validator of the genesis record: there is no chain yet
};

struct Possession {
  Hash256 key;
  crypto::Signature signature{};
  crypto::VrfPublicKey share_key{};
  crypto::VrfProof share_proof{};
};
// No key is kept, and nothing is asked of the ledger. Errors: those of the files;
// comet::signing_key_of().
[[nodiscard]] Result<Possession> make_possession(const PossessionSettings& settings);

// What shows that the share key is the account's and the validator's; `chain` is zero in a genesis
// record.
[[nodiscard]] crypto::VrfProof prove_share_key(const crypto::VrfKey& key, const ChainId& chain,
                                               const AccountId& account, const Hash256& validator);

// Adds `possession`, which prints the options of `assay send bond-validator`. `settings` must
// outlive the parse.
void add_possession_command(Command& root, PossessionSettings& settings);

}  // namespace assay::cli

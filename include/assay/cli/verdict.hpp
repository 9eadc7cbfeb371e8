// What a ledger's record says, shown from one signed block header alone: the light client's check
// of a claim's, a task's or a game's end (docs/spec/cli.md). It needs the proof and the chain's
// genesis record: no ledger, no network, no other block. Thread-safe.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "assay/cli/options.hpp"
#include "assay/codec/json.hpp"
#include "assay/protocol/block.hpp"

namespace assay::cli {

struct Verdict {
  // kOk: the record is proven. kFailed: it is proven that there is none. kIntegrity: the header is
  // not the operator's (or the validators'), or the proof does not lead to it.
  ExitCode exit_code = ExitCode::kIntegrity;
  std::string text;
  codec::Json json;  // the same, for scripts
};

// Of a replicated ledger's headers.
struct VerdictTrust {
  std::uint64_t now_ms = 0;  // Unix
  // Of CometBFT's header of the next height, where the user knows it from elsewhere: instead of the
  // validators that the genesis record names.
  std::optional<Hash256> comet_header = {};
  // What `header_proof` answers of another height, which need not be believed: where the validators
  // have changed since the genesis record. None: only one step is taken.
  std::function<Result<Bytes>(Height height)> ask = {};
};

// `proof` is what the call `proof` of docs/spec/rpc.md answers. Errors: kMalformed (it is not).
[[nodiscard]] Result<Verdict> check_verdict(const protocol::Genesis& genesis,
                                            std::string_view proof, const VerdictTrust& trust = {});

struct VerdictSettings {
  std::string file;  // the proof
  std::string genesis = "genesis.bin";
  bool json = false;
  std::string comet_header = {};  // VerdictTrust::comet_header in hexadecimal; empty: none
  std::string ledger = {};        // a node to ask for headers between; empty: none
  std::string authority = "authority.pem";  // of that node
};

// The same over files. Errors: as above; kInvalidArgument for a file that is not there; kIo,
// kPermission.
[[nodiscard]] Result<Verdict> check_verdict_files(const VerdictSettings& settings);

// `assay verdict`. Both must outlive the parse.
void add_verdict_command(Command& root, VerdictSettings& settings, ExitCode& exit_code);

}  // namespace assay::cli

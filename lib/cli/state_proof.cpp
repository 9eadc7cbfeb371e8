#include "internal/state_proof.hpp"

#include "assay/core/hex.hpp"
#include "assay/host/clock.hpp"
#include "assay/node/light_client.hpp"

namespace assay::cli::internal {

namespace {

Result<StateProof> read_members(const codec::JsonRef& root) {
  StateProof p;
  ASSAY_TRY(p.key, root["key"].hex());
  ASSAY_TRY(p.proof, root["proof"].hex());
  if (root["value"].exists()) {
    ASSAY_TRY(p.value, root["value"].hex());
  }
  ASSAY_TRY(const Bytes header, root["signed_header"].hex());
  ASSAY_TRY(p.header, node::decode_header_proof(header));
  return p;
}

}  // namespace

Result<StateProof> read_state_proof(const codec::Json& json) {
  auto proof = read_members(codec::JsonRef(json));
  if (!proof) return codec::malformed_file(proof.error());
  return proof;
}

std::string fault_of(const protocol::Genesis& genesis, const StateProof& p, std::uint64_t now_ms,
                     const std::optional<Hash256>& comet_header, const node::AskHeaderProof& ask) {
  node::ReplicatedTrust trust;
  const auto* const committed = std::get_if<node::CommittedHeader>(&p.header);
  if (committed != nullptr && comet_header) {
    const comet::LightVerdict root = comet::verify_root(node::comet_chain_id(chain_id_of(genesis)),
                                                        *comet_header, committed->next);
    if (root != comet::LightVerdict::kValid)
      return std::string("CometBFT's header: ") + to_string(root);
    trust.root = comet::trust_in(committed->next);
  } else if (committed != nullptr && genesis.validators_hash == Hash256{}) {
    return "the genesis record names no validators, so CometBFT's header must be known by its hash";
  }
  node::LightClient client(genesis, trust);
  const Result<node::HeaderVerdict> header =
      ask ? client.follow(p.header, now_ms, ask) : client.follow(p.header, now_ms);
  if (!header) return header.error().message;
  if (*header == node::HeaderVerdict::kNotAgreed)
    return std::string("CometBFT's header: ") + to_string(client.light_verdict());
  if (*header != node::HeaderVerdict::kValid)
    return std::string("the header: ") + to_string(*header);
  const commit::MapProofVerdict proof = p.value ? client.check_present(p.key, *p.value, p.proof)
                                                : client.check_absent(p.key, p.proof);
  if (proof != commit::MapProofVerdict::kValid)
    return std::string("the record: ") + to_string(proof);
  return "";
}

Result<PostedTask> read_posted_task(const PartySettings& s, const TaskId& task) {
  Bytes key{'T'};
  key.insert(key.end(), task.value.bytes.begin(), task.value.bytes.end());
  ASSAY_TRY(const protocol::Genesis genesis, read_party_genesis(s));
  ASSAY_TRY(const codec::Json answer,
            ask_ledger(s, "proof", codec::Json::object({{"key", to_hex(key)}})));
  ASSAY_TRY(const StateProof proof, read_state_proof(answer));
  const std::string fault = fault_of(
      genesis, proof, host::SystemClock().unix_ms(), {},
      [&s](Height height) -> Result<node::HeaderProof> {
        ASSAY_TRY(const codec::Json header,
                  ask_ledger(s, "header_proof", codec::Json::object({{"height", height.value}})));
        ASSAY_TRY(const Bytes bytes, codec::JsonRef(header)["signed_header"].hex());
        return node::decode_header_proof(bytes);
      });
  if (!fault.empty() || proof.key != key)
    return {ErrorCode::kIntegrity, "the ledger at " + name_ledgers(s) +
                                       " does not prove what it says" +
                                       (fault.empty() ? "" : ": " + fault)};
  if (!proof.value)
    return {ErrorCode::kNotFound, "there is no task " + to_hex(task.value) + " on this ledger"};
  if (proof.value->empty())
    return {ErrorCode::kNotFound, "task " + to_hex(task.value) +
                                      " ended, and so long ago that the ledger forgot its terms"};
  auto record = decoded<protocol::TaskRecord>(*proof.value);
  if (!record)
    return {ErrorCode::kUnsupported, "the ledger's record of the task is of another version"};
  return PostedTask{std::move(*record), header_of(proof.header).height};
}

}  // namespace assay::cli::internal

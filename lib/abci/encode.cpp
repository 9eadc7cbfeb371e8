#include <limits>

#include "assay/abci/wire.hpp"
#include "wire.pb.h"

namespace assay::abci {

namespace {

std::string text_of(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

void put(const ConsensusParams& from, wire::ConsensusParams& to) {
  if (from.block) {
    to.mutable_block()->set_max_bytes(from.block->max_bytes);
    to.mutable_block()->set_max_gas(from.block->max_gas);
  }
  if (from.evidence) {
    wire::EvidenceParams& evidence = *to.mutable_evidence();
    evidence.set_max_age_num_blocks(from.evidence->max_age_blocks);
    evidence.mutable_max_age_duration()->set_seconds(from.evidence->max_age.seconds);
    evidence.mutable_max_age_duration()->set_nanos(from.evidence->max_age.nanos);
    evidence.set_max_bytes(from.evidence->max_bytes);
  }
  if (from.key_types) {
    wire::ValidatorParams& validator = *to.mutable_validator();
    for (const std::string& type : *from.key_types) validator.add_pub_key_types(type);
  }
  if (from.app_version) to.mutable_version()->set_app(*from.app_version);
  if (from.vote_extensions_from_height)
    to.mutable_abci()->set_vote_extensions_enable_height(*from.vote_extensions_from_height);
}

void put(const ValidatorUpdate& from, wire::ValidatorUpdate& to) {
  if (from.key.type == KeyType::kEd25519)
    to.mutable_pub_key()->set_ed25519(text_of(from.key.bytes));
  else
    to.mutable_pub_key()->set_secp256k1(text_of(from.key.bytes));
  to.set_power(from.power);
}

void put(const Event& from, wire::Event& to) {
  to.set_type(from.type);
  for (const EventAttribute& attribute : from.attributes) {
    wire::EventAttribute& added = *to.add_attributes();
    added.set_key(attribute.key);
    added.set_value(attribute.value);
    added.set_index(attribute.index);
  }
}

// A transaction's result has the same fields in two messages.
template <class Message>
void put_result(const TxResult& from, Message& to) {
  to.set_code(from.code);
  to.set_data(text_of(from.data));
  to.set_log(from.log);
  to.set_info(from.info);
  to.set_gas_wanted(from.gas_wanted);
  to.set_gas_used(from.gas_used);
  for (const Event& event : from.events) put(event, *to.add_events());
  to.set_codespace(from.codespace);
}

void put(const ExceptionResponse& from, wire::Response& to) {
  to.mutable_exception()->set_error(from.error);
}
void put(const EchoResponse& from, wire::Response& to) {
  to.mutable_echo()->set_message(from.message);
}
void put(const FlushResponse&, wire::Response& to) { to.mutable_flush(); }
void put(const InfoResponse& from, wire::Response& response) {
  wire::ResponseInfo& to = *response.mutable_info();
  to.set_data(from.data);
  to.set_version(from.version);
  to.set_app_version(from.app_version);
  to.set_last_block_height(from.last_block_height);
  to.set_last_block_app_hash(text_of(from.last_block_app_hash));
}
void put(const InitChainResponse& from, wire::Response& response) {
  wire::ResponseInitChain& to = *response.mutable_init_chain();
  if (from.params) put(*from.params, *to.mutable_consensus_params());
  for (const ValidatorUpdate& update : from.validators) put(update, *to.add_validators());
  to.set_app_hash(text_of(from.app_hash));
}
void put(const QueryResponse& from, wire::Response& response) {
  wire::ResponseQuery& to = *response.mutable_query();
  to.set_code(from.code);
  to.set_log(from.log);
  to.set_info(from.info);
  to.set_index(from.index);
  to.set_key(text_of(from.key));
  to.set_value(text_of(from.value));
  for (const ProofOp& op : from.proof) {
    wire::ProofOp& added = *to.mutable_proof_ops()->add_ops();
    added.set_type(op.type);
    added.set_key(text_of(op.key));
    added.set_data(text_of(op.data));
  }
  to.set_height(from.height);
  to.set_codespace(from.codespace);
}
void put(const CheckTxResponse& from, wire::Response& to) {
  put_result(from, *to.mutable_check_tx());
}
void put(const CommitResponse& from, wire::Response& to) {
  to.mutable_commit()->set_retain_height(from.retain_height);
}
void put(const ListSnapshotsResponse& from, wire::Response& response) {
  wire::ResponseListSnapshots& to = *response.mutable_list_snapshots();
  for (const Snapshot& snapshot : from.snapshots) {
    wire::Snapshot& added = *to.add_snapshots();
    added.set_height(snapshot.height);
    added.set_format(snapshot.format);
    added.set_chunks(snapshot.chunks);
    added.set_hash(text_of(snapshot.hash));
    added.set_metadata(text_of(snapshot.metadata));
  }
}
void put(const OfferSnapshotResponse& from, wire::Response& to) {
  to.mutable_offer_snapshot()->set_result(
      static_cast<wire::ResponseOfferSnapshot::Result>(from.result));
}
void put(const LoadSnapshotChunkResponse& from, wire::Response& to) {
  to.mutable_load_snapshot_chunk()->set_chunk(text_of(from.chunk));
}
void put(const ApplySnapshotChunkResponse& from, wire::Response& response) {
  wire::ResponseApplySnapshotChunk& to = *response.mutable_apply_snapshot_chunk();
  to.set_result(static_cast<wire::ResponseApplySnapshotChunk::Result>(from.result));
  for (const std::uint32_t chunk : from.refetch_chunks) to.add_refetch_chunks(chunk);
  for (const std::string& sender : from.reject_senders) to.add_reject_senders(sender);
}
void put(const PrepareProposalResponse& from, wire::Response& response) {
  wire::ResponsePrepareProposal& to = *response.mutable_prepare_proposal();
  for (const Bytes& tx : from.txs) to.add_txs(text_of(tx));
}
void put(const ProcessProposalResponse& from, wire::Response& to) {
  to.mutable_process_proposal()->set_status(
      static_cast<wire::ResponseProcessProposal::ProposalStatus>(from.verdict));
}
void put(const ExtendVoteResponse& from, wire::Response& to) {
  to.mutable_extend_vote()->set_vote_extension(text_of(from.extension));
}
void put(const VerifyVoteExtensionResponse& from, wire::Response& to) {
  to.mutable_verify_vote_extension()->set_status(
      static_cast<wire::ResponseVerifyVoteExtension::VerifyStatus>(from.verdict));
}
void put(const FinalizeBlockResponse& from, wire::Response& response) {
  wire::ResponseFinalizeBlock& to = *response.mutable_finalize_block();
  for (const Event& event : from.events) put(event, *to.add_events());
  for (const TxResult& result : from.tx_results) put_result(result, *to.add_tx_results());
  for (const ValidatorUpdate& update : from.validator_updates)
    put(update, *to.add_validator_updates());
  if (from.param_updates) put(*from.param_updates, *to.mutable_consensus_param_updates());
  to.set_app_hash(text_of(from.app_hash));
}

}  // namespace

Status append_response(const Response& response, std::size_t message_bytes_max, Bytes& out) {
  wire::Response message;
  std::visit([&](const auto& from) { put(from, message); }, response);
  const std::size_t size = message.ByteSizeLong();
  const std::size_t limit =
      std::min<std::size_t>(message_bytes_max, std::numeric_limits<int>::max());
  if (size > limit)
    return {ErrorCode::kLimit, "an answer of " + std::to_string(size) +
                                   " bytes, where the limit is " + std::to_string(limit)};
  for (std::size_t rest = size; true; rest >>= 7) {
    out.push_back(static_cast<std::uint8_t>((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0)));
    if (rest <= 0x7f) break;
  }
  const std::size_t begin = out.size();
  out.resize(begin + size);
  ASSAY_ENSURES(message.SerializeToArray(out.data() + begin, static_cast<int>(size)));
  return {};
}

}  // namespace assay::abci

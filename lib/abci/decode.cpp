#include <limits>

#include "assay/abci/wire.hpp"
#include "wire.pb.h"

namespace assay::abci {

namespace {

Bytes bytes_of(const std::string& text) { return to_bytes(as_bytes(text)); }

template <class List>
std::vector<Bytes> list_of_bytes(const List& list) {
  std::vector<Bytes> all;
  all.reserve(static_cast<std::size_t>(list.size()));
  for (const std::string& item : list) all.push_back(bytes_of(item));
  return all;
}

// Turns messages into values. What no field may hold is noticed at the end: bad().
class Decoder {
 public:
  [[nodiscard]] bool bad() const noexcept { return m_bad; }

  EchoRequest from(const wire::RequestEcho& m) { return {m.message()}; }
  FlushRequest from(const wire::RequestFlush&) { return {}; }
  InfoRequest from(const wire::RequestInfo& m) {
    return {m.version(), m.block_version(), m.p2p_version(), m.abci_version()};
  }
  InitChainRequest from(const wire::RequestInitChain& m) {
    InitChainRequest request{from(m.time()),
                             m.chain_id(),
                             {},
                             all<ValidatorUpdate>(m.validators()),
                             bytes_of(m.app_state_bytes()),
                             m.initial_height()};
    if (m.has_consensus_params()) request.params = from(m.consensus_params());
    return request;
  }
  QueryRequest from(const wire::RequestQuery& m) {
    return {bytes_of(m.data()), m.path(), m.height(), m.prove()};
  }
  CheckTxRequest from(const wire::RequestCheckTx& m) {
    return {bytes_of(m.tx()), value<CheckTxType>(m.type(), wire::CheckTxType_MAX)};
  }
  CommitRequest from(const wire::RequestCommit&) { return {}; }
  ListSnapshotsRequest from(const wire::RequestListSnapshots&) { return {}; }
  OfferSnapshotRequest from(const wire::RequestOfferSnapshot& m) {
    return {from(m.snapshot()), bytes_of(m.app_hash())};
  }
  LoadSnapshotChunkRequest from(const wire::RequestLoadSnapshotChunk& m) {
    return {m.height(), m.format(), m.chunk()};
  }
  ApplySnapshotChunkRequest from(const wire::RequestApplySnapshotChunk& m) {
    return {m.index(), bytes_of(m.chunk()), m.sender()};
  }
  PrepareProposalRequest from(const wire::RequestPrepareProposal& m) {
    return {m.max_tx_bytes(),
            list_of_bytes(m.txs()),
            from(m.local_last_commit()),
            all<Misbehavior>(m.misbehavior()),
            m.height(),
            from(m.time()),
            bytes_of(m.next_validators_hash()),
            bytes_of(m.proposer_address())};
  }
  ProcessProposalRequest from(const wire::RequestProcessProposal& m) {
    return {block(m, m.proposed_last_commit())};
  }
  ExtendVoteRequest from(const wire::RequestExtendVote& m) {
    return {block(m, m.proposed_last_commit())};
  }
  FinalizeBlockRequest from(const wire::RequestFinalizeBlock& m) {
    return {block(m, m.decided_last_commit())};
  }
  VerifyVoteExtensionRequest from(const wire::RequestVerifyVoteExtension& m) {
    return {bytes_of(m.hash()), bytes_of(m.validator_address()), m.height(),
            bytes_of(m.vote_extension())};
  }

 private:
  template <class T, class List>
  std::vector<T> all(const List& list) {
    std::vector<T> values;
    values.reserve(static_cast<std::size_t>(list.size()));
    for (const auto& item : list) values.push_back(from(item));
    return values;
  }
  template <class Enum>
  Enum value(int number, int last) {
    m_bad |= number < 0 || number > last;
    return static_cast<Enum>(number);
  }
  template <class Message>
  Block block(const Message& m, const wire::CommitInfo& last_commit) {
    return {list_of_bytes(m.txs()),
            from(last_commit),
            all<Misbehavior>(m.misbehavior()),
            bytes_of(m.hash()),
            m.height(),
            from(m.time()),
            bytes_of(m.next_validators_hash()),
            bytes_of(m.proposer_address())};
  }

  Time from(const wire::Timestamp& m) {
    m_bad |= m.nanos() < 0 || m.nanos() > 999'999'999;
    return {m.seconds(), m.nanos()};
  }
  Duration from(const wire::Duration& m) { return {m.seconds(), m.nanos()}; }
  Snapshot from(const wire::Snapshot& m) {
    return {m.height(), m.format(), m.chunks(), bytes_of(m.hash()), bytes_of(m.metadata())};
  }
  ValidatorUpdate from(const wire::ValidatorUpdate& m) {
    const wire::PublicKey& key = m.pub_key();
    m_bad |= key.sum_case() == wire::PublicKey::SUM_NOT_SET;
    if (key.has_secp256k1()) return {{KeyType::kSecp256k1, bytes_of(key.secp256k1())}, m.power()};
    return {{KeyType::kEd25519, bytes_of(key.ed25519())}, m.power()};
  }
  Validator from(const wire::Validator& m) { return {bytes_of(m.address()), m.power()}; }
  Vote from(const wire::VoteInfo& m) {
    return {from(m.validator()), value<BlockIdFlag>(m.block_id_flag(), wire::BlockIDFlag_MAX)};
  }
  CommitInfo from(const wire::CommitInfo& m) { return {m.round(), all<Vote>(m.votes())}; }
  ExtendedVote from(const wire::ExtendedVoteInfo& m) {
    return {from(m.validator()), bytes_of(m.vote_extension()), bytes_of(m.extension_signature()),
            value<BlockIdFlag>(m.block_id_flag(), wire::BlockIDFlag_MAX)};
  }
  ExtendedCommitInfo from(const wire::ExtendedCommitInfo& m) {
    return {m.round(), all<ExtendedVote>(m.votes())};
  }
  Misbehavior from(const wire::Misbehavior& m) {
    return {value<MisbehaviorType>(m.type(), wire::MisbehaviorType_MAX), from(m.validator()),
            m.height(), from(m.time()), m.total_voting_power()};
  }
  ConsensusParams from(const wire::ConsensusParams& m) {
    ConsensusParams params;
    if (m.has_block()) params.block = {m.block().max_bytes(), m.block().max_gas()};
    if (m.has_evidence())
      params.evidence = {m.evidence().max_age_num_blocks(), from(m.evidence().max_age_duration()),
                         m.evidence().max_bytes()};
    if (m.has_validator())
      params.key_types.emplace(m.validator().pub_key_types().begin(),
                               m.validator().pub_key_types().end());
    if (m.has_version()) params.app_version = m.version().app();
    if (m.has_abci()) params.vote_extensions_from_height = m.abci().vote_extensions_enable_height();
    return params;
  }

  bool m_bad = false;
};

Result<Request> decode(Decoder& decoder, const wire::Request& message) {
  using Kind = wire::Request;
  switch (message.value_case()) {
    case Kind::kEcho: return Request(decoder.from(message.echo()));
    case Kind::kFlush: return Request(decoder.from(message.flush()));
    case Kind::kInfo: return Request(decoder.from(message.info()));
    case Kind::kInitChain: return Request(decoder.from(message.init_chain()));
    case Kind::kQuery: return Request(decoder.from(message.query()));
    case Kind::kCheckTx: return Request(decoder.from(message.check_tx()));
    case Kind::kCommit: return Request(decoder.from(message.commit()));
    case Kind::kListSnapshots: return Request(decoder.from(message.list_snapshots()));
    case Kind::kOfferSnapshot: return Request(decoder.from(message.offer_snapshot()));
    case Kind::kLoadSnapshotChunk: return Request(decoder.from(message.load_snapshot_chunk()));
    case Kind::kApplySnapshotChunk: return Request(decoder.from(message.apply_snapshot_chunk()));
    case Kind::kPrepareProposal: return Request(decoder.from(message.prepare_proposal()));
    case Kind::kProcessProposal: return Request(decoder.from(message.process_proposal()));
    case Kind::kExtendVote: return Request(decoder.from(message.extend_vote()));
    case Kind::kVerifyVoteExtension: return Request(decoder.from(message.verify_vote_extension()));
    case Kind::kFinalizeBlock: return Request(decoder.from(message.finalize_block()));
    case Kind::VALUE_NOT_SET: break;
  }
  return Error{ErrorCode::kUnsupported,
               "a request that ABCI 2.0 does not have: is the peer CometBFT v0.38?"};
}

}  // namespace

Result<Request> decode_request(ByteView bytes) {
  wire::Request message;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return Error{ErrorCode::kMalformed, "bytes that are no request: is the peer CometBFT v0.38?"};
  Decoder decoder;
  Result<Request> request = decode(decoder, message);
  if (decoder.bad())
    return Error{ErrorCode::kMalformed, "a request with a value that its field cannot have"};
  return request;
}

}  // namespace assay::abci

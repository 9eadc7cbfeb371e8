#include "assay/comet/wire.hpp"

#include "assay/comet/hash.hpp"
#include "internal/bounds.hpp"
#include "internal/messages.hpp"

namespace assay::comet {

using internal::ProtoReader;
using internal::ProtoWriter;

namespace {

Bytes header_message(const Header& h) {
  ProtoWriter w;
  w.message(1, internal::version_message(h));
  w.bytes(2, as_bytes(h.chain_id));
  w.number(3, h.height);
  w.message(4, internal::time_message(h.time));
  w.message(5, internal::block_id_message(h.last_block));
  w.bytes(6, h.last_commit_hash.view());
  w.bytes(7, h.data_hash.view());
  w.bytes(8, h.validators_hash.view());
  w.bytes(9, h.next_validators_hash.view());
  w.bytes(10, h.consensus_hash.view());
  w.bytes(11, h.app_hash);
  w.bytes(12, h.last_results_hash.view());
  w.bytes(13, h.evidence_hash.view());
  w.bytes(14, h.proposer);
  return w.take();
}

Bytes signature_message(const CommitSignature& s) {
  ProtoWriter w;
  w.number(1, static_cast<std::uint64_t>(s.flag));
  if (s.flag != VoteFlag::kAbsent) w.bytes(2, s.validator);
  w.message(3, internal::time_message(s.time));
  if (s.flag != VoteFlag::kAbsent) w.bytes(4, s.signature);
  return w.take();
}

Bytes commit_message(const Commit& commit) {
  ProtoWriter w;
  w.number(1, commit.height);
  w.number(2, std::int64_t{commit.round});
  w.message(3, internal::block_id_message(commit.block));
  for (const CommitSignature& s : commit.signatures) w.message(4, signature_message(s));
  return w.take();
}

Bytes validator_message(const Validator& validator) {
  ProtoWriter w;
  w.bytes(1, address_of(validator.key));
  w.message(2, internal::key_message(validator.key));
  w.number(3, validator.power);
  return w.take();
}

Bytes validators_message(const LightBlock& block) {
  ProtoWriter w;
  const Validator* proposer = nullptr;
  for (const Validator& validator : block.validators) {
    w.message(1, validator_message(validator));
    if (address_of(validator.key) == block.header.proposer) proposer = &validator;
  }
  if (proposer != nullptr) w.message(2, validator_message(*proposer));
  return w.take();
}

void read_version(ByteView bytes, Header& h, ProtoReader& outer) {
  ProtoReader r(bytes);
  h.block_version = r.number(1);
  h.app_version = r.number(2);
  if (!r.finish()) outer.fail();
}

Time read_time(ByteView bytes, ProtoReader& outer) {
  ProtoReader r(bytes);
  Time time;
  time.seconds = r.signed_number(1);
  const std::uint64_t nanos = r.number(2);
  time.nanos = nanos <= 999'999'999 ? static_cast<std::int32_t>(nanos) : -1;
  if (!r.finish()) outer.fail();
  return time;
}

std::optional<BlockId> read_block_id(ByteView bytes, ProtoReader& outer) {
  ProtoReader r(bytes);
  BlockId block;
  const ByteView hash = r.bytes(1);
  ProtoReader parts(r.message(2));
  if (hash.empty()) {
    if (!parts.finish() || !r.finish()) outer.fail();
    return std::nullopt;
  }
  const std::uint64_t count = parts.number(1);
  parts.array(2, block.parts_hash.bytes);
  block.parts = static_cast<std::uint32_t>(count);
  if (hash.size() != block.hash.bytes.size() || count != block.parts || !parts.finish() ||
      !r.finish()) {
    outer.fail();
    return std::nullopt;
  }
  std::memcpy(block.hash.bytes.data(), hash.data(), hash.size());
  return block;
}

Header read_header(ByteView bytes, ProtoReader& outer) {
  ProtoReader r(bytes);
  Header h;
  read_version(r.message(1), h, r);
  const ByteView chain = r.bytes(2);
  h.chain_id.assign(chain.begin(), chain.end());
  h.height = r.signed_number(3);
  h.time = read_time(r.message(4), r);
  h.last_block = read_block_id(r.message(5), r);
  r.array(6, h.last_commit_hash.bytes);
  r.array(7, h.data_hash.bytes);
  r.array(8, h.validators_hash.bytes);
  r.array(9, h.next_validators_hash.bytes);
  r.array(10, h.consensus_hash.bytes);
  h.app_hash = to_bytes(r.bytes(11));
  r.array(12, h.last_results_hash.bytes);
  r.array(13, h.evidence_hash.bytes);
  r.array(14, h.proposer);
  if (!r.finish()) outer.fail();
  return h;
}

CommitSignature read_signature(ByteView bytes, ProtoReader& outer) {
  ProtoReader r(bytes);
  CommitSignature s;
  const std::uint64_t flag = r.number(1);
  if (flag < 1 || flag > 3) r.fail();
  s.flag = static_cast<VoteFlag>(flag);
  if (s.flag != VoteFlag::kAbsent) r.array(2, s.validator);
  s.time = read_time(r.message(3), r);
  if (s.flag != VoteFlag::kAbsent) r.array(4, s.signature);
  if (!r.finish()) outer.fail();
  return s;
}

Commit read_commit(ByteView bytes, ProtoReader& outer) {
  ProtoReader r(bytes);
  Commit commit;
  commit.height = r.signed_number(1);
  const std::uint64_t round = r.number(2);
  commit.round = static_cast<std::int32_t>(round);
  const std::optional<BlockId> block = read_block_id(r.message(3), r);
  commit.block = block.value_or(BlockId{});
  while (r.has_message(4) && commit.signatures.size() < kMaxValidators)
    commit.signatures.push_back(read_signature(r.message(4), r));
  if (!r.finish() || !block || round > INT32_MAX) outer.fail();
  return commit;
}

Validator read_validator(ByteView bytes, ProtoReader& outer) {
  ProtoReader r(bytes);
  Validator validator;
  Address address{};
  r.array(1, address);
  ProtoReader key(r.message(2));
  key.array(1, validator.key.bytes);
  validator.power = r.signed_number(3);
  if (!r.finish() || !key.finish() || address_of(validator.key) != address) outer.fail();
  return validator;
}

ValidatorSet read_validators(ByteView bytes, const Address& proposer, ProtoReader& outer) {
  ProtoReader r(bytes);
  ValidatorSet validators;
  const Validator* named = nullptr;
  while (r.has_message(1) && validators.size() < kMaxValidators)
    validators.push_back(read_validator(r.message(1), r));
  const Validator second = read_validator(r.message(2), r);
  for (const Validator& validator : validators)
    if (validator == second) named = &validator;
  if (!r.finish() || named == nullptr || address_of(second.key) != proposer) outer.fail();
  return validators;
}

}  // namespace

Bytes encode(const LightBlock& block) {
  ProtoWriter signed_header;
  signed_header.message(1, header_message(block.header));
  signed_header.message(2, commit_message(block.commit));
  ProtoWriter w;
  w.message(1, signed_header.take());
  w.message(2, validators_message(block));
  return w.take();
}

Result<LightBlock> decode_light_block(ByteView bytes) {
  if (bytes.size() > kMaxLightBlockBytes)
    return {ErrorCode::kLimit, "a light block has at most " + std::to_string(kMaxLightBlockBytes) +
                                   " bytes, this one " + std::to_string(bytes.size())};
  ProtoReader r(bytes);
  ProtoReader signed_header(r.message(1));
  LightBlock block;
  block.header = read_header(signed_header.message(1), r);
  block.commit = read_commit(signed_header.message(2), r);
  block.validators = read_validators(r.message(2), block.header.proposer, r);
  if (!signed_header.finish() || !r.finish() || !internal::is_in_bounds(block))
    return {ErrorCode::kMalformed, "these bytes are no light block of CometBFT's"};
  return block;
}

}  // namespace assay::comet

#include "assay/comet/hash.hpp"

#include <algorithm>

#include "assay/commit/tree.hpp"
#include "assay/crypto/sha256.hpp"
#include "internal/messages.hpp"

namespace assay::comet {

namespace internal {

Bytes version_message(const Header& header) {
  ProtoWriter w;
  w.number(1, header.block_version);
  w.number(2, header.app_version);
  return w.take();
}

Bytes time_message(const Time& time) {
  ProtoWriter w;
  w.number(1, time.seconds);
  w.number(2, std::int64_t{time.nanos});
  return w.take();
}

// The part set's header is there even where there is no block.
Bytes block_id_message(const std::optional<BlockId>& block) {
  ProtoWriter parts;
  ProtoWriter w;
  if (block) {
    parts.number(1, std::uint64_t{block->parts});
    parts.bytes(2, block->parts_hash.view());
    w.bytes(1, block->hash.view());
  }
  w.message(2, parts.take());
  return w.take();
}

Bytes key_message(const Hash256& key) {
  ProtoWriter w;
  w.bytes(1, key.view());
  return w.take();
}

}  // namespace internal

using internal::ProtoWriter;

namespace {

constexpr std::uint64_t kPrecommit = 2;

// A leaf that holds one value stands in a message of that one field; an empty one is empty.
Bytes wrapped(ByteView value) {
  ProtoWriter w;
  w.bytes(1, value);
  return w.take();
}

Bytes wrapped(std::int64_t value) {
  ProtoWriter w;
  w.number(1, value);
  return w.take();
}

Hash256 root_of(std::span<const Bytes> leaves) {
  return commit::MerkleTree(commit::leaf_hashes(leaves)).root();
}

}  // namespace

Address address_of(const Hash256& key) {
  const Hash256 digest = crypto::sha256(key.view());
  Address address;
  std::memcpy(address.data(), digest.bytes.data(), address.size());
  return address;
}

void order(ValidatorSet& validators) {
  std::sort(validators.begin(), validators.end(), [](const Validator& a, const Validator& b) {
    return a.power != b.power ? a.power > b.power : address_of(a.key) < address_of(b.key);
  });
}

Hash256 hash_of(const Header& h) {
  const Bytes leaves[] = {internal::version_message(h),
                          wrapped(as_bytes(h.chain_id)),
                          wrapped(h.height),
                          internal::time_message(h.time),
                          internal::block_id_message(h.last_block),
                          wrapped(h.last_commit_hash.view()),
                          wrapped(h.data_hash.view()),
                          wrapped(h.validators_hash.view()),
                          wrapped(h.next_validators_hash.view()),
                          wrapped(h.consensus_hash.view()),
                          wrapped(h.app_hash),
                          wrapped(h.last_results_hash.view()),
                          wrapped(h.evidence_hash.view()),
                          wrapped(h.proposer)};
  return root_of(leaves);
}

Hash256 hash_of(const ValidatorSet& validators) {
  std::vector<Bytes> leaves;
  leaves.reserve(validators.size());
  for (const Validator& validator : validators) {
    ProtoWriter w;
    w.message(1, internal::key_message(validator.key));
    w.number(2, validator.power);
    leaves.push_back(w.take());
  }
  return root_of(leaves);
}

Bytes vote_sign_bytes(const std::string& chain_id, const Commit& commit, VoteFlag flag,
                      const Time& time) {
  ProtoWriter vote;
  vote.number(1, kPrecommit);
  vote.fixed64(2, commit.height);
  vote.fixed64(3, commit.round);
  if (flag == VoteFlag::kCommit) vote.message(4, internal::block_id_message(commit.block));
  vote.message(5, internal::time_message(time));
  vote.bytes(6, as_bytes(chain_id));
  ProtoWriter w;
  w.delimited(vote.take());
  return w.take();
}

}  // namespace assay::comet

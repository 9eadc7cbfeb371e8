#include "assay/comet/rpc.hpp"

#include "assay/comet/hash.hpp"
#include "assay/comet/verify.hpp"
#include "internal/bounds.hpp"
#include "internal/text.hpp"

namespace assay::comet {

using codec::JsonRef;

namespace {

Result<std::int64_t> read_number(const JsonRef& ref) {
  ASSAY_TRY(const std::string text, ref.string());
  if (const auto value = internal::number_from_text(text)) return *value;
  return ref.error(ErrorCode::kMalformed, "no number from 0 to 2^63 - 1 in decimal digits");
}

Result<Time> read_time(const JsonRef& ref) {
  ASSAY_TRY(const std::string text, ref.string());
  if (const auto time = internal::time_from_text(text)) return *time;
  return ref.error(ErrorCode::kMalformed, "no time in UTC as RFC 3339 has it");
}

template <std::size_t kBytes>
Status read_hex(const JsonRef& ref, std::array<std::uint8_t, kBytes>& out) {
  ASSAY_TRY(const Bytes bytes, ref.hex());
  if (bytes.size() != kBytes)
    return ref.error(ErrorCode::kMalformed, "not " + std::to_string(kBytes) + " bytes");
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return {};
}

template <std::size_t kBytes>
Status read_base64(const JsonRef& ref, std::array<std::uint8_t, kBytes>& out) {
  ASSAY_TRY(const std::string text, ref.string());
  const auto bytes = internal::bytes_from_base64(text);
  if (!bytes || bytes->size() != kBytes)
    return ref.error(ErrorCode::kMalformed, "not " + std::to_string(kBytes) + " bytes in base64");
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return {};
}

// None: the first block has none before it.
Result<std::optional<BlockId>> read_block_id(const JsonRef& ref) {
  ASSAY_TRY(const Bytes hash, ref["hash"].hex());
  ASSAY_TRY(const std::uint32_t parts, ref["parts"]["total"].u32());
  if (hash.empty() && parts == 0) return std::optional<BlockId>();
  BlockId block;
  block.parts = parts;
  ASSAY_TRY_STATUS(read_hex(ref["hash"], block.hash.bytes));
  ASSAY_TRY_STATUS(read_hex(ref["parts"]["hash"], block.parts_hash.bytes));
  return std::optional(block);
}

Result<Header> read_header(const JsonRef& ref) {
  Header h;
  ASSAY_TRY(const std::int64_t block_version, read_number(ref["version"]["block"]));
  h.block_version = static_cast<std::uint64_t>(block_version);
  if (ref["version"]["app"].exists()) {
    ASSAY_TRY(const std::int64_t app_version, read_number(ref["version"]["app"]));
    h.app_version = static_cast<std::uint64_t>(app_version);
  }
  ASSAY_TRY(h.chain_id, ref["chain_id"].string());
  ASSAY_TRY(h.height, read_number(ref["height"]));
  ASSAY_TRY(h.time, read_time(ref["time"]));
  ASSAY_TRY(h.last_block, read_block_id(ref["last_block_id"]));
  const std::pair<const char*, Hash256*> hashes[] = {
      {"last_commit_hash", &h.last_commit_hash}, {"data_hash", &h.data_hash},
      {"validators_hash", &h.validators_hash},   {"next_validators_hash", &h.next_validators_hash},
      {"consensus_hash", &h.consensus_hash},     {"last_results_hash", &h.last_results_hash},
      {"evidence_hash", &h.evidence_hash}};
  for (const auto& [name, hash] : hashes) ASSAY_TRY_STATUS(read_hex(ref[name], hash->bytes));
  ASSAY_TRY(h.app_hash, ref["app_hash"].hex());
  ASSAY_TRY_STATUS(read_hex(ref["proposer_address"], h.proposer));
  return h;
}

Result<CommitSignature> read_signature(const JsonRef& ref) {
  CommitSignature s;
  ASSAY_TRY(const std::uint32_t flag, ref["block_id_flag"].u32());
  if (flag < 1 || flag > 3) return ref.error(ErrorCode::kMalformed, "no block_id_flag of 1 to 3");
  s.flag = static_cast<VoteFlag>(flag);
  if (s.flag == VoteFlag::kAbsent) return s;
  ASSAY_TRY_STATUS(read_hex(ref["validator_address"], s.validator));
  ASSAY_TRY(s.time, read_time(ref["timestamp"]));
  ASSAY_TRY_STATUS(read_base64(ref["signature"], s.signature));
  return s;
}

Result<Commit> read_commit(const JsonRef& ref) {
  Commit commit;
  ASSAY_TRY(commit.height, read_number(ref["height"]));
  ASSAY_TRY(const std::uint32_t round, ref["round"].u32());
  if (round > INT32_MAX) return ref.error(ErrorCode::kMalformed, "no round below 2^31");
  commit.round = static_cast<std::int32_t>(round);
  ASSAY_TRY(const auto block, read_block_id(ref["block_id"]));
  if (!block) return ref.error(ErrorCode::kMalformed, "a commit for no block");
  commit.block = *block;
  ASSAY_TRY(const auto signatures, ref["signatures"].items());
  for (const JsonRef& each : signatures) {
    ASSAY_TRY(commit.signatures.emplace_back(), read_signature(each));
  }
  return commit;
}

Result<Validator> read_validator(const JsonRef& ref, const char* power) {
  ASSAY_TRY(const std::string type, ref["pub_key"]["type"].string());
  if (type != "tendermint/PubKeyEd25519")
    return ref.error(ErrorCode::kUnsupported, "a key of type " + type.substr(0, 64));
  Validator validator;
  ASSAY_TRY_STATUS(read_base64(ref["pub_key"]["value"], validator.key.bytes));
  ASSAY_TRY(validator.power, read_number(ref[power]));
  Address address{};
  ASSAY_TRY_STATUS(read_hex(ref["address"], address));
  if (address != address_of(validator.key))
    return ref.error(ErrorCode::kMalformed, "an address that is not its key's");
  return validator;
}

Result<std::size_t> read_total(const JsonRef& page) {
  ASSAY_TRY(const std::int64_t total, read_number(page["total"]));
  if (total < 1 || total > static_cast<std::int64_t>(kMaxValidators))
    return page.error(ErrorCode::kMalformed, "a total of no or too many validators");
  return static_cast<std::size_t>(total);
}

Result<ValidatorSet> read_validators(std::span<const codec::Json> pages, std::int64_t height) {
  ValidatorSet validators;
  std::size_t total = 0;
  for (const codec::Json& page : pages) {
    const JsonRef ref(page, "validators");
    ASSAY_TRY(total, read_total(ref));
    ASSAY_TRY(const std::int64_t of_height, read_number(ref["block_height"]));
    if (of_height != height)
      return ref.error(ErrorCode::kMalformed, "validators of another height than the commit's");
    ASSAY_TRY(const auto items, ref["validators"].items());
    for (const JsonRef& item : items) {
      ASSAY_TRY(validators.emplace_back(), read_validator(item, "voting_power"));
    }
  }
  if (validators.size() != total)
    return {ErrorCode::kMalformed,
            "validators: " + std::to_string(validators.size()) + " of " + std::to_string(total)};
  return validators;
}

Result<LightBlock> read_light_block(const codec::Json& commit, std::span<const codec::Json> pages) {
  const JsonRef signed_header = JsonRef(commit)["signed_header"];
  LightBlock block;
  ASSAY_TRY(block.header, read_header(signed_header["header"]));
  ASSAY_TRY(block.commit, read_commit(signed_header["commit"]));
  ASSAY_TRY(block.validators, read_validators(pages, block.header.height));
  if (!internal::is_in_bounds(block))
    return {ErrorCode::kMalformed, "a field is out of its bounds"};
  if (block.commit.signatures.size() != block.validators.size())
    return {ErrorCode::kMalformed, "not one signature a validator"};
  for (const Validator& validator : block.validators)
    if (address_of(validator.key) == block.header.proposer) {
      drop_unverifiable(block);
      return block;
    }
  return {ErrorCode::kMalformed, "the proposer is no validator"};
}

// The member `result` of an answer.
Result<codec::Json> fetch(const RpcGet& get, const std::string& path) {
  ASSAY_TRY(const Bytes body, get(path));
  const std::string_view text(reinterpret_cast<const char*>(body.data()), body.size());
  const auto answer = codec::parse_json(text, {.bytes_max = kMaxRpcAnswerBytes});
  if (!answer) return with_context(answer.error(), "CometBFT's answer to " + path);
  if (const codec::Json* const result = answer->find("result")) return *result;
  const JsonRef error = JsonRef(*answer)["error"];
  const auto data = error["data"].string();
  if (!data) return {ErrorCode::kMalformed, "CometBFT's answer to " + path + " is none"};
  return {ErrorCode::kNotFound, "CometBFT to " + path + ": " + data->substr(0, 200)};
}

Result<ValidatorSet> read_genesis(const JsonRef& file) {
  ASSAY_TRY(const auto items, file["validators"].items());
  if (items.empty()) return {ErrorCode::kNotFound, "the file names no validators"};
  ValidatorSet validators;
  for (const JsonRef& item : items) {
    ASSAY_TRY(validators.emplace_back(), read_validator(item, "power"));
  }
  order(validators);
  return validators;
}

Result<crypto::KeyPair> read_signing_key(const JsonRef& file) {
  ASSAY_TRY(const std::string type, file["priv_key"]["type"].string());
  if (type != "tendermint/PrivKeyEd25519")
    return file["priv_key"]["type"].error(ErrorCode::kUnsupported,
                                          "'" + type.substr(0, 64) + "' is no key of Ed25519's");
  std::array<std::uint8_t, 64> both{};  // the seed, then the public key
  ASSAY_TRY_STATUS(read_base64(file["priv_key"]["value"], both));
  crypto::KeyPair key{crypto::SecretKey(both.data())};
  if (!equal_bytes(key.public_key().view(), ByteView(both).subspan(32)))
    return {ErrorCode::kMalformed, "the secret and the public half are of two keys"};
  return key;
}

}  // namespace

Result<std::size_t> validator_pages(const codec::Json& first_page) {
  const auto total = read_total(JsonRef(first_page, "validators"));
  if (!total) return codec::malformed_file(total.error());
  return (*total + kValidatorsPerPage - 1) / kValidatorsPerPage;
}

Result<LightBlock> light_block_from_rpc(const codec::Json& commit,
                                        std::span<const codec::Json> validators) {
  auto block = read_light_block(commit, validators);
  if (!block) return codec::malformed_file(block.error());
  return block;
}

Result<LightBlock> fetch_light_block(const RpcGet& get, std::int64_t height) {
  const std::string at = "height=" + std::to_string(height);
  ASSAY_TRY(const codec::Json commit, fetch(get, "/commit?" + at));
  std::vector<codec::Json> pages;
  std::size_t count = 1;
  while (pages.size() < count) {
    const std::string page = std::to_string(pages.size() + 1);
    ASSAY_TRY(pages.emplace_back(),
              fetch(get, "/validators?" + at + "&per_page=" + std::to_string(kValidatorsPerPage) +
                             "&page=" + page));
    ASSAY_TRY(count, validator_pages(pages[0]));
  }
  ASSAY_TRY(LightBlock block, light_block_from_rpc(commit, pages));
  if (block.header.height != height)
    return {ErrorCode::kIntegrity,
            "CometBFT answers height " + std::to_string(block.header.height) + " to " + at};
  return block;
}

Result<ValidatorSet> validators_of_genesis(const codec::Json& file) {
  auto validators = read_genesis(JsonRef(file));
  const bool is_form = !validators && validators.error().code == ErrorCode::kInvalidArgument;
  if (is_form) return codec::malformed_file(validators.error());
  return validators;
}

Result<crypto::KeyPair> signing_key_of(const codec::Json& file) {
  auto key = read_signing_key(JsonRef(file));
  if (!key) return codec::malformed_file(key.error());
  return key;
}

}  // namespace assay::comet

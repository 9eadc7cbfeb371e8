#include "internal/keystore_file.hpp"

#include <algorithm>
#include <bit>

#include "assay/codec/json.hpp"
#include "assay/core/checked.hpp"
#include "assay/crypto/keystore.hpp"

namespace assay::crypto::internal {

using codec::Json;
using codec::JsonRef;

namespace {

constexpr std::size_t kSaltBytesMin = 8;
constexpr std::size_t kSaltBytesMax = 128;

// An object with these members and no other: in the modules a misspelt field must not pass for an
// absent one.
Status exactly(const JsonRef& object, std::initializer_list<std::string_view> names) {
  ASSAY_TRY(const Json* const value, object.value());
  const auto* members = value->get<Json::Object>();
  if (members == nullptr) return object.error(ErrorCode::kMalformed, "expected an object");
  for (const std::string_view name : names)
    if (!members->contains(name)) return object[name].error(ErrorCode::kMalformed, "missing");
  for (const auto& [name, member] : *members)
    if (std::find(names.begin(), names.end(), name) == names.end())
      return object.error(ErrorCode::kMalformed, "unknown field " + codec::json_quoted(name));
  return {};
}

Status expect(const JsonRef& field, std::string_view wanted, ErrorCode code) {
  ASSAY_TRY(const std::string got, field.string());
  if (got == wanted) return {};
  return field.error(code, "is " + codec::json_quoted(got) + ", not " + codec::json_quoted(wanted));
}

Result<Bytes> hex(const JsonRef& field, std::size_t bytes_min, std::size_t bytes_max) {
  ASSAY_TRY(Bytes bytes, field.hex());
  if (bytes.size() < bytes_min || bytes.size() > bytes_max)
    return field.error(ErrorCode::kMalformed, "has a wrong length");
  return bytes;
}

Status read_kdf(const JsonRef& kdf, KeystoreFile& file) {
  ASSAY_TRY_STATUS(exactly(kdf, {"function", "params", "message"}));
  ASSAY_TRY_STATUS(expect(kdf["message"], "", ErrorCode::kMalformed));
  ASSAY_TRY(const std::string function, kdf["function"].string());
  const JsonRef params = kdf["params"];
  if (function == "scrypt") {
    file.kdf = KeystoreFile::Kdf::kScrypt;
    ASSAY_TRY_STATUS(exactly(params, {"dklen", "n", "p", "r", "salt"}));
    ASSAY_TRY(file.n, params["n"].u64());
    ASSAY_TRY(file.p, params["p"].u64());
    ASSAY_TRY(file.r, params["r"].u64());
  } else if (function == "pbkdf2") {
    file.kdf = KeystoreFile::Kdf::kPbkdf2;
    ASSAY_TRY_STATUS(exactly(params, {"c", "dklen", "prf", "salt"}));
    ASSAY_TRY_STATUS(expect(params["prf"], "hmac-sha256", ErrorCode::kUnsupported));
    ASSAY_TRY(file.rounds, params["c"].u64());
  } else {
    return kdf["function"].error(ErrorCode::kUnsupported,
                                 "unknown function " + codec::json_quoted(function));
  }
  ASSAY_TRY(const std::uint64_t derived_bytes, params["dklen"].u64());
  if (derived_bytes != 32) return params["dklen"].error(ErrorCode::kUnsupported, "is not 32");
  ASSAY_TRY(file.salt, hex(params["salt"], kSaltBytesMin, kSaltBytesMax));
  return {};
}

Status read_crypto(const JsonRef& crypto, KeystoreFile& file) {
  ASSAY_TRY_STATUS(exactly(crypto, {"kdf", "checksum", "cipher"}));
  ASSAY_TRY_STATUS(read_kdf(crypto["kdf"], file));
  const JsonRef checksum = crypto["checksum"];
  ASSAY_TRY_STATUS(exactly(checksum, {"function", "params", "message"}));
  ASSAY_TRY_STATUS(expect(checksum["function"], "sha256", ErrorCode::kUnsupported));
  ASSAY_TRY_STATUS(exactly(checksum["params"], {}));
  ASSAY_TRY(file.checksum, checksum["message"].hash());
  const JsonRef cipher = crypto["cipher"];
  ASSAY_TRY_STATUS(exactly(cipher, {"function", "params", "message"}));
  ASSAY_TRY_STATUS(expect(cipher["function"], "aes-128-ctr", ErrorCode::kUnsupported));
  ASSAY_TRY_STATUS(exactly(cipher["params"], {"iv"}));
  ASSAY_TRY(file.iv, hex(cipher["params"]["iv"], 16, 16));
  ASSAY_TRY(file.ciphertext, hex(cipher["message"], 32, 32));
  return {};
}

// Beside the modules other tools add fields of their own ("name").
Result<KeystoreFile> read(const Json& document) {
  const JsonRef root(document);
  KeystoreFile file;
  ASSAY_TRY(const std::uint64_t version, root["version"].u64());
  if (version != 4) return root["version"].error(ErrorCode::kUnsupported, "is not 4");
  ASSAY_TRY_STATUS(read_crypto(root["crypto"], file));
  ASSAY_TRY(const std::string path, root["path"].string());
  ASSAY_TRY(file.uuid, root["uuid"].string());
  if (document.find("pubkey") != nullptr) {
    ASSAY_TRY(file.public_key_hex, root["pubkey"].string());
  }
  if (document.find("description") != nullptr) {
    ASSAY_TRY(file.description, root["description"].string());
  }
  return file;
}

}  // namespace

Result<KeystoreFile> parse_keystore(std::string_view json) {
  const Result<Json> document = codec::parse_json(json, {.bytes_max = kKeystoreBytesMax});
  if (!document) return with_context(document.error(), "key file");
  Result<KeystoreFile> file = read(*document);
  if (!file) return with_context(codec::malformed_file(file.error()), "key file");
  return file;
}

std::string print_keystore(const KeystoreFile& file) {
  const auto number = [](std::uint64_t n) { return std::to_string(n); };
  const std::string salt = to_hex(file.salt);
  const std::string kdf = file.kdf == KeystoreFile::Kdf::kScrypt
                              ? R"(      "function": "scrypt",
      "params": {"dklen": 32, "n": )" +
                                    number(file.n) + R"(, "p": )" + number(file.p) + R"(, "r": )" +
                                    number(file.r) + R"(, "salt": ")" + salt + R"("},)"
                              : R"(      "function": "pbkdf2",
      "params": {"c": )" + number(file.rounds) +
                                    R"(, "dklen": 32, "prf": "hmac-sha256", "salt": ")" + salt +
                                    R"("},)";
  return R"({
  "crypto": {
    "kdf": {
)" + kdf +
         R"(
      "message": ""
    },
    "checksum": {
      "function": "sha256",
      "params": {},
      "message": ")" +
         to_hex(file.checksum) + R"("
    },
    "cipher": {
      "function": "aes-128-ctr",
      "params": {"iv": ")" +
         to_hex(file.iv) + R"("},
      "message": ")" +
         to_hex(file.ciphertext) + R"("
    }
  },
  "description": )" +
         codec::json_quoted(file.description) + R"(,
  "pubkey": ")" +
         file.public_key_hex + R"(",
  "path": "",
  "uuid": ")" +
         file.uuid + R"(",
  "version": 4
}
)";
}

Status check_costs(const KeystoreFile& file) {
  if (file.kdf == KeystoreFile::Kdf::kPbkdf2) {
    if (file.rounds == 0) return {ErrorCode::kMalformed, "pbkdf2: c is 0"};
    if (file.rounds > kPbkdf2RoundsMax) return {ErrorCode::kLimit, "pbkdf2: c is over 2^24"};
    return {};
  }
  if (file.n < 2 || !std::has_single_bit(file.n) || file.r == 0 || file.p == 0)
    return {ErrorCode::kMalformed, "scrypt: n must be a power of two above 1, r and p above 0"};
  std::uint64_t block_bytes = 0, memory = 0, work = 0;
  if (!checked_mul<std::uint64_t>(file.r, 128, block_bytes) ||
      !checked_mul(file.n, block_bytes, memory) || memory > kScryptMemoryMax)
    return {ErrorCode::kLimit, "scrypt: n and r ask for more than 512 MiB"};
  if (!checked_mul(file.n * file.r, file.p, work) || work > kScryptWorkMax ||
      file.r * file.p > (std::uint64_t{1} << 20))
    return {ErrorCode::kLimit, "scrypt: n, r and p ask for too much work"};
  // RFC 7914: n < 2^(128 r / 8); OpenSSL refuses the rest.
  if (file.r < 4 && file.n >> (16 * file.r) != 0)
    return {ErrorCode::kMalformed, "scrypt: n is too large for r"};
  return {};
}

}  // namespace assay::crypto::internal

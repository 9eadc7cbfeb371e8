#include "internal/keystore_file.hpp"

#include <bit>

#include "assay/core/checked.hpp"
#include "assay/core/json_cursor.hpp"
#include "assay/crypto/keystore.hpp"

namespace assay::crypto::internal {

namespace {

constexpr std::size_t kSaltBytesMin = 8;
constexpr std::size_t kSaltBytesMax = 128;

// Reads the members of one object: those named are required, once each; others are an error in the
// modules, where a misspelt field must not pass for an absent one.
class Fields {
 public:
  Fields(JsonCursor& cursor, std::string where) : m_cursor(cursor), m_where(std::move(where)) {}

  void read(std::initializer_list<std::pair<const char*, std::function<void()>>> fields) {
    std::size_t found = 0;
    m_cursor.object([&](const std::string& key) {
      for (const auto& [name, body] : fields) {
        if (key != name) continue;
        ++found;
        return body();
      }
      fail(ErrorCode::kMalformed, "unknown field " + json_quoted(key));
    });
    if (found != fields.size()) fail(ErrorCode::kMalformed, "a field is missing");
  }

  // A string that must be `wanted`.
  void expect(const char* name, std::string_view wanted, ErrorCode code) {
    const std::string got = m_cursor.string();
    if (m_cursor.ok() && got != wanted)
      fail(code, std::string(name) + " is " + json_quoted(got) + ", not " + json_quoted(wanted));
  }

  [[nodiscard]] Bytes hex(const char* name, std::size_t bytes_min, std::size_t bytes_max) {
    const std::string text = m_cursor.string();
    if (!m_cursor.ok()) return {};
    Result<Bytes> bytes = from_hex(text);
    if (!bytes) {
      fail(ErrorCode::kMalformed, std::string(name) + ": " + bytes.error().message);
      return {};
    }
    if (bytes->size() < bytes_min || bytes->size() > bytes_max)
      fail(ErrorCode::kMalformed, std::string(name) + " has a wrong length");
    return std::move(*bytes);
  }

  void fail(ErrorCode code, const std::string& what) { m_cursor.fail(code, m_where + ": " + what); }

 private:
  JsonCursor& m_cursor;
  std::string m_where;
};

void read_kdf_params(JsonCursor& cursor, KeystoreFile& file, unsigned& seen) {
  Fields fields(cursor, "crypto.kdf.params");
  cursor.object([&](const std::string& key) {
    if (key == "dklen") {
      file.derived_bytes = cursor.u64();
      seen |= 1;
    } else if (key == "salt") {
      file.salt = fields.hex("salt", kSaltBytesMin, kSaltBytesMax);
      seen |= 2;
    } else if (key == "n") {
      file.n = cursor.u64();
      seen |= 4;
    } else if (key == "r") {
      file.r = cursor.u64();
      seen |= 8;
    } else if (key == "p") {
      file.p = cursor.u64();
      seen |= 16;
    } else if (key == "c") {
      file.rounds = cursor.u64();
      seen |= 32;
    } else if (key == "prf") {
      fields.expect("prf", "hmac-sha256", ErrorCode::kUnsupported);
      seen |= 64;
    } else {
      fields.fail(ErrorCode::kMalformed, "unknown field " + json_quoted(key));
    }
  });
}

void read_kdf(JsonCursor& cursor, KeystoreFile& file) {
  constexpr unsigned kScryptFields = 1 | 2 | 4 | 8 | 16;
  constexpr unsigned kPbkdf2Fields = 1 | 2 | 32 | 64;
  Fields fields(cursor, "crypto.kdf");
  std::string function;
  unsigned seen = 0;
  fields.read({{"function", [&] { function = cursor.string(); }},
               {"params", [&] { read_kdf_params(cursor, file, seen); }},
               {"message", [&] { fields.expect("message", "", ErrorCode::kMalformed); }}});
  if (!cursor.ok()) return;
  if (function != "scrypt" && function != "pbkdf2")
    return fields.fail(ErrorCode::kUnsupported, "unknown function " + json_quoted(function));
  file.kdf = function == "scrypt" ? KeystoreFile::Kdf::kScrypt : KeystoreFile::Kdf::kPbkdf2;
  if (seen != (file.kdf == KeystoreFile::Kdf::kScrypt ? kScryptFields : kPbkdf2Fields))
    fields.fail(ErrorCode::kMalformed, "params are not those of " + function);
}

void read_crypto(JsonCursor& cursor, KeystoreFile& file) {
  Fields crypto(cursor, "crypto");
  Fields checksum(cursor, "crypto.checksum");
  Fields cipher(cursor, "crypto.cipher");
  const auto read_checksum = [&] {
    checksum.read(
        {{"function", [&] { checksum.expect("function", "sha256", ErrorCode::kUnsupported); }},
         {"params", [&] { Fields(cursor, "crypto.checksum.params").read({}); }},
         {"message", [&] {
            const Bytes bytes = checksum.hex("message", 32, 32);
            if (bytes.size() == 32) std::memcpy(file.checksum.bytes.data(), bytes.data(), 32);
          }}});
  };
  const auto read_cipher = [&] {
    cipher.read(
        {{"function", [&] { cipher.expect("function", "aes-128-ctr", ErrorCode::kUnsupported); }},
         {"params",
          [&] {
            Fields params(cursor, "crypto.cipher.params");
            params.read({{"iv", [&] { file.iv = params.hex("iv", 16, 16); }}});
          }},
         {"message", [&] { file.ciphertext = cipher.hex("message", 32, 32); }}});
  };
  crypto.read({{"kdf", [&] { read_kdf(cursor, file); }},
               {"checksum", read_checksum},
               {"cipher", read_cipher}});
}

}  // namespace

Result<KeystoreFile> parse_keystore(std::string_view json) {
  if (json.size() > kKeystoreBytesMax) return {ErrorCode::kLimit, "a key file of more than 64 KiB"};
  JsonCursor cursor(json);
  KeystoreFile file;
  std::uint64_t version = 0;
  bool has_crypto = false, has_version = false, has_path = false, has_uuid = false;
  cursor.object([&](const std::string& key) {
    if (key == "crypto") {
      has_crypto = true;
      read_crypto(cursor, file);
    } else if (key == "version") {
      has_version = true;
      version = cursor.u64();
    } else if (key == "path") {
      has_path = true;
      static_cast<void>(cursor.string());
    } else if (key == "uuid") {
      has_uuid = true;
      file.uuid = cursor.string();
    } else if (key == "pubkey") {
      file.public_key_hex = cursor.string();
    } else if (key == "description") {
      file.description = cursor.string();
    } else {
      cursor.skip();  // other tools add fields of their own ("name")
    }
  });
  if (Status status = cursor.finish(); !status) return with_context(status.error(), "key file");
  if (!has_crypto || !has_version || !has_path || !has_uuid)
    return {ErrorCode::kMalformed, "key file: crypto, path, uuid and version are required"};
  if (version != 4) return {ErrorCode::kUnsupported, "key file: version is not 4"};
  if (file.derived_bytes != 32) return {ErrorCode::kUnsupported, "key file: dklen is not 32"};
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
         json_quoted(file.description) + R"(,
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

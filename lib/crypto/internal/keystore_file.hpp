// The fields of an ERC-2335 file, between text and cryptography. Private to crypto.
#pragma once

#include <string>
#include <string_view>

#include "assay/core/hex.hpp"

namespace assay::crypto::internal {

struct KeystoreFile {
  enum class Kdf { kScrypt, kPbkdf2 };
  Kdf kdf = Kdf::kScrypt;
  std::uint64_t n = 0, r = 0, p = 0;  // scrypt
  std::uint64_t rounds = 0;           // pbkdf2's c
  Bytes salt;
  Hash256 checksum;
  Bytes iv;          // 16 bytes
  Bytes ciphertext;  // 32 bytes
  std::string description;
  std::string public_key_hex;  // empty if the file names none
  std::string uuid;
};

[[nodiscard]] Result<KeystoreFile> parse_keystore(std::string_view json);
[[nodiscard]] std::string print_keystore(const KeystoreFile& file);
// The kdf's costs against the limits of keystore.hpp.
[[nodiscard]] Status check_costs(const KeystoreFile& file);

}  // namespace assay::crypto::internal

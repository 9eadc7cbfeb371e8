// Key files: an Ed25519 seed under a password, in the JSON shape of ERC-2335 version 4
// (docs/spec/crypto.md). Thread-safe. Who may read the file is `host`'s business.
#pragma once

#include <string>
#include <string_view>

#include "assay/core/faces.hpp"
#include "assay/crypto/ed25519.hpp"

namespace assay::crypto {

// What a key file may ask of us. A file is text that somebody gave us until its checksum holds.
inline constexpr std::size_t kKeystoreBytesMax = 64 * 1024;
inline constexpr std::size_t kPasswordBytesMax = 1024;
inline constexpr std::uint64_t kScryptMemoryMax = std::uint64_t{512} << 20;  // 128 * n * r bytes
inline constexpr std::uint64_t kScryptWorkMax = std::uint64_t{1} << 24;      // n * r * p
inline constexpr std::uint64_t kPbkdf2RoundsMax = std::uint64_t{1} << 24;

struct KeystoreOptions {
  std::uint64_t scrypt_n = 262'144;  // a power of two; the standard's cost: 256 MiB, about a second
  std::uint64_t scrypt_r = 8;
  std::uint64_t scrypt_p = 1;
  std::string description;
};

// The file's text. Errors: kInvalidArgument for a password that is empty or not UTF-8, or a
// description that is not UTF-8; kLimit for costs beyond the limits above.
[[nodiscard]] Result<std::string> encrypt_key(const SecretKey& seed, std::string_view password,
                                              const KeystoreOptions& options, Rng& rng);

// The key pair of a file of ours: what roles use. The file's `pubkey` must be there and must be the
// secret's Ed25519 key.
// Errors: kMalformed (not such a file), kUnsupported (another version, kdf or cipher), kLimit (asks
// for more than the limits), kIntegrity (wrong password, or the file was changed).
[[nodiscard]] Result<KeyPair> open_key(std::string_view json, std::string_view password);

// The secret of any ERC-2335 file, whatever kind of key its `pubkey` names; checked against it only
// if it is 32 bytes. The standard's own checksum does not cover the iv: where pubkey is absent or
// of another kind, a changed iv gives another secret. Errors: as open_key.
[[nodiscard]] Result<SecretKey> decrypt_key(std::string_view json, std::string_view password);

// The Ed25519 key that the file says it holds, without a password: to be believed only as far as
// the file itself is.
[[nodiscard]] Result<Hash256> keystore_public_key(std::string_view json);

// ERC-2335: NFKD, then C0, DEL and C1 stripped, as UTF-8. kInvalidArgument unless it is UTF-8 of at
// most kPasswordBytesMax bytes.
[[nodiscard]] Result<std::string> normalised_password(std::string_view password);

}  // namespace assay::crypto

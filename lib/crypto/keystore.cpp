#include "assay/crypto/keystore.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <utf8proc.h>

#include <cstdlib>

#include "assay/core/utf8.hpp"
#include "assay/crypto/sha256.hpp"
#include "internal/keystore_file.hpp"

namespace assay::crypto {

using internal::KeystoreFile;

namespace {

// The 32-byte key that the password gives; wiped.
struct DerivedKey {
  std::array<std::uint8_t, 32> bytes{};
  DerivedKey() = default;
  DerivedKey(const DerivedKey&) = delete;
  DerivedKey& operator=(const DerivedKey&) = delete;
  ~DerivedKey() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
  [[nodiscard]] ByteView second_half() const { return ByteView(bytes).subspan(16); }
};

struct Wiped {
  std::string& text;
  explicit Wiped(std::string& t) : text(t) {}
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() { OPENSSL_cleanse(text.data(), text.size()); }
};

Status derive(const KeystoreFile& file, std::string_view password, DerivedKey& out) {
  ASSAY_TRY_STATUS(internal::check_costs(file));
  ASSAY_TRY(std::string normal, normalised_password(password));
  const Wiped wiped(normal);
  const int done =
      file.kdf == KeystoreFile::Kdf::kScrypt
          ? EVP_PBE_scrypt(normal.data(), normal.size(), file.salt.data(), file.salt.size(), file.n,
                           file.r, file.p, 2 * kScryptMemoryMax, out.bytes.data(), out.bytes.size())
          : PKCS5_PBKDF2_HMAC(normal.data(), static_cast<int>(normal.size()), file.salt.data(),
                              static_cast<int>(file.salt.size()), static_cast<int>(file.rounds),
                              EVP_sha256(), static_cast<int>(out.bytes.size()), out.bytes.data());
  if (done != 1)
    return {ErrorCode::kInternal, "deriving the key from the password failed: too little memory?"};
  return {};
}

// AES-128 in counter mode, under the first half of the key; its own inverse.
void aes_128_ctr(const DerivedKey& key, ByteView iv, ByteView in, std::uint8_t* out) {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  int written = 0;
  const bool ok =
      context != nullptr &&
      EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), nullptr, key.bytes.data(), iv.data()) == 1 &&
      EVP_EncryptUpdate(context, out, &written, in.data(), static_cast<int>(in.size())) == 1;
  EVP_CIPHER_CTX_free(context);
  ASSAY_INVARIANT(ok && static_cast<std::size_t>(written) == in.size());
}

std::string random_uuid(Rng& rng) {
  Bytes raw(16);
  rng.fill(raw);
  raw[6] = static_cast<std::uint8_t>((raw[6] & 0x0f) | 0x40);
  raw[8] = static_cast<std::uint8_t>((raw[8] & 0x3f) | 0x80);
  std::string text = to_hex(raw);
  for (const std::size_t at : {20u, 16u, 12u, 8u}) text.insert(at, 1, '-');
  return text;
}

Result<SecretKey> decrypt(const KeystoreFile& file, std::string_view password) {
  DerivedKey key;
  ASSAY_TRY_STATUS(derive(file, password, key));
  const Hash256 checksum = sha256({key.second_half(), file.ciphertext});
  if (CRYPTO_memcmp(checksum.bytes.data(), file.checksum.bytes.data(), 32) != 0)
    return {ErrorCode::kIntegrity, "wrong password, or the key file was changed"};
  std::array<std::uint8_t, 32> secret;
  aes_128_ctr(key, file.iv, file.ciphertext, secret.data());
  SecretKey result(secret.data());
  OPENSSL_cleanse(secret.data(), secret.size());
  // The checksum covers neither the iv nor the secret: a changed iv gives another key, which only
  // the public key tells.
  const Result<Hash256> claimed = hash_from_hex(file.public_key_hex);
  if (claimed && KeyPair(result).public_key() != *claimed)
    return {ErrorCode::kIntegrity, "the key file was changed: its pubkey is not that of its key"};
  return result;
}

}  // namespace

Result<std::string> normalised_password(std::string_view password) {
  if (password.size() > kPasswordBytesMax)
    return {ErrorCode::kInvalidArgument, "the password is longer than 1024 bytes"};
  if (!is_utf8(password)) return {ErrorCode::kInvalidArgument, "the password is not UTF-8"};
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(
      as_bytes(password).data(), static_cast<utf8proc_ssize_t>(password.size()), &mapped,
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT));
  if (size < 0) return {ErrorCode::kInvalidArgument, "the password has no normal form"};
  std::string out;
  for (utf8proc_ssize_t i = 0; i < size; ++i) {
    const unsigned byte = mapped[i];
    if (byte < 0x20 || byte == 0x7f) continue;
    if (byte == 0xc2 && mapped[i + 1] < 0xa0) {  // U+0080 to U+009F
      ++i;
      continue;
    }
    out.push_back(static_cast<char>(byte));
  }
  OPENSSL_cleanse(mapped, static_cast<std::size_t>(size));
  std::free(mapped);
  return out;
}

Result<std::string> encrypt_key(const SecretKey& seed, std::string_view password,
                                const KeystoreOptions& options, Rng& rng) {
  if (!is_utf8(options.description) || options.description.size() > kKeystoreBytesMax / 8)
    return {ErrorCode::kInvalidArgument, "the description must be UTF-8 and at most 8 KiB"};
  ASSAY_TRY(std::string normal, normalised_password(password));
  const Wiped wiped(normal);
  if (normal.empty()) return {ErrorCode::kInvalidArgument, "the password is empty"};
  KeystoreFile file;
  file.n = options.scrypt_n;
  file.r = options.scrypt_r;
  file.p = options.scrypt_p;
  file.salt.resize(32);
  rng.fill(file.salt);
  file.iv.resize(16);
  rng.fill(file.iv);
  DerivedKey key;
  ASSAY_TRY_STATUS(derive(file, password, key));
  file.ciphertext.resize(32);
  aes_128_ctr(key, file.iv, seed.view(), file.ciphertext.data());
  file.checksum = sha256({key.second_half(), file.ciphertext});
  file.description = options.description;
  file.public_key_hex = to_hex(KeyPair(seed).public_key());
  file.uuid = random_uuid(rng);
  return internal::print_keystore(file);
}

Result<SecretKey> decrypt_key(std::string_view json, std::string_view password) {
  ASSAY_TRY(const KeystoreFile file, internal::parse_keystore(json));
  return decrypt(file, password);
}

Result<KeyPair> open_key(std::string_view json, std::string_view password) {
  ASSAY_TRY(const Hash256 claimed, keystore_public_key(json));
  ASSAY_TRY(const SecretKey seed, decrypt_key(json, password));
  KeyPair pair(seed);
  ASSAY_ENSURES(pair.public_key() == claimed);
  return pair;
}

Result<Hash256> keystore_public_key(std::string_view json) {
  ASSAY_TRY(const KeystoreFile file, internal::parse_keystore(json));
  Result<Hash256> key = hash_from_hex(file.public_key_hex);
  if (!key) return with_context(key.error(), "key file: pubkey is no Ed25519 key");
  return key;
}

}  // namespace assay::crypto

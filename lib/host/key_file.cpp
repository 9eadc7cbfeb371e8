#include "assay/host/key_file.hpp"

#include <strings.h>

#include <cstdlib>

#include "assay/host/read_file.hpp"

namespace assay::host {

namespace {

constexpr std::uint64_t kPasswordFileBytesMax =
    crypto::kPasswordBytesMax + 2;  // and its line's end

std::string text_of(const Bytes& bytes) { return std::string(bytes.begin(), bytes.end()); }

Result<std::string> read_key_text(const std::filesystem::path& path) {
  ASSAY_TRY(const Bytes bytes, read_secret_file(path, crypto::kKeystoreBytesMax));
  return text_of(bytes);
}

Result<std::string> usable(std::string password, const std::string& where) {
  if (password.ends_with('\n')) password.pop_back();
  if (password.ends_with('\r')) password.pop_back();
  if (password.find('\n') != std::string::npos)
    return {ErrorCode::kInvalidArgument,
            where + " has more than one line; leave only the password in it"};
  if (password.empty())
    return {ErrorCode::kInvalidArgument, where + " is empty; put the password into it"};
  return password;
}

}  // namespace

Result<Hash256> create_key_file(const std::filesystem::path& path, std::string_view password,
                                Rng& rng, const crypto::KeystoreOptions& options) {
  // Deriving takes a second; an obvious mistake should not. write_secret_file() decides.
  std::error_code ignored;
  if (std::filesystem::exists(std::filesystem::symlink_status(path, ignored)))
    return {ErrorCode::kAlreadyExists,
            path.string() + " is there already and a key is never overwritten; name another file"};
  Bytes random(32);
  rng.fill(random);
  const crypto::SecretKey seed(random.data());
  ::explicit_bzero(random.data(), random.size());
  const Result<std::string> text = crypto::encrypt_key(seed, password, options, rng);
  if (!text) return with_context(text.error(), "making key file " + path.string());
  ASSAY_TRY_STATUS(write_secret_file(path, as_bytes(*text)));
  return crypto::KeyPair(seed).public_key();
}

Result<crypto::KeyPair> open_key_file(const std::filesystem::path& path,
                                      std::string_view password) {
  ASSAY_TRY(const std::string text, read_key_text(path));
  Result<crypto::KeyPair> pair = crypto::open_key(text, password);
  if (!pair) return with_context(pair.error(), path.string());
  return pair;
}

Result<crypto::VrfKey> open_share_key_file(const std::filesystem::path& path,
                                           std::string_view password) {
  ASSAY_TRY(const std::string text, read_key_text(path));
  const Result<Hash256> named = crypto::keystore_public_key(text);
  if (!named) return with_context(named.error(), path.string());
  const Result<crypto::SecretKey> seed = crypto::decrypt_key(text, password);
  if (!seed) return with_context(seed.error(), path.string());
  if (crypto::KeyPair(*seed).public_key() != *named)
    return {ErrorCode::kIntegrity, path.string() + ": its secret is not that of its public key"};
  return crypto::VrfKey::from_seed(*seed);
}

Result<Hash256> key_file_public_key(const std::filesystem::path& path) {
  ASSAY_TRY(const std::string text, read_key_text(path));
  const Result<Hash256> key = crypto::keystore_public_key(text);
  if (!key) return with_context(key.error(), path.string());
  return key;
}

Result<std::string> read_password(const PasswordSource& source) {
  if (!source.file.empty()) {
    ASSAY_TRY(const Bytes bytes, read_secret_file(source.file, kPasswordFileBytesMax));
    return usable(text_of(bytes), "password file " + source.file.string());
  }
  const char* const value = std::getenv(source.environment.c_str());
  if (value == nullptr)
    return {ErrorCode::kInvalidArgument,
            "no password: write it into a file of mode 600 and name that file, or set " +
                source.environment};
  return usable(value, "the environment variable " + source.environment);
}

}  // namespace assay::host

// Key files on disk: crypto/keystore.hpp's text in a file that its owner alone can use, and the
// password that opens it. Every message names the file and says what to do. Thread-safe.
#pragma once

#include <filesystem>
#include <string>

#include "assay/crypto/keystore.hpp"
#include "assay/crypto/vrf.hpp"

namespace assay::host {

// Makes a new key and writes it, mode 0600, whole or not at all; gives its public key. The folder
// must be there. Errors: kAlreadyExists (a file is never overwritten), kInvalidArgument (an
// unusable password), kNotFound, kPermission, kNoSpace, kIo.
[[nodiscard]] Result<Hash256> create_key_file(const std::filesystem::path& path,
                                              std::string_view password, Rng& rng,
                                              const crypto::KeystoreOptions& options = {});

// Errors: kPermission (group or others may use the file, or it is another user's), kIntegrity
// (wrong password, or changed bytes), kMalformed, kUnsupported and kLimit (crypto::open_key),
// kNotFound, kIo.
[[nodiscard]] Result<crypto::KeyPair> open_key_file(const std::filesystem::path& path,
                                                    std::string_view password);

// The key of a validator's shares of the beacon: of the same file's secret. Errors: the same.
[[nodiscard]] Result<crypto::VrfKey> open_share_key_file(const std::filesystem::path& path,
                                                         std::string_view password);

// The public key that the file names: without the password, and to be believed only as far as the
// file. Errors: as open_key_file, but for the password.
[[nodiscard]] Result<Hash256> key_file_public_key(const std::filesystem::path& path);

struct PasswordSource {
  std::filesystem::path file;                  // a secret file of one line; empty: none
  std::string environment = "ASSAY_PASSWORD";  // the variable that is read if `file` is empty
};
// The password, without the end of its line. Errors: kInvalidArgument (neither is there, it is
// empty, or of more than one line), kPermission, kNotFound, kLimit, kIo.
[[nodiscard]] Result<std::string> read_password(const PasswordSource& source);

}  // namespace assay::host

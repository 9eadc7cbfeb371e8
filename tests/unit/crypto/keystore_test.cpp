// Vectors: the two of ERC-2335 ("Test Cases"): one secret under scrypt and under pbkdf2, at full
// cost.
#include "assay/crypto/keystore.hpp"

#include <gtest/gtest.h>

#include "assay/crypto/random.hpp"

namespace assay::crypto {
namespace {

// "testpassword" in mathematical fraktur, and a key.
constexpr std::string_view kPassword =
    "\U0001D531\U0001D522\U0001D530\U0001D531\U0001D52D\U0001D51E\U0001D530\U0001D530\U0001D534"
    "\U0001D52C\U0001D52F\U0001D521\U0001F511";
constexpr const char* kSecret = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";
constexpr const char* kScryptFile = R"({
    "crypto": {
        "kdf": {
            "function": "scrypt",
            "params": {
                "dklen": 32,
                "n": 262144,
                "p": 1,
                "r": 8,
                "salt": "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"
            },
            "message": ""
        },
        "checksum": {
            "function": "sha256",
            "params": {},
            "message": "d2217fe5f3e9a1e34581ef8a78f7c9928e436d36dacc5e846690a5581e8ea484"
        },
        "cipher": {
            "function": "aes-128-ctr",
            "params": {"iv": "264daa3f303d7259501c93d997d84fe6"},
            "message": "06ae90d55fe0a6e9c5c3bc5b170827b2e5cce3929ed3f116c2811e6366dfe20f"
        }
    },
    "description": "This is a test keystore that uses scrypt to secure the secret.",
    "pubkey": "9612d7a727c9d0a22e185a1c768478dfe919cada9266988cb32359c11f2b7b27f4ae4040902382ae2910c15e2b420d07",
    "path": "m/12381/60/3141592653/589793238",
    "uuid": "1d85ae20-35c5-4611-98e8-aa14a633906f",
    "version": 4
})";
constexpr const char* kPbkdf2File = R"({
    "crypto": {
        "kdf": {
            "function": "pbkdf2",
            "params": {
                "dklen": 32,
                "c": 262144,
                "prf": "hmac-sha256",
                "salt": "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"
            },
            "message": ""
        },
        "checksum": {
            "function": "sha256",
            "params": {},
            "message": "8a9f5d9912ed7e75ea794bc5a89bca5f193721d30868ade6f73043c6ea6febf1"
        },
        "cipher": {
            "function": "aes-128-ctr",
            "params": {"iv": "264daa3f303d7259501c93d997d84fe6"},
            "message": "cee03fde2af33149775b7223e7845e4fb2c8ae1792e5f99fe9ecf474cc8c16ad"
        }
    },
    "description": "This is a test keystore that uses PBKDF2 to secure the secret.",
    "pubkey": "9612d7a727c9d0a22e185a1c768478dfe919cada9266988cb32359c11f2b7b27f4ae4040902382ae2910c15e2b420d07",
    "path": "m/12381/60/0/0",
    "uuid": "64625def-3331-4eea-ab6f-782f3ed16a83",
    "version": 4
})";

std::string cheap_file(const SecretKey& seed, std::string_view password) {
  KeystoreOptions options;
  options.scrypt_n = 2;
  options.scrypt_r = 1;
  options.description = "a \"test\" key";
  SystemRng rng;
  return *encrypt_key(seed, password, options, rng);
}

std::string with(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

ErrorCode code_of(std::string_view json, std::string_view password) {
  const Result<SecretKey> result = decrypt_key(json, password);
  return result ? ErrorCode{} : result.error().code;
}

TEST(Keystore, OpensTheStandardsVectors) {
  EXPECT_EQ(to_hex(decrypt_key(kScryptFile, kPassword)->view()), kSecret);
  EXPECT_EQ(to_hex(decrypt_key(kPbkdf2File, kPassword)->view()), kSecret);
  EXPECT_EQ(code_of(kPbkdf2File, "testpassword"), ErrorCode::kIntegrity);
  // Their pubkey is a BLS key: none of ours.
  EXPECT_EQ(keystore_public_key(kPbkdf2File).error().code, ErrorCode::kMalformed);
}

TEST(Keystore, NormalisesPasswords) {
  EXPECT_EQ(to_hex(as_bytes(*normalised_password(kPassword))), "7465737470617373776f7264f09f9491");
  EXPECT_EQ(*normalised_password("a\x01 b\x7f\xc2\x80"
                                 "c\xc2\x9f\xc2\xa1\n"),
            "a bc\xc2\xa1");
  EXPECT_EQ(*normalised_password("\xc3\xa9"), "e\xcc\x81");  // e-acute decomposes
  EXPECT_EQ(*normalised_password("\xef\xac\x81\xe2\x91\xa0"),
            "fi1");  // a ligature, a circled digit
  EXPECT_EQ(normalised_password("\xff").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(normalised_password(std::string(1025, 'a')).error().code, ErrorCode::kInvalidArgument);
}

TEST(Keystore, GivesBackWhatItWasGiven) {
  const SecretKey seed(from_hex(kSecret)->data());
  const std::string file = cheap_file(seed, "correct horse");
  EXPECT_EQ(to_hex(decrypt_key(file, "correct horse")->view()), kSecret);
  const KeyPair pair = *open_key(file, "correct horse");
  EXPECT_EQ(pair.public_key(), KeyPair(seed).public_key());
  EXPECT_EQ(*keystore_public_key(file), pair.public_key());
  EXPECT_EQ(code_of(file, "correct hors"), ErrorCode::kIntegrity);
  EXPECT_NE(cheap_file(seed, "correct horse"), file);  // a fresh salt, iv and uuid
}

TEST(Keystore, RefusesToWriteWhatItWouldNotRead) {
  const SecretKey seed(from_hex(kSecret)->data());
  SystemRng rng;
  KeystoreOptions options;
  options.scrypt_n = 16;
  EXPECT_EQ(encrypt_key(seed, "", options, rng).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(encrypt_key(seed, "\x01\x7f", options, rng).error().code, ErrorCode::kInvalidArgument);
  options.scrypt_n = 17;
  EXPECT_EQ(encrypt_key(seed, "p", options, rng).error().code, ErrorCode::kMalformed);
  options.scrypt_n = std::uint64_t{1} << 40;
  EXPECT_EQ(encrypt_key(seed, "p", options, rng).error().code, ErrorCode::kLimit);
}

// ERC-2335's checksum covers the ciphertext and the password, not the iv.
TEST(KeystoreTamper, AChangedIvIsFoundByThePublicKey) {
  const SecretKey seed(from_hex(kSecret)->data());
  const std::string good = cheap_file(seed, "pw");
  const std::size_t iv = good.find("\"iv\": \"") + 7;
  std::string bad = good;
  bad[iv] = bad[iv] == '0' ? '1' : '0';
  EXPECT_EQ(code_of(bad, "pw"), ErrorCode::kIntegrity);
  // Nor can the public key be dropped along with it where a role opens the file.
  const std::string key = to_hex(*keystore_public_key(good));
  EXPECT_EQ(open_key(with(bad, key, ""), "pw").error().code, ErrorCode::kMalformed);
}

// A file's unprotected fields may change; then the key must be the same, and open_key() must notice
// another public key.
void expect_rejected_or_same(const std::string& file, const Hash256& public_key) {
  const Result<SecretKey> secret = decrypt_key(file, "pw");
  if (secret) {
    ASSERT_EQ(to_hex(secret->view()), kSecret) << file;
  } else {
    const ErrorCode code = secret.error().code;
    ASSERT_TRUE(code == ErrorCode::kMalformed || code == ErrorCode::kIntegrity ||
                code == ErrorCode::kUnsupported || code == ErrorCode::kLimit)
        << to_string(code) << "\n"
        << file;
  }
  const Result<KeyPair> pair = open_key(file, "pw");
  if (pair) {
    ASSERT_EQ(pair->public_key(), public_key) << file;
  }
}

// INV-CRY-004.
TEST(KeystoreTamper, EveryByteFlippedIsRejectedOrHarmless) {
  const SecretKey seed(from_hex(kSecret)->data());
  const Hash256 public_key = KeyPair(seed).public_key();
  const std::string good = cheap_file(seed, "pw");
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const unsigned flip : {1u, 2u, 4u, 8u, 16u, 32u, 64u, 128u, 255u}) {
      std::string bad = good;
      bad[i] = static_cast<char>(static_cast<unsigned char>(bad[i]) ^ flip);
      expect_rejected_or_same(bad, public_key);
    }
  }
}

TEST(KeystoreTamper, EveryCutIsRejectedAndEveryDropToo) {
  const SecretKey seed(from_hex(kSecret)->data());
  const Hash256 public_key = KeyPair(seed).public_key();
  const std::string good = cheap_file(seed, "pw");
  ASSERT_EQ(good.substr(good.size() - 2), "}\n");
  for (std::size_t n = 0; n + 1 < good.size(); ++n)
    ASSERT_EQ(code_of(good.substr(0, n), "pw"), ErrorCode::kMalformed) << n;
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    expect_rejected_or_same(bad.erase(i, 1), public_key);
    expect_rejected_or_same(std::string(good).insert(i, 1, good[i]), public_key);
  }
}

TEST(KeystoreTamper, NothingBesideTheOneObject) {
  const std::string good = cheap_file(SecretKey(from_hex(kSecret)->data()), "pw");
  ASSERT_EQ(code_of(good, "pw"), ErrorCode{});
  for (const std::string& bad :
       {good + "x", good + "{}", good + std::string(1, '\0'), good + std::string("\0 more", 6),
        "\xef\xbb\xbf" + good, "[" + good + "]", with(good, "scrypt", std::string("scr\0pt", 6)),
        with(good, "\"version\": 4", "\"version\": 4, \"version\": 4"),
        with(good, "\"version\": 4", "\"version\": 4.0"),
        with(good, "\"params\": {}", "\"params\": {\"a\": 1}"),
        with(good, "\"path\": \"\"", "\"path\": null"), with(good, "\"path\": \"\",", "")})
    EXPECT_EQ(code_of(bad, "pw"), ErrorCode::kMalformed) << bad;
  const Error wrong = decrypt_key(with(good, "\"n\": 2", "\"n\": \"2\""), "pw").error();
  EXPECT_EQ(wrong.message,
            "key file: crypto.kdf.params.n: expected an unsigned integer, found a string");
}

TEST(KeystoreTamper, NamesWhatIsWrong) {
  const SecretKey seed(from_hex(kSecret)->data());
  const std::string good = cheap_file(seed, "pw");
  const auto code = [&](std::string_view from, std::string_view to) {
    return code_of(with(good, from, to), "pw");
  };
  EXPECT_EQ(code("\"version\": 4", "\"version\": 3"), ErrorCode::kUnsupported);
  EXPECT_EQ(code("scrypt", "argon2"), ErrorCode::kUnsupported);
  EXPECT_EQ(code("aes-128-ctr", "aes-256-ctr"), ErrorCode::kUnsupported);
  EXPECT_EQ(code("\"sha256\"", "\"sha512\""), ErrorCode::kUnsupported);
  EXPECT_EQ(code("\"dklen\": 32", "\"dklen\": 64"), ErrorCode::kUnsupported);
  EXPECT_EQ(code("\"n\": 2,", "\"n\": 3,"), ErrorCode::kMalformed);
  EXPECT_EQ(code("\"n\": 2,", "\"n\": 4,"), ErrorCode::kIntegrity);
  EXPECT_EQ(code("\"n\": 2,", "\"n\": 131072,"), ErrorCode::kMalformed);  // too large for r = 1
  EXPECT_EQ(code("\"n\": 2,", "\"n\": 9223372036854775808,"), ErrorCode::kLimit);
  EXPECT_EQ(code("\"r\": 1,", "\"r\": 18446744073709551615,"), ErrorCode::kLimit);
  EXPECT_EQ(code("\"r\": 1,", "\"r\": 4000000,"), ErrorCode::kLimit);
  EXPECT_EQ(code("\"p\": 1,", "\"p\": 18446744073709551615,"), ErrorCode::kLimit);
  EXPECT_EQ(code("\"p\": 1,", "\"p\": 0,"), ErrorCode::kMalformed);
  EXPECT_EQ(code("\"p\": 1,", "\"p\": 1, \"p\": 1,"), ErrorCode::kMalformed);
  EXPECT_EQ(code("\"p\": 1,", "\"p\": 1, \"q\": 1,"), ErrorCode::kMalformed);
  EXPECT_EQ(code("\"p\": 1, ", ""), ErrorCode::kMalformed);
  EXPECT_EQ(code_of(std::string(kKeystoreBytesMax + 1, ' '), "pw"), ErrorCode::kLimit);
  EXPECT_EQ(code_of(with(kPbkdf2File, "\"c\": 262144", "\"c\": 99999999999"), "pw"),
            ErrorCode::kLimit);
  const std::string other_pubkey =
      with(good, to_hex(*keystore_public_key(good)), std::string(64, '1'));
  EXPECT_EQ(open_key(other_pubkey, "pw").error().code, ErrorCode::kIntegrity);
}

}  // namespace
}  // namespace assay::crypto

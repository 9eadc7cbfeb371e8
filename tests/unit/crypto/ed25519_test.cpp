// Vectors: RFC 8032 section 7.1, tests 1, 2, 3 and SHA(abc).
#include "assay/crypto/ed25519.hpp"

#include <gtest/gtest.h>

#include "assay/crypto/random.hpp"

namespace assay::crypto {
namespace {

struct Vector {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

const Vector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
     "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"},
};

KeyPair key_of(const char* seed) { return KeyPair(SecretKey(from_hex(seed)->data())); }

TEST(Ed25519, SignsAsTheRfcDoes) {
  for (const Vector& v : kVectors) {
    const KeyPair key = key_of(v.seed);
    const Bytes message = *from_hex(v.message);
    EXPECT_EQ(to_hex(key.public_key()), v.public_key);
    const Signature signature = key.sign(message);
    EXPECT_EQ(to_hex(signature), v.signature);
    const VerifyFunction verify = ed25519_verify;
    EXPECT_TRUE(verify(key.public_key(), message, signature.data()));
  }
}

TEST(Ed25519, RejectsEveryFlippedBit) {
  const KeyPair key = key_of(kVectors[1].seed);
  Bytes message = {1, 2, 3};
  Signature signature = key.sign(message);
  for (std::size_t bit = 0; bit < 64 * 8; ++bit) {
    signature[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    EXPECT_FALSE(ed25519_verify(key.public_key(), message, signature.data())) << bit;
    signature[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
  }
  Hash256 other = key.public_key();
  for (std::size_t bit = 0; bit < 32 * 8; ++bit) {
    other.bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    EXPECT_FALSE(ed25519_verify(other, message, signature.data())) << bit;
    other.bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
  }
  message[0] ^= 1;
  EXPECT_FALSE(ed25519_verify(key.public_key(), message, signature.data()));
}

// Many enough that some rows of a thread's ready keys overflow.
TEST(Ed25519, VerifiesUnderManyKeysInTurns) {
  struct Signed {
    Hash256 public_key;
    Signature signature{};
  };
  const Bytes message = {1, 2, 3};
  std::vector<Signed> all;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    std::array<std::uint8_t, 32> seed{};
    store_le(seed.data(), i + 1);
    const KeyPair key(SecretKey(seed.data()));
    all.push_back({key.public_key(), key.sign(message)});
  }
  for (unsigned round = 0; round < 2; ++round)
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Signature& others = all[(i + 1) % all.size()].signature;
      EXPECT_FALSE(ed25519_verify(all[i].public_key, message, others.data())) << i;
      EXPECT_TRUE(ed25519_verify(all[i].public_key, message, all[i].signature.data())) << i;
    }
}

// INV-CRY-002.
TEST(Ed25519, RejectsASecondFormOfS) {
  // S + L verifies under the plain equation; RFC 8032 demands S < L.
  const Bytes order = *from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  const KeyPair key = key_of(kVectors[2].seed);
  const Bytes message = {9};
  Signature signature = key.sign(message);
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += signature[32 + i] + unsigned{order[i]};
    signature[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  EXPECT_FALSE(ed25519_verify(key.public_key(), message, signature.data()));
}

// INV-CRY-003.
TEST(Ed25519, RejectsKeysOfSmallOrderAndSecondEncodings) {
  // Under the neutral element as key, R = S*B verifies for any message: S = 0, R = neutral.
  Hash256 neutral;
  neutral.bytes[0] = 1;
  Signature forged{};
  forged[0] = 1;
  EXPECT_FALSE(ed25519_verify(neutral, {}, forged.data()));
  for (const char* text : {"0000000000000000000000000000000000000000000000000000000000000080",
                           "0100000000000000000000000000000000000000000000000000000000000080",
                           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                           "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                           "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
                           "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"})
    EXPECT_FALSE(is_acceptable_public_key(*hash_from_hex(text))) << text;
  EXPECT_TRUE(is_acceptable_public_key(*hash_from_hex(kVectors[0].public_key)));
  EXPECT_TRUE(is_acceptable_public_key(
      *hash_from_hex("ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")));
}

// A memo changes no answer: what is true stays true, what is false false, also of another key,
// message or signature than the one that was seen.
TEST(SignatureMemo, ChangesNoAnswer) {
  std::vector<KeyPair> keys;
  for (std::uint8_t i = 1; i <= 3; ++i) {
    const std::array<std::uint8_t, 32> seed{i};
    keys.emplace_back(SecretKey(seed.data()));
  }
  const Bytes messages[] = {{}, {1}, {1, 2}, Bytes(100, 7)};
  std::vector<Signature> plain;
  for (const KeyPair& key : keys)
    for (const Bytes& message : messages) plain.push_back(key.sign(message));
  const SignatureMemo memo;
  for (int round = 0; round < 2; ++round) {
    std::size_t at = 0;
    for (std::size_t k = 0; k < keys.size(); ++k)
      for (const Bytes& message : messages) {
        const Signature signature = keys[k].sign(message);
        EXPECT_EQ(signature, plain[at++]);
        for (std::size_t other = 0; other < keys.size(); ++other)
          for (const Bytes& said : messages)
            EXPECT_EQ(ed25519_verify(keys[other].public_key(), said, signature.data()),
                      other == k && said == message);
        Signature flipped = signature;
        flipped[static_cast<std::size_t>(round) * 32] ^= 1;
        EXPECT_FALSE(ed25519_verify(keys[k].public_key(), message, flipped.data()));
      }
  }
}

TEST(SecretKey, IsEmptyOnceMovedFrom) {
  const Bytes seed(32, 7);
  SecretKey first(seed.data());
  SecretKey second(std::move(first));
  EXPECT_EQ(to_hex(first.view()), std::string(64, '0'));  // NOLINT: that is the point
  EXPECT_EQ(to_bytes(second.view()), seed);
  first = std::move(second);
  EXPECT_EQ(to_bytes(first.view()), seed);
}

TEST(SystemRng, FillsAndDiffers) {
  SystemRng rng;
  Bytes a(40), b(40);
  rng.fill(a);
  rng.fill(b);
  rng.fill({});
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace assay::crypto

// Vectors: RFC 9381, appendix B.1, examples 10 to 12.
#include "assay/crypto/vrf.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace assay::crypto {
namespace {

struct Vector {
  const char* scalar;
  const char* public_key;
  const char* input;
  const char* proof;
  const char* output;
};

const Vector kVectors[] = {
    {"c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
     "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6", "sample",
     "035b5c726e8c0e2c488a107c600578ee75cb702343c153cb1eb8dec77f4b5071b4"
     "a53f0a46f018bc2c56e58d383f2305e0"
     "975972c26feea0eb122fe7893c15af376b33edf7de17c6ea056d4d82de6bc02f",
     "a3ad7b0ef73d8fc6655053ea22f9bede8c743f08bbed3d38821f0e16474b505e"},
    {"c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
     "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6", "test",
     "034dac60aba508ba0c01aa9be80377ebd7562c4a52d74722e0abae7dc3080ddb56"
     "c19e067b15a8a8174905b13617804534"
     "214f935b94c2287f797e393eb0816969d864f37625b443f30f1a5a33f2b3c854",
     "a284f94ceec2ff4b3794629da7cbafa49121972671b466cab4ce170aa365f26d"},
    {"2ca1411a41b17b24cc8c3b089cfd033f1920202a6c0de8abb97df1498d50d2c8",
     "03596375e6ce57e0f20294fc46bdfcfd19a39f8161b58695b3ec5b3d16427c274d",
     "Example using ECDSA key from Appendix L.4.2 of ANSI.X9-62-2005",
     "03d03398bf53aa23831d7d1b2937e005fb0062cbefa06796579f2a1fc7e7b8c667"
     "d091c00b0f5c3619d10ecea44363b5a5"
     "99cadc5b2957e223fec62e81f7b4825fc799a771a3d7334b9186bdbee87316b1",
     "90871e06da5caa39a3c61578ebb844de8635e27ac0b13e829997d0d95dd98c19"},
};

constexpr char kOrder[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
constexpr char kPrime[] = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";

Result<VrfKey> key_of(const char* scalar) {
  return VrfKey::from_scalar(SecretKey(from_hex(scalar)->data()));
}
VrfKey some_key(std::uint8_t n) {
  std::array<std::uint8_t, 32> seed{n};
  return VrfKey::from_seed(SecretKey(seed.data()));
}
VrfProof proof_of(const Vector& v) { return *array_from_hex<81>(v.proof); }
VrfPublicKey public_key_of(const Vector& v) { return *array_from_hex<33>(v.public_key); }

TEST(Vrf, ProvesAndVerifiesAsTheRfcDoes) {
  for (const Vector& v : kVectors) {
    const VrfKey key = key_of(v.scalar).value();
    EXPECT_EQ(to_hex(key.public_key()), v.public_key);
    const VrfProof proof = key.prove(as_bytes(v.input));
    EXPECT_EQ(to_hex(proof), v.proof);
    const auto output = vrf_verify(public_key_of(v), as_bytes(v.input), proof_of(v));
    ASSERT_TRUE(output);
    EXPECT_EQ(to_hex(*output), v.output);
  }
}

TEST(Vrf, RejectsEveryFlippedBit) {
  const Vector& v = kVectors[0];
  VrfProof proof = proof_of(v);
  for (std::size_t bit = 0; bit < proof.size() * 8; ++bit) {
    proof[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    EXPECT_FALSE(vrf_verify(public_key_of(v), as_bytes(v.input), proof)) << bit;
    proof[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
  }
  VrfPublicKey key = public_key_of(v);
  for (std::size_t bit = 0; bit < key.size() * 8; ++bit) {
    key[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    EXPECT_FALSE(vrf_verify(key, as_bytes(v.input), proof)) << bit;
    key[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
  }
  EXPECT_FALSE(vrf_verify(key, as_bytes("Sample"), proof));
  EXPECT_FALSE(vrf_verify(key, as_bytes("sample "), proof));
  EXPECT_FALSE(vrf_verify(public_key_of(kVectors[2]), as_bytes(v.input), proof));
  EXPECT_TRUE(vrf_verify(key, as_bytes(v.input), proof));
}

// INV-CRY-005
TEST(Vrf, NothingHasASecondEncoding) {
  const Vector& v = kVectors[0];
  // s + q, where it fits: the same response, and no proof.
  Bytes order = *from_hex(kOrder);
  for (std::uint8_t n = 0; n < 64; ++n) {
    VrfProof proof = some_key(n).prove(as_bytes("x"));
    unsigned carry = 0;
    for (int i = 31; i >= 0; --i) {
      carry +=
          unsigned{proof[static_cast<std::size_t>(49 + i)]} + order[static_cast<std::size_t>(i)];
      proof[static_cast<std::size_t>(49 + i)] = static_cast<std::uint8_t>(carry);
      carry >>= 8;
    }
    EXPECT_FALSE(vrf_verify(some_key(n).public_key(), as_bytes("x"), proof));
  }
  // The order itself as a response; an x of the field's prime and more; other marks of a point.
  VrfProof proof = proof_of(v);
  std::copy(order.begin(), order.end(), proof.begin() + 49);
  EXPECT_FALSE(vrf_verify(public_key_of(v), as_bytes(v.input), proof));
  for (const std::uint8_t mark : std::array<std::uint8_t, 7>{0, 1, 4, 5, 6, 7, 0xff}) {
    VrfPublicKey key = public_key_of(v);
    key[0] = mark;
    EXPECT_FALSE(is_acceptable_vrf_key(key)) << int{mark};
    proof = proof_of(v);
    proof[0] = mark;
    EXPECT_FALSE(vrf_verify(public_key_of(v), as_bytes(v.input), proof)) << int{mark};
  }
  const Bytes prime = *from_hex(kPrime);
  for (unsigned above = 0; above < 16; ++above) {
    VrfPublicKey key{2};
    std::copy(prime.begin(), prime.end(), key.begin() + 1);
    // p ends in bytes of ones: p + n is p - 1 with what carries over.
    for (unsigned i = 0, carry = above; i < 32; ++i, carry >>= 8) {
      carry += key[32 - i];
      key[32 - i] = static_cast<std::uint8_t>(carry);
    }
    EXPECT_FALSE(is_acceptable_vrf_key(key)) << above;
  }
  EXPECT_FALSE(is_acceptable_vrf_key({}));
  VrfPublicKey neutral{};
  EXPECT_FALSE(vrf_verify(neutral, as_bytes(v.input), proof_of(v)));
  EXPECT_FALSE(vrf_verify(public_key_of(v), as_bytes(v.input), {}));
}

TEST(Vrf, AScalarIsInRange) {
  EXPECT_TRUE(key_of("0000000000000000000000000000000000000000000000000000000000000001"));
  EXPECT_TRUE(key_of("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"));
  for (const char* scalar :
       {"0000000000000000000000000000000000000000000000000000000000000000", kOrder,
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}) {
    const auto key = key_of(scalar);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(Vrf, KeysOfSeedsAreDistinctAndProofsHoldUnderTheirs) {
  std::set<VrfPublicKey> keys;
  std::set<Hash256> outputs;
  for (std::uint8_t n = 0; n < 32; ++n) {
    const VrfKey key = some_key(n);
    EXPECT_TRUE(is_acceptable_vrf_key(key.public_key()));
    EXPECT_TRUE(keys.insert(key.public_key()).second);
    const VrfProof proof = key.prove(as_bytes("input"));
    const auto output = vrf_verify(key.public_key(), as_bytes("input"), proof);
    ASSERT_TRUE(output);
    EXPECT_TRUE(outputs.insert(*output).second);
    EXPECT_FALSE(vrf_verify(some_key(n + 1).public_key(), as_bytes("input"), proof));
  }
  EXPECT_EQ(some_key(7).public_key(), some_key(7).public_key());
  // Not the scalar itself: a key file's secret signs, too.
  std::array<std::uint8_t, 32> seed{7};
  EXPECT_NE(some_key(7).public_key(), VrfKey::from_scalar(SecretKey(seed.data()))->public_key());
}

}  // namespace
}  // namespace assay::crypto

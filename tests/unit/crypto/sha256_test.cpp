// Vectors: FIPS 180-4 examples and NIST's "SHA-256 additional" (empty message, one million 'a').
#include "assay/crypto/sha256.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <sys/mman.h>

#include <random>

#include "assay/core/hex.hpp"

namespace assay::crypto {
namespace {

class EveryKind : public testing::TestWithParam<Sha256Kind> {
 protected:
  void SetUp() override {
    m_before = active_sha256_kind();
    if (!is_supported(GetParam())) GTEST_SKIP() << "this processor has no " << name_of(GetParam());
    force_sha256_kind(GetParam());
  }
  void TearDown() override { force_sha256_kind(m_before); }

 private:
  Sha256Kind m_before{};
};

Bytes random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 engine(seed);
  Bytes bytes(size);
  for (auto& b : bytes) b = static_cast<std::uint8_t>(engine());
  return bytes;
}

Hash256 reference(std::initializer_list<ByteView> parts) {
  return sha256_of(sha256_portable, parts);
}

Hash256 by_openssl(ByteView message) {
  Hash256 digest;
  unsigned length = 0;
  EXPECT_EQ(EVP_Digest(message.data(), message.size(), digest.bytes.data(), &length, EVP_sha256(),
                       nullptr),
            1);
  EXPECT_EQ(length, 32u);
  return digest;
}

TEST_P(EveryKind, GivesThePublishedDigests) {
  const auto digest = [](std::string_view text) { return to_hex(sha256(as_bytes(text))); };
  EXPECT_EQ(digest(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(digest("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                   "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  EXPECT_EQ(digest(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// INV-CRY-001.
TEST_P(EveryKind, EqualsTheReferenceAtEveryLengthAndSplit) {
  const Bytes all = random_bytes(600, 1);
  for (std::size_t size = 0; size <= 300; ++size) {
    const ByteView message = ByteView(all).first(size);
    const Hash256 expected = reference({message});
    EXPECT_EQ(sha256(message), expected);
    const std::size_t cut = size * 7 % (size + 1);
    EXPECT_EQ(sha256({message.first(cut), {}, message.subspan(cut)}), expected);
    Sha256 incremental(sha256_blocks());
    for (std::size_t at = 0; at < size;) {
      const std::size_t n = std::min(size - at, 1 + (at * 13 + size) % 130);
      incremental.update(message.subspan(at, n));
      at += n;
    }
    EXPECT_EQ(incremental.finish(), expected);
  }
}

TEST_P(EveryKind, HashesLeavesAsTheReferenceDoes) {
  const Bytes all = random_bytes(40'000, 2);
  for (const std::size_t leaf : {1u, 32u, 54u, 55u, 62u, 63u, 64u, 118u, 119u, 127u, 128u, 1024u}) {
    for (const std::size_t leaves : {0u, 1u, 3u, 4u, 5u, 8u, 9u, 15u, 16u, 17u, 29u, 33u}) {
      for (const std::size_t cut : {std::size_t{0}, leaf / 2, leaf - 1}) {
        if (leaves * leaf < cut) continue;
        const ByteView data = ByteView(all).subspan(1, leaves * leaf - cut);
        const std::size_t count = leaf_count(data.size(), leaf);
        std::vector<Hash256> out(count + 1);
        sha256_many_prefixed(0x00, data, leaf, out.data());
        for (std::size_t i = 0; i < count; ++i) {
          const std::uint8_t prefix = 0x00;
          const ByteView chunk = data.subspan(i * leaf, std::min(leaf, data.size() - i * leaf));
          ASSERT_EQ(out[i], reference({{&prefix, 1}, chunk})) << leaf << " x " << leaves;
        }
        ASSERT_EQ(out[count], Hash256{}) << "wrote past its end";
      }
    }
  }
}

// Every length, number of messages (so, of lanes in use) and alignment, against OpenSSL.
TEST_P(EveryKind, HashesAnyNumberOfMessagesOfAnyLength) {
  const Bytes all = random_bytes(41 * 210, 7);
  for (std::size_t size = 1; size <= 200; ++size) {
    for (std::size_t count = 1; count <= 36; count += size % 64 < 2 ? 1 : 1 + size % 7) {
      const std::size_t start = (size + 5 * count) % 65;
      const ByteView data = ByteView(all).subspan(start, size * count);
      const auto prefix = static_cast<std::uint8_t>(size + count);
      std::vector<Hash256> out(count + 1);
      sha256_many_prefixed(prefix, data, size, out.data());
      for (std::size_t i = 0; i < count; ++i) {
        Bytes message{prefix};
        message.insert(message.end(), data.begin() + static_cast<std::ptrdiff_t>(i * size),
                       data.begin() + static_cast<std::ptrdiff_t>((i + 1) * size));
        ASSERT_EQ(out[i], by_openssl(message))
            << size << " bytes, message " << i << " of " << count;
      }
      ASSERT_EQ(out[count], Hash256{}) << "wrote past its end";
    }
  }
}

// A batch's last message ends where readable memory does, and the first starts there.
TEST_P(EveryKind, ReadsNothingBesideTheMessages) {
  constexpr std::size_t kPage = 4096, kPages = 6;
  std::uint8_t* const mapped = static_cast<std::uint8_t*>(
      mmap(nullptr, (kPages + 2) * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(mapped, MAP_FAILED);
  std::uint8_t* const first = mapped + kPage;
  ASSERT_EQ(mprotect(first, kPages * kPage, PROT_READ | PROT_WRITE), 0);
  const Bytes bytes = random_bytes(kPages * kPage, 11);
  std::copy(bytes.begin(), bytes.end(), first);
  for (const std::size_t size : {1u, 2u, 15u, 16u, 47u, 62u, 63u, 64u, 65u, 127u, 128u, 1024u}) {
    for (const std::size_t count : {1u, 2u, 4u, 9u, 16u, 20u}) {
      const std::size_t total = size * count;
      for (const std::size_t start : {std::size_t{0}, kPages * kPage - total}) {
        std::vector<Hash256> out(count);
        sha256_many_prefixed(1, {first + start, total}, size, out.data());
        const std::uint8_t prefix = 1;
        for (std::size_t i = 0; i < count; ++i)
          ASSERT_EQ(out[i], reference({{&prefix, 1}, {first + start + i * size, size}}));
      }
    }
  }
  munmap(mapped, (kPages + 2) * kPage);
}

TEST_P(EveryKind, FoldsPairsInPlaceOrNot) {
  for (std::size_t pairs = 0; pairs <= 40; ++pairs) {
    const Bytes raw = random_bytes(pairs * 64, 3 + static_cast<unsigned>(pairs));
    std::vector<Hash256> nodes(2 * pairs + 1);
    for (std::size_t i = 0; i < 2 * pairs; ++i)
      std::copy_n(raw.begin() + static_cast<std::ptrdiff_t>(32 * i), 32, nodes[i].bytes.begin());
    std::vector<Hash256> out(pairs);
    sha256_pairs(0x01, nodes.data(), pairs, out.data());
    const std::uint8_t prefix = 0x01;
    for (std::size_t i = 0; i < pairs; ++i)
      EXPECT_EQ(out[i], reference({{&prefix, 1}, nodes[2 * i].view(), nodes[2 * i + 1].view()}));
    sha256_pairs(0x01, nodes.data(), pairs, nodes.data());
    nodes.resize(pairs);
    EXPECT_EQ(nodes, out);
  }
}

std::string test_name(const testing::TestParamInfo<Sha256Kind>& kind) {
  constexpr const char* kNames[] = {"Portable", "Openssl", "ShaNi", "ShaNiAvx512"};
  return kNames[static_cast<std::size_t>(kind.param)];
}

INSTANTIATE_TEST_SUITE_P(Sha256, EveryKind,
                         testing::Values(Sha256Kind::kPortable, Sha256Kind::kOpenssl,
                                         Sha256Kind::kShaNi, Sha256Kind::kShaNiAvx512),
                         test_name);

}  // namespace
}  // namespace assay::crypto

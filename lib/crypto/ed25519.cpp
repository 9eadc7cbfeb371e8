#include "assay/crypto/ed25519.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <map>
#include <vector>

#include "assay/core/contract.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::crypto {

namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;
using PublicKey = std::unique_ptr<EVP_PKEY, FreeKey>;

// The y coordinates of the eight points of small order: 0 (order 4), 1 (the neutral element), -1
// (order 2) and the two of order 8; the sign bit of x is cleared before comparing.
constexpr std::array<std::array<std::uint8_t, 32>, 5> kSmallOrderY = {{
    {},
    {1},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
}};

}  // namespace

struct SignatureMemo::Known {
  std::map<Hash256, Signature> signed_by;  // by public key and message
  std::map<Hash256, bool> verified;        // by those and the signature

  static Hash256 key_of(const Hash256& public_key, ByteView message, ByteView signature = {}) {
    return sha256({public_key.view(), sha256(message).view(), signature});
  }
};

namespace {
thread_local SignatureMemo* memo = nullptr;
}  // namespace

SignatureMemo::SignatureMemo() : m_known(std::make_unique<Known>()) {
  ASSAY_EXPECTS(memo == nullptr);
  memo = this;
}
SignatureMemo::~SignatureMemo() { memo = nullptr; }

SecretKey::SecretKey(const std::uint8_t* bytes32) { std::copy_n(bytes32, 32, m_bytes.begin()); }
SecretKey::SecretKey(SecretKey&& other) noexcept : m_bytes(other.m_bytes) {
  OPENSSL_cleanse(other.m_bytes.data(), other.m_bytes.size());
}
SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
  if (this != &other) {
    m_bytes = other.m_bytes;
    OPENSSL_cleanse(other.m_bytes.data(), other.m_bytes.size());
  }
  return *this;
}
SecretKey::~SecretKey() { OPENSSL_cleanse(m_bytes.data(), m_bytes.size()); }

// OpenSSL clears the private half when it frees it.
struct KeyPair::Key {
  EVP_PKEY* key;
  explicit Key(EVP_PKEY* k) : key(k) {}
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  ~Key() { EVP_PKEY_free(key); }
};

KeyPair::KeyPair(const SecretKey& seed)
    : m_key(std::make_unique<Key>(
          EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.view().data(), 32))) {
  ASSAY_INVARIANT(m_key->key != nullptr);
  std::size_t size = m_public_key.bytes.size();
  const int got = EVP_PKEY_get_raw_public_key(m_key->key, m_public_key.bytes.data(), &size);
  ASSAY_INVARIANT(got == 1 && size == m_public_key.bytes.size());
}
KeyPair::KeyPair(KeyPair&&) noexcept = default;
KeyPair& KeyPair::operator=(KeyPair&&) noexcept = default;
KeyPair::~KeyPair() = default;

Signature KeyPair::sign(ByteView message) const {
  ASSAY_EXPECTS(m_key != nullptr);
  Hash256 known_as;
  if (memo != nullptr) {
    known_as = SignatureMemo::Known::key_of(m_public_key, message);
    const auto known = memo->m_known->signed_by.find(known_as);
    if (known != memo->m_known->signed_by.end()) return known->second;
  }
  const Context context(EVP_MD_CTX_new());
  Signature signature{};
  std::size_t size = signature.size();
  const bool ok =
      context != nullptr &&
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, m_key->key) == 1 &&
      EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) == 1;
  ASSAY_INVARIANT(ok && size == signature.size());
  if (memo != nullptr) {
    SignatureMemo::Known& known = *memo->m_known;
    known.signed_by.emplace(known_as, signature);
    known.verified.emplace(SignatureMemo::Known::key_of(m_public_key, message, signature), true);
  }
  return signature;
}

bool is_acceptable_public_key(const Hash256& public_key) {
  std::array<std::uint8_t, 32> y = public_key.bytes;
  y[31] &= 0x7f;
  const bool all_ones = y[31] == 0x7f && std::all_of(y.begin() + 1, y.begin() + 31,
                                                     [](std::uint8_t b) { return b == 0xff; });
  if (all_ones && y[0] >= 0xed) return false;  // y >= 2^255 - 19
  return std::find(kSmallOrderY.begin(), kSmallOrderY.end(), y) == kSmallOrderY.end();
}

namespace {

// Keys ready to verify with. To make one takes some 4 % of a verification, and a sender's
// signatures seldom come alone. A key has one row, by its own bytes, where the last one used stands
// first; so strangers' keys cost no more memory, and no more time than they would without.
class ReadyKeys {
 public:
  [[nodiscard]] bool verify(const Hash256& public_key, ByteView message,
                            const std::uint8_t* signature64) {
    EVP_MD_CTX* const context = context_of(public_key);
    return EVP_DigestVerify(context, signature64, 64, message.data(), message.size()) == 1;
  }

 private:
  struct Ready {
    Hash256 public_key;
    Context context;  // holds the key; some 1 KiB
  };
  using Row = std::array<Ready, 4>;
  static constexpr std::size_t kRows = 1024;

  // Initialised for a verification.
  EVP_MD_CTX* context_of(const Hash256& public_key) {
    Row& row = m_rows[load_le<std::uint16_t>(public_key.bytes.data()) % kRows];
    const auto found = std::find_if(row.begin(), row.end(), [&](const Ready& ready) {
      return ready.context && ready.public_key == public_key;
    });
    const bool known = found != row.end();
    std::rotate(row.begin(), known ? found : row.end() - 1, known ? found + 1 : row.end());
    Ready& ready = row.front();
    if (!known ||
        EVP_DigestVerifyInit(ready.context.get(), nullptr, nullptr, nullptr, nullptr) != 1)
      ready = make_ready(public_key);
    return ready.context.get();
  }

  static Ready make_ready(const Hash256& public_key) {
    const PublicKey key(EVP_PKEY_new_raw_public_key(
        EVP_PKEY_ED25519, nullptr, public_key.bytes.data(), public_key.bytes.size()));
    Ready ready{public_key, Context(EVP_MD_CTX_new())};
    ASSAY_INVARIANT(key != nullptr && ready.context != nullptr);
    const int init =
        EVP_DigestVerifyInit(ready.context.get(), nullptr, nullptr, nullptr, key.get());
    ASSAY_INVARIANT(init == 1);
    return ready;
  }

  std::vector<Row> m_rows{kRows};
};

bool verify_now(const Hash256& public_key, ByteView message, const std::uint8_t* signature64) {
  thread_local ReadyKeys keys;
  return keys.verify(public_key, message, signature64);
}

}  // namespace

bool ed25519_verify(const Hash256& public_key, ByteView message, const std::uint8_t* signature64) {
  if (!is_acceptable_public_key(public_key)) return false;
  if (memo != nullptr) {
    const auto [known, is_new] = memo->m_known->verified.try_emplace(
        SignatureMemo::Known::key_of(public_key, message, ByteView(signature64, 64)));
    if (is_new) known->second = verify_now(public_key, message, signature64);
    return known->second;
  }
  return verify_now(public_key, message, signature64);
}

}  // namespace assay::crypto

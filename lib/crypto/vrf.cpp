#include "assay/crypto/vrf.hpp"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/obj_mac.h>

#include <algorithm>
#include <initializer_list>

#include "assay/core/contract.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::crypto {

namespace {

constexpr std::size_t kPointBytes = 33;
constexpr std::size_t kChallengeBytes = 16;
constexpr std::size_t kScalarBytes = 32;

// What stands before the parts of each hash: the suite and what it is for; and one byte after them.
constexpr std::uint8_t kSuite = 0x01;
constexpr std::uint8_t kToCurve = 0x01;
constexpr std::uint8_t kToChallenge = 0x02;
constexpr std::uint8_t kToOutput = 0x03;
constexpr std::uint8_t kBack[] = {0x00};

struct FreeNumber {
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
};
struct FreePoint {
  void operator()(EC_POINT* point) const { EC_POINT_clear_free(point); }
};
struct FreeScratch {
  void operator()(BN_CTX* scratch) const { BN_CTX_free(scratch); }
};
struct FreeGroup {
  void operator()(EC_GROUP* group) const { EC_GROUP_free(group); }
};
using Number = std::unique_ptr<BIGNUM, FreeNumber>;
using Point = std::unique_ptr<EC_POINT, FreePoint>;

// Without memory there is nothing to go on with.
void must(bool done) { ASSAY_INVARIANT(done); }
template <class T>
T must_have(T made) {
  ASSAY_INVARIANT(made != nullptr);
  return made;
}

// P-256 and room to compute in; one a thread.
class Curve {
 public:
  static const Curve& get() {
    thread_local const Curve curve;
    return curve;
  }

  [[nodiscard]] const BIGNUM* order() const { return EC_GROUP_get0_order(m_group.get()); }

  // None unless it is a point's one encoding of 33 bytes.
  [[nodiscard]] Point decode(ByteView bytes) const {
    if (bytes.size() != kPointBytes || (bytes[0] != 2 && bytes[0] != 3)) return nullptr;
    Point point = empty_point();
    if (EC_POINT_oct2point(m_group.get(), point.get(), bytes.data(), bytes.size(),
                           m_scratch.get()) != 1)
      return nullptr;
    return point;
  }
  [[nodiscard]] std::array<std::uint8_t, kPointBytes> encode(const Point& point) const {
    std::array<std::uint8_t, kPointBytes> bytes{};
    must(EC_POINT_point2oct(m_group.get(), point.get(), POINT_CONVERSION_COMPRESSED, bytes.data(),
                            bytes.size(), m_scratch.get()) == bytes.size());
    return bytes;
  }
  [[nodiscard]] bool is_neutral(const Point& point) const {
    return EC_POINT_is_at_infinity(m_group.get(), point.get()) == 1;
  }

  // a B + b P; a term whose factor is null is none.
  [[nodiscard]] Point sum(const BIGNUM* a, const BIGNUM* b, const EC_POINT* p) const {
    Point point = empty_point();
    must(EC_POINT_mul(m_group.get(), point.get(), a, p, b, m_scratch.get()) == 1);
    return point;
  }
  // a P - b Q.
  [[nodiscard]] Point difference(const BIGNUM* a, const Point& p, const BIGNUM* b,
                                 const Point& q) const {
    Point left = sum(nullptr, a, p.get());
    const Point right = sum(nullptr, b, q.get());
    must(EC_POINT_invert(m_group.get(), right.get(), m_scratch.get()) == 1);
    must(EC_POINT_add(m_group.get(), left.get(), left.get(), right.get(), m_scratch.get()) == 1);
    return left;
  }
  // -n modulo the order, n being below it.
  [[nodiscard]] Number negated(const Number& n) const {
    Number negative = number();
    must(BN_mod_sub(negative.get(), number().get(), n.get(), order(), m_scratch.get()) == 1);
    return negative;
  }
  // k + c x modulo the order.
  [[nodiscard]] Number response(const Number& k, const Number& c, const BIGNUM* x) const {
    Number s = number();
    must(BN_mod_mul(s.get(), c.get(), x, order(), m_scratch.get()) == 1);
    must(BN_mod_add(s.get(), s.get(), k.get(), order(), m_scratch.get()) == 1);
    return s;
  }
  [[nodiscard]] bool is_scalar(const Number& n) const {
    return BN_is_zero(n.get()) == 0 && BN_cmp(n.get(), order()) < 0;
  }
  void reduce(Number& n) const { must(BN_nnmod(n.get(), n.get(), order(), m_scratch.get()) == 1); }

  static Number number() { return Number(must_have(BN_new())); }
  static Number number(ByteView bytes) {
    Number made = number();
    must(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), made.get()) != nullptr);
    return made;
  }

 private:
  Curve()
      : m_group(must_have(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1))),
        m_scratch(must_have(BN_CTX_new())) {}
  [[nodiscard]] Point empty_point() const { return Point(must_have(EC_POINT_new(m_group.get()))); }

  std::unique_ptr<EC_GROUP, FreeGroup> m_group;
  std::unique_ptr<BN_CTX, FreeScratch> m_scratch;
};

std::array<std::uint8_t, kScalarBytes> scalar_bytes(const BIGNUM* n) {
  std::array<std::uint8_t, kScalarBytes> bytes{};
  must(BN_bn2binpad(n, bytes.data(), kScalarBytes) == static_cast<int>(kScalarBytes));
  return bytes;
}

// RFC 9381, 5.4.1.1: salted with the public key. The chance that no n works is 2^-256.
Point hash_to_curve(ByteView public_key, ByteView input) {
  const std::uint8_t front[] = {kSuite, kToCurve};
  for (unsigned n = 0; n < 256; ++n) {
    const std::uint8_t counter[] = {static_cast<std::uint8_t>(n)};
    const Hash256 h = sha256({front, public_key, input, counter, kBack});
    std::array<std::uint8_t, kPointBytes> even{2};
    std::copy(h.bytes.begin(), h.bytes.end(), even.begin() + 1);
    if (Point point = Curve::get().decode(even)) return point;
  }
  return nullptr;
}

// 5.4.3.
Number challenge_of(std::initializer_list<const Point*> points) {
  const Curve& curve = Curve::get();
  Bytes text{kSuite, kToChallenge};
  for (const Point* point : points) {
    // A neutral element is one byte (SEC 1); only a lie leads to it.
    if (curve.is_neutral(*point)) {
      text.push_back(0);
      continue;
    }
    const auto bytes = curve.encode(*point);
    text.insert(text.end(), bytes.begin(), bytes.end());
  }
  text.push_back(kBack[0]);
  return Curve::number(sha256(text).view().first(kChallengeBytes));
}

Hash256 hmac(const Hash256& key, std::initializer_list<ByteView> parts) {
  Bytes text;
  for (const ByteView part : parts) text.insert(text.end(), part.begin(), part.end());
  Hash256 mac;
  unsigned size = 0;
  must(HMAC(EVP_sha256(), key.bytes.data(), static_cast<int>(key.bytes.size()), text.data(),
            text.size(), mac.bytes.data(), &size) != nullptr &&
       size == mac.bytes.size());
  OPENSSL_cleanse(text.data(), text.size());
  return mac;
}

// RFC 6979, 3.2: order and hash are of 256 bits, so that no bits have to be cut.
Number nonce_of(const BIGNUM* x, ByteView message) {
  const Curve& curve = Curve::get();
  auto secret = scalar_bytes(x);
  Number digest = Curve::number(sha256(message).view());
  curve.reduce(digest);
  const auto h = scalar_bytes(digest.get());
  const std::uint8_t zero[] = {0}, one[] = {1};
  Hash256 v, k;
  v.bytes.fill(1);
  for (const ByteView mark : {ByteView{zero}, ByteView{one}}) {
    k = hmac(k, {v.view(), mark, secret, h});
    v = hmac(k, {v.view()});
  }
  OPENSSL_cleanse(secret.data(), secret.size());
  for (;;) {
    v = hmac(k, {v.view()});
    Number nonce = Curve::number(v.view());
    if (curve.is_scalar(nonce)) {
      OPENSSL_cleanse(k.bytes.data(), k.bytes.size());
      OPENSSL_cleanse(v.bytes.data(), v.bytes.size());
      BN_set_flags(nonce.get(), BN_FLG_CONSTTIME);
      return nonce;
    }
    k = hmac(k, {v.view(), zero});
    v = hmac(k, {v.view()});
  }
}

Hash256 output_of(ByteView gamma) {
  const std::uint8_t front[] = {kSuite, kToOutput};
  return sha256({front, gamma, kBack});
}

struct DecodedProof {
  Point gamma;
  Number c;
  Number s;
};
// 5.4.4.
std::optional<DecodedProof> decode(const VrfProof& proof) {
  const ByteView bytes(proof);
  DecodedProof parts;
  parts.gamma = Curve::get().decode(bytes.first(kPointBytes));
  if (!parts.gamma) return std::nullopt;
  parts.c = Curve::number(bytes.subspan(kPointBytes, kChallengeBytes));
  parts.s = Curve::number(bytes.last(kScalarBytes));
  if (BN_cmp(parts.s.get(), Curve::get().order()) >= 0) return std::nullopt;
  return parts;
}

}  // namespace

struct VrfKey::Secret {
  Number x;
};

VrfKey::VrfKey(std::unique_ptr<Secret> secret) : m_secret(std::move(secret)) {
  const Curve& curve = Curve::get();
  BN_set_flags(m_secret->x.get(), BN_FLG_CONSTTIME);
  m_public_key = curve.encode(curve.sum(m_secret->x.get(), nullptr, nullptr));
}
VrfKey::VrfKey(VrfKey&&) noexcept = default;
VrfKey& VrfKey::operator=(VrfKey&&) noexcept = default;
VrfKey::~VrfKey() = default;

Result<VrfKey> VrfKey::from_scalar(const SecretKey& scalar) {
  auto secret = std::make_unique<Secret>(Secret{Curve::number(scalar.view())});
  if (!Curve::get().is_scalar(secret->x))
    return {ErrorCode::kInvalidArgument, "a key's scalar is neither zero nor the order or more"};
  return VrfKey(std::move(secret));
}

VrfKey VrfKey::from_seed(const SecretKey& seed) {
  for (std::uint8_t n = 0;; ++n) {
    Hash256 drawn = sha256({as_bytes("assay/vrf-key/1"), seed.view(), ByteView{&n, 1}});
    auto key = from_scalar(SecretKey(drawn.bytes.data()));
    OPENSSL_cleanse(drawn.bytes.data(), drawn.bytes.size());
    if (key) return std::move(*key);
    ASSAY_INVARIANT(n < 255);  // one in 2^32 draws is out of range
  }
}

VrfProof VrfKey::prove(ByteView input) const {
  ASSAY_EXPECTS(m_secret != nullptr);
  const Curve& curve = Curve::get();
  const BIGNUM* const x = m_secret->x.get();
  const Point y = curve.decode(m_public_key);
  const Point h = hash_to_curve(m_public_key, input);
  must(y != nullptr && h != nullptr);
  const Point gamma = curve.sum(nullptr, x, h.get());
  const Number k = nonce_of(x, curve.encode(h));
  const Point u = curve.sum(k.get(), nullptr, nullptr);
  const Point v = curve.sum(nullptr, k.get(), h.get());
  const Number c = challenge_of({&y, &h, &gamma, &u, &v});
  const Number s = curve.response(k, c, x);
  VrfProof proof{};
  const auto gamma_bytes = curve.encode(gamma);
  const auto c_bytes = scalar_bytes(c.get());
  const auto s_bytes = scalar_bytes(s.get());
  auto out = std::copy(gamma_bytes.begin(), gamma_bytes.end(), proof.begin());
  out = std::copy(c_bytes.end() - kChallengeBytes, c_bytes.end(), out);
  std::copy(s_bytes.begin(), s_bytes.end(), out);
  return proof;
}

bool is_acceptable_vrf_key(const VrfPublicKey& public_key) {
  return Curve::get().decode(public_key) != nullptr;
}

std::optional<Hash256> vrf_verify(const VrfPublicKey& public_key, ByteView input,
                                  const VrfProof& proof) {
  const Curve& curve = Curve::get();
  const Point y = curve.decode(public_key);
  if (!y) return std::nullopt;
  const std::optional<DecodedProof> parts = decode(proof);
  if (!parts) return std::nullopt;
  const Point h = hash_to_curve(public_key, input);
  if (!h) return std::nullopt;
  const Point u = curve.sum(parts->s.get(), curve.negated(parts->c).get(), y.get());
  const Point v = curve.difference(parts->s.get(), h, parts->c.get(), parts->gamma);
  const Number c = challenge_of({&y, &h, &parts->gamma, &u, &v});
  if (BN_cmp(c.get(), parts->c.get()) != 0) return std::nullopt;
  return output_of(ByteView(proof).first(kPointBytes));
}

}  // namespace assay::crypto

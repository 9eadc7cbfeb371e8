// A verifiable random function: ECVRF-P256-SHA256-TAI of RFC 9381 (suite 0x01), by OpenSSL's
// arithmetic of curves (docs/spec/crypto.md). Under one public key each input has one output, which
// only the key's holder can tell before the proof is shown, and which everybody can check then: so
// nobody has a second try.
#pragma once

#include <memory>
#include <optional>

#include "assay/core/result.hpp"
#include "assay/crypto/ed25519.hpp"

namespace assay::crypto {

using VrfPublicKey = std::array<std::uint8_t, 33>;  // a point of P-256, compressed (SEC 1)
using VrfProof = std::array<std::uint8_t, 81>;      // Gamma 33, c 16, s 32, integers big-endian

// A secret that is ready to prove with. Moves only; wiped when it goes. prove() may be called from
// several threads at once.
class VrfKey {
 public:
  // The scalar is the 32 bytes, big-endian. Errors: kInvalidArgument unless it is 1 to q - 1.
  [[nodiscard]] static Result<VrfKey> from_scalar(const SecretKey& scalar);
  // The first scalar in range of SHA-256("assay/vrf-key/1" || seed || n u8), n = 0, 1, ...: a key
  // file's secret is a seed of it, apart from the Ed25519 key that it is, too.
  [[nodiscard]] static VrfKey from_seed(const SecretKey& seed);
  VrfKey(VrfKey&&) noexcept;
  VrfKey& operator=(VrfKey&&) noexcept;
  ~VrfKey();

  [[nodiscard]] const VrfPublicKey& public_key() const noexcept { return m_public_key; }
  // Deterministic (RFC 6979).
  [[nodiscard]] VrfProof prove(ByteView input) const;

 private:
  struct Secret;
  explicit VrfKey(std::unique_ptr<Secret> secret);
  std::unique_ptr<Secret> m_secret;
  VrfPublicKey m_public_key{};
};

// A point of the curve in its one encoding. All of them but the neutral element, which has none of
// 33 bytes, have the curve's order.
[[nodiscard]] bool is_acceptable_vrf_key(const VrfPublicKey& public_key);

// The output, if the proof is one of this key and input; else none. Total: any bytes. Thread-safe.
// Some three times the work of ed25519_verify.
[[nodiscard]] std::optional<Hash256> vrf_verify(const VrfPublicKey& public_key, ByteView input,
                                                const VrfProof& proof);

}  // namespace assay::crypto

// Ed25519 (RFC 8032) signatures, by OpenSSL. The same input gives the same verdict everywhere:
// verification is cofactorless, S must be below the group order, R is compared as bytes, and a
// public key must be a canonical encoding of a point that is not of small order
// (docs/spec/crypto.md).
#pragma once

#include <memory>

#include "assay/core/hex.hpp"

namespace assay::crypto {

// 32 secret bytes (an Ed25519 seed). Moves only; wiped when it goes.
class SecretKey {
 public:
  SecretKey() = default;
  explicit SecretKey(const std::uint8_t* bytes32);
  SecretKey(SecretKey&& other) noexcept;
  SecretKey& operator=(SecretKey&& other) noexcept;
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;
  ~SecretKey();
  [[nodiscard]] ByteView view() const noexcept { return {m_bytes.data(), m_bytes.size()}; }

 private:
  std::array<std::uint8_t, 32> m_bytes{};
};

using Signature = std::array<std::uint8_t, 64>;

// A key ready to sign. Moves only. sign() may be called from several threads at once.
class KeyPair {
 public:
  explicit KeyPair(const SecretKey& seed);
  KeyPair(KeyPair&&) noexcept;
  KeyPair& operator=(KeyPair&&) noexcept;
  ~KeyPair();

  [[nodiscard]] const Hash256& public_key() const noexcept { return m_public_key; }
  [[nodiscard]] Signature sign(ByteView message) const;

 private:
  struct Key;
  std::unique_ptr<Key> m_key;
  Hash256 m_public_key;
};

// Thread-safe. Total: any bytes give true or false.
[[nodiscard]] bool ed25519_verify(const Hash256& public_key, ByteView message,
                                  const std::uint8_t* signature64);
// The type under which freestanding rooms are handed ed25519_verify.
using VerifyFunction = bool (*)(const Hash256& public_key, ByteView message,
                                const std::uint8_t* signature64);

// While one lives, its thread computes no signature and no verification twice, nor verifies what it
// signed: both are functions of their bytes. For a process that plays all parties, as a simulator
// does; it forgets nothing until it goes. Not while another one lives on the thread.
class SignatureMemo {
 public:
  SignatureMemo();
  ~SignatureMemo();
  SignatureMemo(const SignatureMemo&) = delete;
  SignatureMemo& operator=(const SignatureMemo&) = delete;

 private:
  friend class KeyPair;
  friend bool ed25519_verify(const Hash256& public_key, ByteView message,
                             const std::uint8_t* signature64);
  struct Known;
  std::unique_ptr<Known> m_known;
};

// A canonical encoding (y < 2^255 - 19) of a y that belongs to no point of small order.
[[nodiscard]] bool is_acceptable_public_key(const Hash256& public_key);

}  // namespace assay::crypto

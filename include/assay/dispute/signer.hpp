// Who signs a move: the party whose side it is, the delegate that this party has named, or anybody
// where a move is an opening under roots that stand (docs/spec/dispute.md, section 5).
// Freestanding.
#pragma once

#include <optional>

#include "assay/codec/codec.hpp"
#include "assay/dispute/game.hpp"

namespace assay::dispute {

using Signature = std::array<std::uint8_t, 64>;

// Ed25519, handed in (crypto::ed25519_verify): true if `signature64` is `public_key`'s over
// `message`.
using VerifyFunction = bool (*)(const Hash256& public_key, ByteView message,
                                const std::uint8_t* signature64);

// A party's word that this key moves for it in its games of one task.
struct Certificate {
  AccountId delegate;
  LedgerTimeMs valid_until;  // for the ledger: moves that it takes before this time
  Signature signature{};     // by the party over certificate_digest()
  friend bool operator==(const Certificate&, const Certificate&) = default;
};
inline constexpr std::size_t kCertificateBytes = 32 + 8 + 64;

// delegate 32, valid until u64, signature 64.
template <class Sink>
void write_certificate(codec::BasicWriter<Sink>& w, const Certificate& certificate) {
  w.hash(certificate.delegate.value);
  w.u64(certificate.valid_until.value);
  w.raw(certificate.signature);
}
[[nodiscard]] Certificate read_certificate(codec::Reader& reader);

// What the party signs: H("assay/delegate/1" || chain || task id || party || delegate || valid
// until u64).
[[nodiscard]] Hash256 certificate_digest(Sha256Function sha256, const ChainId& chain,
                                         const TaskId& task_id, const AccountId& party,
                                         const AccountId& delegate, LedgerTimeMs valid_until);
// Whether `party` named this delegate for the task. Knows no time: what is over, or was taken back,
// is the ledger's to say.
[[nodiscard]] bool is_certified(Sha256Function sha256, VerifyFunction verify, const ChainId& chain,
                                const TaskId& task_id, const AccountId& party,
                                const Certificate& certificate);

// `sign` is the party's, and gets the 32-byte digest.
template <class Sign>
[[nodiscard]] Certificate make_certificate(Sha256Function sha256, const ChainId& chain,
                                           const TaskId& task_id, const AccountId& party,
                                           const AccountId& delegate, LedgerTimeMs valid_until,
                                           Sign&& sign) {
  return {delegate, valid_until,
          sign(certificate_digest(sha256, chain, task_id, party, delegate, valid_until))};
}

// Neither: the account of the move's role. Both sign nothing.
struct Signer {
  std::optional<Certificate> delegate;
  std::optional<AccountId> stranger;  // who moves for the defender
  friend bool operator==(const Signer&, const Signer&) = default;
};
inline constexpr std::size_t kSignerBytesMax = 1 + kCertificateBytes + 1 + 32;

// flag, certificate; flag, stranger 32.
template <class Sink>
void write_signer(codec::BasicWriter<Sink>& w, const Signer& by) {
  w.flag(by.delegate.has_value());
  if (by.delegate) write_certificate(w, *by.delegate);
  w.flag(by.stranger.has_value());
  if (by.stranger) w.hash(by.stranger->value);
}
[[nodiscard]] Signer read_signer(codec::Reader& reader);

// What is signed of a move: H("assay/move/1" || chain || game || turn || position hash || body) by
// a party; by others H("assay/move-by/1" || chain || game || turn || position hash || signer ||
// body), so that nobody's move becomes another's.
[[nodiscard]] Hash256 move_digest(Sha256Function sha256, const GameTerms& terms, std::uint32_t turn,
                                  const Hash256& position_hash, ByteView body,
                                  const Signer& by = {});

}  // namespace assay::dispute

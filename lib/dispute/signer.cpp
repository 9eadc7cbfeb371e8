#include "assay/dispute/signer.hpp"

#include "assay/core/contract.hpp"

namespace assay::dispute {

namespace {

template <std::size_t size>
[[nodiscard]] ByteView domain(const char (&text)[size]) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text), size - 1};
}

}  // namespace

Certificate read_certificate(codec::Reader& reader) {
  Certificate certificate;
  certificate.delegate = AccountId(reader.hash());
  certificate.valid_until = LedgerTimeMs{reader.u64()};
  const ByteView signature = reader.take(certificate.signature.size());
  if (!signature.empty())
    std::memcpy(certificate.signature.data(), signature.data(), signature.size());
  return certificate;
}

Signer read_signer(codec::Reader& reader) {
  Signer by;
  if (reader.flag()) by.delegate = read_certificate(reader);
  if (reader.flag()) by.stranger = AccountId(reader.hash());
  return by;
}

Hash256 certificate_digest(Sha256Function sha256, const ChainId& chain, const TaskId& task_id,
                           const AccountId& party, const AccountId& delegate,
                           LedgerTimeMs valid_until) {
  std::uint8_t until[8];
  store_le(until, valid_until.value);
  return sha256_of(sha256, {domain("assay/delegate/1"), chain.value.view(), task_id.value.view(),
                            party.value.view(), delegate.value.view(), ByteView{until}});
}

bool is_certified(Sha256Function sha256, VerifyFunction verify, const ChainId& chain,
                  const TaskId& task_id, const AccountId& party, const Certificate& certificate) {
  const Hash256 digest = certificate_digest(sha256, chain, task_id, party, certificate.delegate,
                                            certificate.valid_until);
  return verify(party.value, digest.view(), certificate.signature.data());
}

Hash256 move_digest(Sha256Function sha256, const GameTerms& terms, std::uint32_t turn,
                    const Hash256& position_hash, ByteView body, const Signer& by) {
  std::uint8_t turn_bytes[4];
  store_le(turn_bytes, turn);
  if (by == Signer{})
    return sha256_of(sha256,
                     {domain("assay/move/1"), terms.chain.value.view(), terms.game.value.view(),
                      ByteView{turn_bytes}, position_hash.view(), body});
  std::array<std::uint8_t, kSignerBytesMax> bytes;
  codec::FixedSink sink(bytes);
  codec::BasicWriter<codec::FixedSink> writer(sink);
  write_signer(writer, by);
  ASSAY_ENSURES(!sink.overflowed());
  return sha256_of(sha256,
                   {domain("assay/move-by/1"), terms.chain.value.view(), terms.game.value.view(),
                    ByteView{turn_bytes}, position_hash.view(), sink.written(), body});
}

}  // namespace assay::dispute

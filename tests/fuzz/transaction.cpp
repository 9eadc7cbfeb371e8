// protocol: transactions and the payload of every kind. There is one encoding of each value.
#include "assay/protocol/transaction.hpp"

#include "fuzz/fuzz.hpp"

using namespace assay;
using namespace assay::protocol;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes{data, size};
  ChainId chain;  // the one that the bytes name
  if (size >= 33) std::memcpy(chain.value.bytes.data(), data + 1, 32);
  ParsedTransaction parsed;
  const TxVerdict verdict = parse_transaction(chain, bytes, parsed);
  if (verdict == TxVerdict::kApplied || verdict == TxVerdict::kWrongSignature)
    ASSAY_INVARIANT(equal_bytes(encode_body(parsed.envelope), bytes.first(size - 64)));

  const auto [choice, rest] = fuzz::select(bytes, kTxKindLast);
  const auto kind = static_cast<TxKind>(choice + 1);
  Payload payload;
  if (!decode_payload(kind, rest, payload)) return 0;
  ASSAY_INVARIANT(kind_of(payload) == kind);
  ASSAY_INVARIANT(rest.size() <= row_of(kind).payload_bytes_max);
  ASSAY_INVARIANT(equal_bytes(encode_payload(payload), rest));
  if (const auto* task = std::get_if<PostTask>(&payload))
    ASSAY_INVARIANT(economics::to_string(economics::check_terms(terms_of(*task)))[0] != '?');
  return 0;
}

// protocol, ledger and node: what stands on the ledger and what a client reads of it. Input: which
// record (u8), its bytes. What decodes encodes to the same bytes.
#include "assay/ledger/account.hpp"
#include "assay/node/trusted_header.hpp"
#include "assay/protocol/view.hpp"
#include "fuzz/fuzz.hpp"

using namespace assay;
using namespace assay::protocol;

namespace {

template <class T>
void check_whole(const Result<T>& decoded, ByteView bytes) {
  if (decoded) ASSAY_INVARIANT(equal_bytes(encode(*decoded), bytes));
}

template <class Record>
void check_record(ByteView bytes) {
  Record record;
  codec::Reader reader(bytes);
  read(reader, record);
  if (!reader.finish()) return;
  ASSAY_INVARIANT(equal_bytes(codec::encode([&](codec::Writer& w) { write(w, record); }), bytes));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [choice, bytes] = fuzz::select({data, size}, 31);
  switch (choice) {
    case 0: check_whole(commit::decode_map_excerpt(bytes), bytes); break;
    case 1: check_whole(decode_genesis(bytes), bytes); break;
    case 2: check_whole(decode_header(bytes), bytes); break;
    case 3: check_whole(decode_receipt(bytes), bytes); break;
    case 4: check_whole(node::decode_header_proof(bytes), bytes); break;
    case 5: check_whole(ledger::decode_account(bytes), bytes); break;
    case 6: check_whole(ledger::decode_pending(bytes), bytes); break;
    case 7: check_record<Profile>(bytes); break;
    case 8: check_record<TaskRecord>(bytes); break;
    case 9: check_record<ClaimRecord>(bytes); break;
    case 10: check_record<VerifierRecord>(bytes); break;
    case 11: check_record<ChallengeRecord>(bytes); break;
    case 12: check_record<GameRecord>(bytes); break;
    case 13: check_record<Event>(bytes); break;
    case 14: check_record<Bid>(bytes); break;
    case 15: check_record<Reputation>(bytes); break;
    case 16: check_record<Quote>(bytes); break;
    case 17: check_whole(decode_known_moves(bytes), bytes); break;
    case 18: check_record<Locked>(bytes); break;
    case 19: check_record<Pause>(bytes); break;
    case 20: check_record<DemandRecord>(bytes); break;
    case 21: check_record<ValidatorRecord>(bytes); break;
    case 22: check_record<ValidatorSet>(bytes); break;
    case 23:
      if (const auto list = decode_misbehaviour(bytes); list)
        ASSAY_INVARIANT(equal_bytes(encode(std::span(*list)), bytes));
      break;
    case 24: check_record<RelayRecord>(bytes); break;
    case 25: check_record<RelayRound>(bytes); break;
    case 26: check_record<Shares>(bytes); break;
    case 27: check_record<BeaconRound>(bytes); break;
    case 28: check_record<DrawPool>(bytes); break;
    case 29: check_whole(decode_principals(bytes), bytes); break;
    default:
      if (const auto proof = node::decode_trusted_header(bytes); proof)
        ASSAY_INVARIANT(equal_bytes(node::encode_trusted_header(*proof), bytes));
      break;
  }
  return 0;
}

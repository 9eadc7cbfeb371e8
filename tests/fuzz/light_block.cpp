// comet: light blocks, and what CometBFT's RPC answers. Input: what it is (u8); a light block, or
// two texts of JSON, split at the first zero byte: the commit, a page of validators. What is read
// has one encoding, any verdict is one of the table, and only a recorded block is ever valid.
#include "assay/comet/light_client.hpp"
#include "assay/comet/rpc.hpp"
#include "assay/comet/wire.hpp"
#include "fuzz/fuzz.hpp"

using namespace assay;
using namespace assay::comet;

namespace {

constexpr Time kNow{1'800'000'000, 0};

void check(const LightBlock& block) {
  // Of this block's own word: its signatures are the only ones that there can be.
  const LightVerdict alone = verify_root(block.header.chain_id, block.commit.block.hash, block);
  ASSAY_INVARIANT(static_cast<std::uint8_t>(alone) <= kLightVerdictLast);
  LightClient client(trust_in_genesis(block.header.chain_id, block.header.validators_hash), {});
  const LightVerdict verdict = client.follow(block, kNow);
  ASSAY_INVARIANT(verdict == alone || verdict == LightVerdict::kTimeAhead);
  ASSAY_INVARIANT((client.trusted()->height != 0) == (verdict == LightVerdict::kValid));
  if (verdict == LightVerdict::kValid) {
    ASSAY_INVARIANT(client.follow(block, kNow) == LightVerdict::kValid);
    ASSAY_INVARIANT(client.trusted()->height == block.header.height);
  }
}

void check_bytes(ByteView bytes) {
  const Result<LightBlock> block = decode_light_block(bytes);
  if (!block) return;
  ASSAY_INVARIANT(equal_bytes(encode(*block), bytes));
  check(*block);
}

void check_rpc(std::string_view text) {
  const std::size_t middle = text.find('\0');
  const auto commit = codec::parse_json(text.substr(0, middle));
  if (!commit || middle == std::string_view::npos) return;
  const auto page = codec::parse_json(text.substr(middle + 1));
  if (!page) return;
  (void)validator_pages(*page);
  const Result<LightBlock> block = light_block_from_rpc(*commit, {&*page, 1});
  if (!block) return;
  const Result<LightBlock> again = decode_light_block(encode(*block));
  ASSAY_INVARIANT(again && *again == *block);
  check(*block);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [choice, rest] = fuzz::select({data, size}, 2);
  if (choice == 0)
    check_bytes(rest);
  else
    check_rpc(fuzz::as_text(rest));
  return 0;
}

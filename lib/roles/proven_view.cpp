#include "internal/proven_view.hpp"

#include "assay/codec/json.hpp"

namespace assay::roles::internal {

namespace {

using codec::Json;
using codec::JsonRef;

constexpr std::uint64_t kWaitProofMs = 5'000;

Result<Bytes> ask_header(rpc::RpcClient& client, std::uint64_t height) {
  const Json of_height = Json::object({{"height", Json(height)}});
  auto answer = client.call("header_proof", of_height);
  if (!answer && answer.error().code == ErrorCode::kUnavailable) {
    ASSAY_TRY_STATUS(client.call(
        "wait_block", Json::object({{"after", Json(height)}, {"timeout_ms", Json(kWaitProofMs)}})));
    answer = client.call("header_proof", of_height);
  }
  if (!answer) return answer.error();
  return JsonRef(*answer)["signed_header"].hex();
}

}  // namespace

Result<protocol::View> ask_view(rpc::RpcClient& client, const FollowHeader& follow,
                                const AccountId& self, const protocol::Principals& principals,
                                protocol::ViewMemory& memory) {
  const protocol::KnownMoves known = memory.known();
  ASSAY_TRY(const Json answer,
            client.call("view", Json::object(
                                    {{"account", Json(to_hex(self.value))},
                                     {"known", Json(to_hex(protocol::encode(known)))},
                                     {"principals", Json(to_hex(protocol::encode(principals)))}})));
  ASSAY_TRY(const std::uint64_t height, JsonRef(answer)["height"].u64());
  ASSAY_TRY(const Bytes bytes, JsonRef(answer)["excerpt"].hex());
  ASSAY_TRY(const commit::MapExcerpt excerpt, commit::decode_map_excerpt(bytes));
  ASSAY_TRY(const Bytes proof, ask_header(client, height));
  ASSAY_TRY(const protocol::BlockHeader head,
            follow(proof, [&client](Height between) { return ask_header(client, between.value); }));
  ASSAY_TRY(protocol::View view, protocol::read_view(head, excerpt, self, known, principals));
  return memory.complete(std::move(view));
}

}  // namespace assay::roles::internal

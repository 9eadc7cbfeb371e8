// The referee and the last move of a game on the largest step of each operator, for a host that
// times them: the code of judge.wasm, with another door.
#include <new>

#include "assay/dispute/moves.hpp"
#include "assay/dispute/signer.hpp"
#include "sha256_wasm.hpp"
#include "support/largest_step.hpp"

namespace {

using namespace assay;

alignas(test::OpenedStep) std::uint8_t g_step[sizeof(test::OpenedStep)];
std::uint8_t g_body[dispute::kMaxMoveBytes];
std::size_t g_body_size = 0;

const test::OpenedStep& step() {
  return *std::launder(reinterpret_cast<const test::OpenedStep*>(g_step));
}

}  // namespace

extern "C" {

// Makes the step of the operator with this code whose opening is the longest. Returns the opening's
// size, or -1 if there is no such operator.
__attribute__((export_name("prepare"))) std::int32_t assay_prepare(std::uint32_t code) {
  numerics::NodeSpec spec;
  if (code > 0xffff || !test::largest_spec(static_cast<numerics::OpCode>(code), spec)) return -1;
  const graph::Node node = test::largest_node(spec);
  std::uint64_t element = 0;
  std::uint32_t at = 0;
  std::size_t most = 0;
  test::visit_places(spec, [&](std::uint64_t e, std::uint32_t s) {
    new (g_step) test::OpenedStep(sha256_wasm, node, e, s);
    if (step().size <= most) return;
    most = step().size;
    element = e;
    at = s;
  });
  new (g_step) test::OpenedStep(sha256_wasm, node, element, at);
  codec::FixedSink sink(g_body);
  codec::BasicWriter<codec::FixedSink> writer(sink);
  dispute::write_scalar(writer, step().opening());
  g_body_size = sink.written().size();
  return static_cast<std::int32_t>(step().size);
}

// The verdict's number.
__attribute__((export_name("judge"))) std::uint32_t assay_judge_step() {
  return static_cast<std::uint32_t>(referee::judge(sha256_wasm, step().position, step().opening()));
}

// All that a ledger does with the move but check its signature. The outcome's number.
__attribute__((export_name("last_move"))) std::uint32_t assay_last_move() {
  dispute::Position position = test::before_last_move(step());
  const Hash256 hash = dispute::position_hash(sha256_wasm, {}, position);
  const ByteView body{g_body, g_body_size};
  const Hash256 digest = dispute::move_digest(sha256_wasm, {}, 0, hash, body);
  if (digest == hash) return 0;
  const auto verdict = dispute::apply(sha256_wasm, {}, position, dispute::Role::kChallenger, body);
  return verdict == dispute::MoveVerdict::kAccepted ? static_cast<std::uint32_t>(position.outcome)
                                                    : 0;
}

}  // extern "C"

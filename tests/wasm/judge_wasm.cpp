// The judge of evidence files as a wasm32 module: no allocation, and nothing from outside but the
// check of a signature. A host writes the file to buffer(), calls judge(size) and reads report().
#include "assay/dispute/evidence.hpp"
#include "sha256_wasm.hpp"

namespace {

using namespace assay;

std::uint8_t g_file[dispute::kMaxEvidenceBytes];
std::uint8_t g_report[384];

__attribute__((import_module("host"), import_name("ed25519_verify"))) extern "C" std::int32_t
host_ed25519_verify(const std::uint8_t* public_key32, const std::uint8_t* message,
                    std::uint32_t size, const std::uint8_t* signature64);

bool verify(const Hash256& public_key, ByteView message, const std::uint8_t* signature64) {
  return host_ed25519_verify(public_key.bytes.data(), message.data(),
                             static_cast<std::uint32_t>(message.size()), signature64) == 1;
}

}  // namespace

extern "C" {

__attribute__((export_name("buffer"))) std::uint8_t* assay_buffer() { return g_file; }
__attribute__((export_name("buffer_size"))) std::uint32_t assay_buffer_size() {
  return sizeof g_file;
}
__attribute__((export_name("report"))) const std::uint8_t* assay_report() { return g_report; }

// Writes the report, returns its size: verdict u8, move verdict u8, moves u32, convicted flag u8,
// account 32, outcome u8, stage it ended at u8, step u64, node u32, element u64, fold step u32,
// the state that the referee computed 32 x u32, hash of the last position 32 (zero if there is
// none), the last delegates of defender and challenger 32 each (zero: none), strangers' openings
// flag u8, what the defender signed u8.
__attribute__((export_name("judge"))) std::uint32_t assay_judge(std::uint32_t size) {
  if (size > sizeof g_file) return 0;
  const dispute::EvidenceReport report =
      dispute::judge_evidence(sha256_wasm, verify, ByteView{g_file, size});
  codec::FixedSink sink(g_report);
  codec::BasicWriter<codec::FixedSink> w(sink);
  w.u8(static_cast<std::uint8_t>(report.verdict));
  w.u8(static_cast<std::uint8_t>(report.move_verdict));
  w.u32(report.move);
  w.flag(report.has_convicted);
  w.hash(report.convicted.value);
  const dispute::Position& p = report.position;
  w.u8(static_cast<std::uint8_t>(p.outcome));
  w.u8(static_cast<std::uint8_t>(p.ended_at));
  w.u64(p.step_low);
  w.u32(p.node_index);
  w.u64(p.element);
  w.u32(p.fold_low);
  for (const std::uint32_t word : p.computed.words) w.u32(word);
  const bool is_known = report.verdict == dispute::EvidenceVerdict::kProven ||
                        report.verdict == dispute::EvidenceVerdict::kUnfinished;
  w.hash(is_known ? dispute::position_hash(sha256_wasm, report.terms, p) : Hash256{});
  w.hash(report.defender_delegate.value_or(AccountId{}).value);
  w.hash(report.challenger_delegate.value_or(AccountId{}).value);
  w.flag(report.has_strangers);
  w.u8(static_cast<std::uint8_t>(report.claim_kind));
  return static_cast<std::uint32_t>(sink.written().size());
}

}  // extern "C"

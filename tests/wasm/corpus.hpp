// A folder of evidence files with their native reports (INDEX: one name and one report in
// hexadecimal a line) for the wasm32 judge to agree with.
#pragma once

#include <filesystem>
#include <fstream>

#include "assay/crypto/ed25519.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/evidence_file.hpp"

namespace assay::wasm {

using dispute::EvidenceReport;
using dispute::EvidenceVerdict;
using dispute::Position;

// The report as tests/wasm/judge_wasm.cpp lays it out.
inline Bytes report_bytes(const EvidenceReport& report) {
  return codec::encode([&](codec::Writer& w) {
    w.u8(static_cast<std::uint8_t>(report.verdict));
    w.u8(static_cast<std::uint8_t>(report.move_verdict));
    w.u32(report.move);
    w.flag(report.has_convicted);
    w.hash(report.convicted.value);
    const Position& p = report.position;
    w.u8(static_cast<std::uint8_t>(p.outcome));
    w.u8(static_cast<std::uint8_t>(p.ended_at));
    w.u64(p.step_low);
    w.u32(p.node_index);
    w.u64(p.element);
    w.u32(p.fold_low);
    for (const std::uint32_t word : p.computed.words) w.u32(word);
    const bool is_known = report.verdict == EvidenceVerdict::kProven ||
                          report.verdict == EvidenceVerdict::kUnfinished;
    w.hash(is_known ? dispute::position_hash(crypto::sha256_function(), report.terms, p)
                    : Hash256{});
    w.hash(report.defender_delegate.value_or(AccountId{}).value);
    w.hash(report.challenger_delegate.value_or(AccountId{}).value);
    w.flag(report.has_strangers);
    w.u8(static_cast<std::uint8_t>(report.claim_kind));
  });
}

class Corpus {
 public:
  explicit Corpus(std::filesystem::path folder) : m_folder(std::move(folder)) {
    std::filesystem::remove_all(m_folder);
    std::filesystem::create_directories(m_folder);
    m_index.open(m_folder / "INDEX");
  }
  EvidenceReport write(const std::string& name, const Bytes& file) {
    std::ofstream(m_folder / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(file.data()),
               static_cast<std::streamsize>(file.size()));
    const EvidenceReport report =
        dispute::judge_evidence(crypto::sha256_function(), crypto::ed25519_verify, file);
    m_index << name << " " << to_hex(report_bytes(report)) << "\n";
    return report;
  }
  EvidenceVerdict add(const std::string& name, const Bytes& file) {
    return write(name, file).verdict;
  }

 private:
  std::filesystem::path m_folder;
  std::ofstream m_index;
};

}  // namespace assay::wasm

// `assay doctor` and `assayd doctor`: is this machine, this program and this home fit for work?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "assay/core/result.hpp"

namespace assay::cli {

enum class Health : std::uint8_t { kOk, kWarn, kFail };
[[nodiscard]] const char* to_string(Health health) noexcept;

struct Finding {
  Health health = Health::kOk;
  std::string check;   // "kernels avx2"
  std::string detail;  // what was found, and what to do about it
};

struct DoctorSettings {
  std::string home;            // of a role or of a node; empty: no checks of files
  std::string ledger;          // address of a node, to compare clocks with; empty: none
  std::string authority;       // PEM file that the ledger's certificate leads to; empty: the home's
  std::string program;         // file whose SHA-256 is looked at; empty: this program's own
  std::string program_sha256;  // that it should have; empty: only printed
  std::vector<std::uint64_t> ports;  // that should be free to listen on
  std::string listen = "127.0.0.1";
};

// Every check, in a fixed order; it changes nothing but a temporary file in the home.
[[nodiscard]] std::vector<Finding> run_doctor(const DoctorSettings& settings);

[[nodiscard]] std::string table_of(const std::vector<Finding>& findings);
// kFail if any failed, else kWarn if any warns.
[[nodiscard]] Health worst_of(const std::vector<Finding>& findings) noexcept;

}  // namespace assay::cli

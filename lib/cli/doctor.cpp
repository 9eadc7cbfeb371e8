#include "assay/cli/doctor.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "assay/cli/call.hpp"
#include "assay/cli/self_check.hpp"
#include "assay/cli/terminal.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/host/clock.hpp"
#include "assay/host/files.hpp"
#include "assay/host/read_file.hpp"
#include "assay/host/thread_pool.hpp"
#include "assay/net/certificate.hpp"
#include "assay/node/home.hpp"

namespace assay::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kDiskFailBytes = std::uint64_t{256} << 20;
constexpr std::uint64_t kDiskWarnBytes = std::uint64_t{2} << 30;
constexpr double kSyncWarnMs = 50;
constexpr std::uint64_t kOffsetWarnMs = 1'000, kOffsetFailMs = 30'000;
constexpr std::uint64_t kReleaseUnixMs = 1'735'689'600'000;  // 2025: an earlier clock is not set
constexpr std::uint64_t kCertificateWarnDays = 30;
constexpr rlim_t kDescriptorsWarn = 1024;
constexpr std::uint64_t kMaxPemBytes = 64 << 10, kMaxProgramBytes = std::uint64_t{1} << 30;

class Examination {
 public:
  explicit Examination(const DoctorSettings& settings) : m_settings(settings) {}
  void add(Health health, std::string check, std::string detail) {
    findings.push_back({health, std::move(check), std::move(detail)});
  }
  void check_program();
  void check_arithmetic();
  void check_clock();
  void check_offset();
  void check_descriptors();
  void check_ports();
  void check_home();

  std::vector<Finding> findings;

 private:
  void check_disk();
  void check_sync();
  void check_secret(const fs::path& path);
  void check_certificate(const fs::path& path);
  const DoctorSettings& m_settings;
};

std::string milliseconds(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f ms", value);
  return text;
}

void Examination::check_program() {
  const fs::path path = m_settings.program.empty() ? "/proc/self/exe" : m_settings.program;
  const auto bytes = host::read_file(path, kMaxProgramBytes);
  if (!bytes) return add(Health::kFail, "program", bytes.error().message);
  const std::string found = to_hex(crypto::sha256(*bytes));
  if (m_settings.program_sha256.empty() || m_settings.program_sha256 == found)
    return add(Health::kOk, "program", "sha256 " + found);
  add(Health::kFail, "program",
      "sha256 " + found + ", not " + m_settings.program_sha256 +
          ": another version, or changed; install it again");
}

void Examination::check_arithmetic() {
  const bool sound = numerics::floating_point_mode_is_sound();
  add(sound ? Health::kOk : Health::kFail, "floating point",
      sound ? "rounds to nearest, keeps subnormal numbers"
            : "this process flushes subnormal numbers or rounds otherwise than to nearest: remove "
              "what was built with -ffast-math from LD_PRELOAD");
  host::ThreadTaskPool pool(2);
  const auto& goldens = self_check_goldens();
  for (const numerics::Isa isa : numerics::kAllIsas) {
    if (!numerics::is_supported(isa)) continue;
    const std::string check = std::string("kernels ") + name_of(isa);
    const auto results = run_self_checks(isa, pool);
    if (!results) {
      add(Health::kFail, check, results.error().message);
      continue;
    }
    std::string wrong;
    for (std::size_t i = 0; i < goldens.size(); ++i) {
      if ((*results)[i].programs != goldens[i].programs)
        wrong += " programs of " + goldens[i].family;
      if ((*results)[i].state != goldens[i].state) wrong += " states of " + goldens[i].family;
    }
    add(wrong.empty() ? Health::kOk : Health::kFail, check,
        wrong.empty() ? "mlp, cnn and gpt give the recorded bits"
                      : "other bits than recorded:" + wrong +
                            "; do not stake money on this machine, and report it");
  }
}

void Examination::check_clock() {
  const host::SystemClock clock;
  std::uint64_t last = clock.monotonic_ms();
  bool back = false;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t now = clock.monotonic_ms();
    back = back || now < last;
    last = now;
  }
  if (back) return add(Health::kFail, "clock", "the monotonic clock goes back");
  const std::uint64_t now = clock.unix_ms();
  if (now < kReleaseUnixMs)
    return add(Health::kFail, "clock", "it is set to " + host::rfc3339(now) + ": set it");
  add(Health::kOk, "clock", "monotonic; " + host::rfc3339(now));
}

void Examination::check_offset() {
  if (m_settings.ledger.empty()) return;
  const host::SystemClock clock;
  fs::path authority = m_settings.authority;
  if (authority.empty()) {
    authority = fs::path(m_settings.home) / "authority.pem";
    if (!fs::exists(authority)) authority = node::authority_path(m_settings.home);
  }
  const std::uint64_t before = clock.unix_ms();
  const auto status = call_ledger(m_settings.ledger, authority, "chain_status", "{}");
  const std::uint64_t after = clock.unix_ms();
  if (!status) return add(Health::kFail, "ledger", status.error().message);
  const auto theirs = codec::JsonRef(*status)["unix_ms"].u64();
  if (!theirs) return add(Health::kFail, "ledger", theirs.error().message);
  // Somewhere between the question and the answer.
  const std::uint64_t offset = *theirs < before  ? before - *theirs
                               : *theirs > after ? *theirs - after
                                                 : 0;
  const Health health = offset > kOffsetFailMs   ? Health::kFail
                        : offset > kOffsetWarnMs ? Health::kWarn
                                                 : Health::kOk;
  add(health, "ledger",
      "answers in " + std::to_string(after - before) + " ms; clocks differ by " +
          std::to_string(offset) + " ms" +
          (health == Health::kOk ? "" : ": set this machine's by NTP, or ask the operator"));
}

void Examination::check_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const bool low = limit.rlim_cur < kDescriptorsWarn;
  add(low ? Health::kWarn : Health::kOk, "open files",
      "at most " + std::to_string(limit.rlim_cur) +
          (low ? ": raise it to " + std::to_string(kDescriptorsWarn) + " (ulimit -n)" : ""));
}

void Examination::check_ports() {
  for (const std::uint64_t port : m_settings.ports) {
    const std::string check = "port " + std::to_string(port);
    addrinfo hints{}, *found = nullptr;
    hints.ai_flags = AI_PASSIVE;
    hints.ai_socktype = SOCK_STREAM;
    if (port > 65'535 || ::getaddrinfo(m_settings.listen.c_str(), std::to_string(port).c_str(),
                                       &hints, &found) != 0) {
      add(Health::kFail, check, "no such address: " + m_settings.listen);
      continue;
    }
    const int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const bool bound = fd >= 0 && ::bind(fd, found->ai_addr, found->ai_addrlen) == 0;
    const std::string why = std::error_code(errno, std::generic_category()).message();
    ::freeaddrinfo(found);
    if (fd >= 0) ::close(fd);
    add(bound ? Health::kOk : Health::kFail, check, bound ? "free" : "cannot listen there: " + why);
  }
}

void Examination::check_disk() {
  struct statvfs disk {};
  if (::statvfs(m_settings.home.c_str(), &disk) != 0)
    return add(Health::kFail, "disk",
               m_settings.home + ": " + std::error_code(errno, std::generic_category()).message());
  const std::uint64_t left = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  const Health health = left < kDiskFailBytes   ? Health::kFail
                        : left < kDiskWarnBytes ? Health::kWarn
                                                : Health::kOk;
  add(health, "disk", format_bytes(left) + " left" + (health == Health::kOk ? "" : ": make room"));
}

// The slowest of a few synced writes: what every block waits for.
void Examination::check_sync() {
  const fs::path path = fs::path(m_settings.home) / (".doctor-" + std::to_string(::getpid()));
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return add(Health::kFail, "fsync",
               "cannot write in " + m_settings.home + ": " +
                   std::error_code(errno, std::generic_category()).message());
  const Bytes block(4096, 0x5a);
  double slowest_ms = 0;
  bool failed = false;
  for (int i = 0; i < 8 && !failed; ++i) {
    const auto start = std::chrono::steady_clock::now();
    failed = ::write(fd, block.data(), block.size()) != static_cast<ssize_t>(block.size()) ||
             ::fdatasync(fd) != 0;
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    slowest_ms = std::max(slowest_ms, took.count());
  }
  ::close(fd);
  ::unlink(path.c_str());
  if (failed) return add(Health::kFail, "fsync", "writing in " + m_settings.home + " failed");
  const bool slow = slowest_ms > kSyncWarnMs;
  add(slow ? Health::kWarn : Health::kOk, "fsync",
      "at most " + milliseconds(slowest_ms) + (slow ? ": each block waits so long" : ""));
}

void Examination::check_secret(const fs::path& path) {
  struct stat file {};
  if (::lstat(path.c_str(), &file) != 0) return;
  const std::string check = path.lexically_relative(m_settings.home).string();
  if (!S_ISREG(file.st_mode)) return add(Health::kFail, check, "not a plain file");
  if (file.st_uid != ::geteuid()) return add(Health::kFail, check, "another user's: chown it");
  const bool open = (file.st_mode & 077) != 0;
  add(open ? Health::kFail : Health::kOk, check,
      open ? "others may use it: chmod 600 " + path.string() : "its owner's alone");
}

void Examination::check_certificate(const fs::path& path) {
  if (!fs::exists(path)) return;
  const std::string check = path.lexically_relative(m_settings.home).string();
  const auto pem = host::read_file(path, kMaxPemBytes);
  if (!pem) return add(Health::kFail, check, pem.error().message);
  const auto info = net::inspect_certificate(std::string(pem->begin(), pem->end()));
  if (!info) return add(Health::kFail, check, info.error().message);
  const std::uint64_t now = host::SystemClock().unix_ms() / 1000;
  const std::string until = "good until " + host::rfc3339(info->validity.not_after_unix_s * 1000);
  if (now > info->validity.not_after_unix_s || now < info->validity.not_before_unix_s)
    return add(Health::kFail, check, "not good now (" + until + "): assayd certificate renew");
  const bool soon = info->validity.not_after_unix_s - now < kCertificateWarnDays * 86'400;
  add(soon ? Health::kWarn : Health::kOk, check,
      until + (soon ? ": assayd certificate renew" : ""));
}

void Examination::check_home() {
  if (m_settings.home.empty()) return;
  const fs::path home = m_settings.home;
  if (!fs::is_directory(home)) return add(Health::kFail, "home", home.string() + " is no folder");
  check_disk();
  check_sync();
  for (const fs::path& secret :
       {home / "key.json", home / "tls-key.pem", home / "password", node::operator_key_path(home),
        node::authority_key_path(home), node::server_key_path(home),
        node::operators_authority_key_path(home), node::operator_client_key_path(home)})
    check_secret(secret);
  for (const fs::path& certificate :
       {home / "tls.pem", home / "authority.pem", node::authority_path(home),
        node::server_certificate_path(home), node::operators_authority_path(home),
        node::operator_client_certificate_path(home)})
    check_certificate(certificate);
}

}  // namespace

const char* to_string(Health health) noexcept {
  switch (health) {
    case Health::kOk: return "ok";
    case Health::kWarn: return "warn";
    case Health::kFail: return "FAIL";
  }
  return "?";
}

std::vector<Finding> run_doctor(const DoctorSettings& settings) {
  Examination examination(settings);
  examination.check_program();
  examination.check_arithmetic();
  examination.check_clock();
  examination.check_offset();
  examination.check_descriptors();
  examination.check_ports();
  examination.check_home();
  return std::move(examination.findings);
}

std::string table_of(const std::vector<Finding>& findings) {
  Table table({"", "check", "found"});
  for (const Finding& finding : findings)
    table.row({to_string(finding.health), finding.check, finding.detail});
  return table.text();
}

Health worst_of(const std::vector<Finding>& findings) noexcept {
  Health worst = Health::kOk;
  for (const Finding& finding : findings) worst = std::max(worst, finding.health);
  return worst;
}

}  // namespace assay::cli

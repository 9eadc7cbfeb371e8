#include "assay/host/clock.hpp"

#include <chrono>
#include <cstdio>
#include <ctime>

namespace assay::host {

namespace {
template <class Source>
std::uint64_t milliseconds_now() {
  const auto since = Source::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}
}  // namespace

std::uint64_t SystemClock::unix_ms() const { return milliseconds_now<std::chrono::system_clock>(); }
std::uint64_t SystemClock::monotonic_ms() const {
  return milliseconds_now<std::chrono::steady_clock>();
}

std::string rfc3339(std::uint64_t unix_ms) {
  const std::time_t seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  if (::gmtime_r(&seconds, &parts) == nullptr) return "(time out of range)";
  char date[40];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  char text[64];
  std::snprintf(text, sizeof text, "%s.%03uZ", date, static_cast<unsigned>(unix_ms % 1000));
  return text;
}

}  // namespace assay::host

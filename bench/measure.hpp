// What the benches share: clocks, medians with quartiles, and pairs that alternate so that a busy
// machine slows both sides of a ratio.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

namespace assay::bench {

inline std::uint64_t nanoseconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}
inline std::uint64_t wall_ns() { return nanoseconds_of(CLOCK_MONOTONIC); }
// Of all threads of this process.
inline std::uint64_t process_cpu_ns() { return nanoseconds_of(CLOCK_PROCESS_CPUTIME_ID); }
inline std::uint64_t thread_cpu_ns() { return nanoseconds_of(CLOCK_THREAD_CPUTIME_ID); }

// Median and quartiles of what was added.
class Spread {
 public:
  void add(double value) { m_values.insert(std::ranges::upper_bound(m_values, value), value); }
  [[nodiscard]] bool empty() const { return m_values.empty(); }
  [[nodiscard]] double median() const { return at(2); }
  [[nodiscard]] double lower() const { return at(1); }
  [[nodiscard]] double upper() const { return at(3); }

  // figure NAME MEDIAN UNIT LOWER UPPER
  void print(const std::string& name, const char* unit) const {
    std::printf("figure %s %.4f %s %.4f %.4f\n", name.c_str(), median(), unit, lower(), upper());
  }

 private:
  [[nodiscard]] double at(std::size_t quarter) const {
    return m_values[(m_values.size() - 1) * quarter / 4];
  }
  std::vector<double> m_values;  // ascending
};

// Calls `one` and `other` in turns, `pairs` times after a first round that only warms up; which of
// them goes first alternates. `take` gets what both returned.
template <class One, class Other, class Take>
void alternate(unsigned pairs, One&& one, Other&& other, Take&& take) {
  for (unsigned i = 0; i <= pairs; ++i) {
    double first = 0;
    double second = 0;
    if (i % 2 == 0) {
      first = one();
      second = other();
    } else {
      second = other();
      first = one();
    }
    if (i != 0) take(first, second);
  }
}

}  // namespace assay::bench

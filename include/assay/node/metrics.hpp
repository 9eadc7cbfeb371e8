// Figures of a node in Prometheus' text format (docs/spec/node.md, "Metrics").
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/net/server.hpp"
#include "assay/protocol/verdict.hpp"
#include "assay/store/rocks_store.hpp"

namespace assay::node {

// Of durations, with fixed buckets from 1 ms to 30 s.
class Histogram {
 public:
  static constexpr std::array<double, 12> kBounds{0.001, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                  0.25,  0.5,   1,    2.5,   10,   30};
  void observe(std::uint64_t microseconds);
  [[nodiscard]] std::uint64_t count() const noexcept { return m_count; }

 private:
  friend class MetricsPage;
  std::array<std::uint64_t, kBounds.size()> m_buckets{};  // each its own, not those below
  std::uint64_t m_count = 0;
  std::uint64_t m_sum_us = 0;
};

// The page, metric by metric.
class MetricsPage {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;
  // Samples of a metric follow its heading.
  void heading(const char* name, const char* type, const char* help);
  void sample(const char* name, const Labels& labels, std::uint64_t value);
  void sample(const char* name, const Labels& labels, double value);
  void histogram(const char* name, const Labels& labels, const Histogram& histogram);
  // Heading and one sample without labels.
  void gauge(const char* name, const char* help, std::uint64_t value);
  void counter(const char* name, const char* help, std::uint64_t value);

  [[nodiscard]] const std::string& text() const noexcept { return m_text; }

 private:
  void line(std::string_view name, const Labels& labels, std::string_view value);
  std::string m_text;
};

// What happened since the start. Its size is bounded by the tables of verdicts and methods.
struct NodeMetrics {
  std::map<protocol::TxVerdict, std::uint64_t> verdicts;  // of answered transactions
  Histogram submit;                                       // from submission to its answer
  Histogram block;                                        // making one, with its synced write
  std::map<std::string, Histogram, std::less<>> calls;    // by method
  std::map<std::pair<std::string, int>, std::uint64_t> call_errors;  // by method and code

  void write(MetricsPage& page) const;
};

// Of the HTTPS server and its WebSockets.
void write_http_metrics(MetricsPage& page, const net::ServerCounters& counters);
// Disk use of the ledger's store, by family of keys, and what the disk has left.
void write_store_metrics(MetricsPage& page, const store::RocksStore& store);
// This process's memory, processor time and descriptors, under the conventional names.
void write_process_metrics(MetricsPage& page);

}  // namespace assay::node

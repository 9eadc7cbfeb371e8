#include "assay/node/metrics.hpp"

#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>

namespace assay::node {

namespace {

std::string number(double value) {
  std::array<char, 64> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} ? std::string(text.data(), end) : std::string("NaN");
}

// A label's value: quotes, backslashes and line ends are escaped.
std::string label_text(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n')
      text += "\\n";
    else
      text += c;
  }
  return text + '"';
}

}  // namespace

void Histogram::observe(std::uint64_t microseconds) {
  ++m_count;
  m_sum_us += microseconds;
  for (std::size_t i = 0; i < kBounds.size(); ++i)
    if (static_cast<double>(microseconds) <= kBounds[i] * 1e6) {
      ++m_buckets[i];
      return;
    }
}

void MetricsPage::heading(const char* name, const char* type, const char* help) {
  m_text += std::string("# HELP ") + name + ' ' + help + "\n# TYPE " + name + ' ' + type + '\n';
}

void MetricsPage::line(std::string_view name, const Labels& labels, std::string_view value) {
  m_text += name;
  char before = '{';
  for (const auto& [key, label] : labels) {
    m_text += std::exchange(before, ',') + key + '=' + label_text(label);
  }
  if (!labels.empty()) m_text += '}';
  m_text += ' ';
  m_text += value;
  m_text += '\n';
}

void MetricsPage::sample(const char* name, const Labels& labels, std::uint64_t value) {
  line(name, labels, std::to_string(value));
}
void MetricsPage::sample(const char* name, const Labels& labels, double value) {
  line(name, labels, number(value));
}

void MetricsPage::histogram(const char* name, const Labels& labels, const Histogram& histogram) {
  std::uint64_t below = 0;
  Labels with_bound = labels;
  with_bound.emplace_back("le", "");
  const std::string bucket = std::string(name) + "_bucket";
  for (std::size_t i = 0; i < Histogram::kBounds.size(); ++i) {
    below += histogram.m_buckets[i];
    with_bound.back().second = number(Histogram::kBounds[i]);
    line(bucket, with_bound, std::to_string(below));
  }
  with_bound.back().second = "+Inf";
  line(bucket, with_bound, std::to_string(histogram.m_count));
  line(std::string(name) + "_sum", labels, number(static_cast<double>(histogram.m_sum_us) / 1e6));
  line(std::string(name) + "_count", labels, std::to_string(histogram.m_count));
}

void MetricsPage::gauge(const char* name, const char* help, std::uint64_t value) {
  heading(name, "gauge", help);
  sample(name, {}, value);
}
void MetricsPage::counter(const char* name, const char* help, std::uint64_t value) {
  heading(name, "counter", help);
  sample(name, {}, value);
}

void NodeMetrics::write(MetricsPage& page) const {
  constexpr const char* kVerdicts = "assay_transactions_total";
  page.heading(kVerdicts, "counter", "Transactions that were answered, by verdict.");
  for (const auto& [verdict, count] : verdicts)
    page.sample(kVerdicts, {{"verdict", to_string(verdict)}}, count);
  constexpr const char* kSubmit = "assay_submit_duration_seconds";
  page.heading(kSubmit, "histogram", "From a transaction's submission to its answer.");
  page.histogram(kSubmit, {}, submit);
  constexpr const char* kBlock = "assay_block_duration_seconds";
  page.heading(kBlock, "histogram", "Making one block, with its synced write.");
  page.histogram(kBlock, {}, block);
  constexpr const char* kCalls = "assay_rpc_duration_seconds";
  page.heading(kCalls, "histogram", "From a call to its answer, by method.");
  for (const auto& [method, histogram] : calls)
    page.histogram(kCalls, {{"method", method}}, histogram);
  constexpr const char* kErrors = "assay_rpc_errors_total";
  page.heading(kErrors, "counter", "Calls that were answered by an error, by method and code.");
  for (const auto& [key, count] : call_errors)
    page.sample(kErrors, {{"method", key.first}, {"code", std::to_string(key.second)}}, count);
}

void write_http_metrics(MetricsPage& page, const net::ServerCounters& http) {
  page.counter("assay_http_requests_total", "Requests received.", http.requests);
  page.counter("assay_http_bad_requests_total", "Requests that were malformed or over a limit.",
               http.bad_requests);
  page.counter("assay_http_timeouts_total", "Connections closed for being slow.", http.timed_out);
  page.counter("assay_http_connections_accepted_total", "Connections accepted.", http.accepted);
  page.counter("assay_http_connections_refused_total", "Connections over the total.", http.refused);
  page.counter("assay_http_connections_throttled_total", "Connections over a stranger's limit.",
               http.throttled);
  page.counter("assay_http_handshake_failures_total", "TLS handshakes that failed.",
               http.handshake_failed);
  page.gauge("assay_http_connections", "Open connections.", http.open_connections);
  page.gauge("assay_http_buffered_bytes", "Bodies of requests that are being read or answered.",
             http.buffered_bytes);
  page.gauge("assay_websockets", "Open WebSockets.", http.open_websockets);
  page.counter("assay_websockets_too_slow_total", "WebSockets closed for being slow.",
               http.too_slow);
}

void write_store_metrics(MetricsPage& page, const store::RocksStore& store) {
  constexpr const char* kBytes = "assay_store_table_bytes";
  page.heading(kBytes, "gauge", "Bytes of RocksDB's live table files, by family of keys.");
  for (const auto& [family, bytes] : store.family_bytes())
    page.sample(kBytes, {{"family", family}}, bytes);
  if (const auto left = store.free_bytes())
    page.gauge("assay_store_disk_free_bytes", "What the store's disk has left.", *left);
}

void write_process_metrics(MetricsPage& page) {
  std::ifstream memory("/proc/self/statm");
  std::uint64_t total = 0, resident = 0;
  if (memory >> total >> resident) {
    const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    page.gauge("process_resident_memory_bytes", "Memory in use.", resident * page_bytes);
    page.gauge("process_virtual_memory_bytes", "Memory reserved.", total * page_bytes);
  }
  std::timespec used{};
  if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0) {
    constexpr const char* kName = "process_cpu_seconds_total";
    page.heading(kName, "counter", "Processor time used.");
    page.sample(kName, {},
                static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9);
  }
  std::error_code failure;
  std::uint64_t open = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", failure), end; !failure && it != end;
       it.increment(failure))
    ++open;
  if (open > 0) page.gauge("process_open_fds", "Open file descriptors.", open);
}

}  // namespace assay::node

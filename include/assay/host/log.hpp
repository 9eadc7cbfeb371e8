// Logs: one line an entry, one write(2) a line, to standard error or a file.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>

#include "assay/core/faces.hpp"

namespace assay::host {

enum class LogFormat {
  kText,  // 2026-01-31T09:05:07.123Z info  game.move game=ab12 turn=3
  kJson,  // {"time":"2026-01-31T09:05:07.123Z","level":"info","event":"game.move","game":"ab12"}
};

struct LogOptions {
  LogFormat format = LogFormat::kText;
  LogLevel level = LogLevel::kInfo;  // entries below it are dropped
  std::filesystem::path file;        // empty: standard error; else appended to
};

// Thread-safe. Control characters are escaped and bytes that are not UTF-8 replaced, so that what a
// peer sent can neither forge a line nor break a reader. A full disk loses entries, never the
// process.
class LineLog final : public Log {
 public:
  // `clock` must outlive the log. kPermission, kIo or kNotFound if the file cannot be opened.
  [[nodiscard]] static Result<std::unique_ptr<LineLog>> open(const LogOptions& options,
                                                             const Clock& clock);
  ~LineLog() override;
  void write(LogLevel level, std::string_view event, const Fields& fields) override;

  // Entries below it are dropped from now on.
  void set_level(LogLevel level) { m_level = level; }
  [[nodiscard]] LogLevel level() const { return m_level; }

 private:
  LineLog(const LogOptions& options, const Clock& clock, int fd);
  LogOptions m_options;
  std::atomic<LogLevel> m_level;
  const Clock& m_clock;
  int m_fd;
};

// The line, without its newline (for tests and for other sinks).
[[nodiscard]] std::string format_log_line(LogFormat format, std::uint64_t unix_ms, LogLevel level,
                                          std::string_view event, const Log::Fields& fields);

[[nodiscard]] const char* name_of(LogLevel level) noexcept;
// "debug", "info", "warning", "error"; kInvalidArgument otherwise.
[[nodiscard]] Result<LogLevel> parse_log_level(std::string_view text);
// "text", "json"; kInvalidArgument otherwise.
[[nodiscard]] Result<LogFormat> parse_log_format(std::string_view text);

}  // namespace assay::host

#include "assay/host/log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "assay/core/utf8.hpp"
#include "assay/host/clock.hpp"
#include "internal/posix.hpp"

namespace assay::host {

namespace {

void append_escaped(std::string& line, std::string_view text) {
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      line += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if ((static_cast<unsigned char>(c) < 0x20) || c == 0x7f) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
      line += code;
    } else {
      line += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

void append_quoted(std::string& line, std::string_view text) {
  line += '"';
  append_escaped(line, text);
  line += '"';
}

bool is_plain(std::string_view text) noexcept {
  if (text.empty()) return false;
  for (const char c : text)
    if (c <= ' ' || static_cast<unsigned char>(c) >= 0x7f || c == '"' || c == '\\' || c == '=')
      return false;
  return true;
}

void append_value(std::string& line, std::string_view text) {
  if (is_plain(text))
    line += text;
  else
    append_quoted(line, text);
}

}  // namespace

const char* name_of(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarning: return "warning";
    case LogLevel::kError: return "error";
  }
  return "error";
}

std::string format_log_line(LogFormat format, std::uint64_t unix_ms, LogLevel level,
                            std::string_view event, const Log::Fields& fields) {
  std::string line;
  if (format == LogFormat::kJson) {
    line +=
        "{\"time\":\"" + rfc3339(unix_ms) + "\",\"level\":\"" + name_of(level) + "\",\"event\":";
    append_quoted(line, event);
    for (const auto& [key, value] : fields) {
      line += ',';
      append_quoted(line, key);
      line += ':';
      append_quoted(line, value);
    }
    return line + '}';
  }
  std::string padded = name_of(level);
  padded.resize(7, ' ');
  line += rfc3339(unix_ms) + " " + padded + " ";
  append_value(line, event);
  for (const auto& [key, value] : fields) {
    line += ' ';
    append_value(line, key);
    line += '=';
    append_value(line, value);
  }
  return line;
}

Result<LogLevel> parse_log_level(std::string_view text) {
  for (const LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError})
    if (text == name_of(level)) return level;
  return {ErrorCode::kInvalidArgument,
          "log level '" + std::string(text) + "': use debug, info, warning or error"};
}

Result<LogFormat> parse_log_format(std::string_view text) {
  if (text == "text") return LogFormat::kText;
  if (text == "json") return LogFormat::kJson;
  return {ErrorCode::kInvalidArgument, "log format '" + std::string(text) + "': use text or json"};
}

Result<std::unique_ptr<LineLog>> LineLog::open(const LogOptions& options, const Clock& clock) {
  Fd fd(options.file.empty()
            ? ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
            : ::open(options.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  if (!fd.valid())
    return errno_error(errno, "open log",
                       options.file.empty() ? std::filesystem::path("(stderr)") : options.file);
  return std::unique_ptr<LineLog>(new LineLog(options, clock, fd.release()));
}

LineLog::LineLog(const LogOptions& options, const Clock& clock, int fd)
    : m_options(options), m_level(options.level), m_clock(clock), m_fd(fd) {}
LineLog::~LineLog() { ::close(m_fd); }

void LineLog::write(LogLevel level, std::string_view event, const Fields& fields) {
  if (level < m_level.load()) return;
  const std::string line =
      format_log_line(m_options.format, m_clock.unix_ms(), level, event, fields) + "\n";
  // One call a line: lines of several threads, or of processes appending to one file, do not mix.
  [[maybe_unused]] const ssize_t n = ::write(m_fd, line.data(), line.size());
}

}  // namespace assay::host

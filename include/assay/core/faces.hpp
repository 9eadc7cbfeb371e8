// What the outside gives: time, randomness, storage, threads, progress and a log. Levels 0 to 7 use
// only these faces; `host`, `store` and the simulator implement them. No face is thread-safe unless
// its comment says so.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/core/hex.hpp"

namespace assay {

// Milliseconds since the Unix epoch for people, a monotonic count for durations.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual std::uint64_t unix_ms() const = 0;
  [[nodiscard]] virtual std::uint64_t monotonic_ms() const = 0;
};

// Cryptographic randomness (a seeded generator in the simulator). Never on a committed path.
class Rng {
 public:
  virtual ~Rng() = default;
  virtual void fill(MutableBytes out) = 0;
};

// Splits outputs over threads, never a reduction. `run` calls body(first, last) for disjoint ranges
// that cover [0, count), each a multiple of `grain` long but the last, and returns when all are
// done. Bodies run concurrently; each must set the floating-point mode that it needs.
class TaskPool {
 public:
  virtual ~TaskPool() = default;
  [[nodiscard]] virtual unsigned thread_count() const = 0;
  virtual void run(std::size_t count, std::size_t grain,
                   const std::function<void(std::size_t first, std::size_t last)>& body) = 0;
};

// Runs everything on the caller's thread.
class SerialTaskPool final : public TaskPool {
 public:
  [[nodiscard]] unsigned thread_count() const override { return 1; }
  void run(std::size_t count, std::size_t grain,
           const std::function<void(std::size_t, std::size_t)>& body) override;
};

// One atomic set of puts and deletes over an ordered map of bytes.
struct WriteBatch {
  struct Write {
    Bytes key;
    std::optional<Bytes> value;  // none: delete
  };
  std::vector<Write> writes;
  void put(Bytes key, Bytes value) { writes.push_back({std::move(key), std::move(value)}); }
  void erase(Bytes key) { writes.push_back({std::move(key), std::nullopt}); }
};

class KeyValueStore {
 public:
  virtual ~KeyValueStore() = default;
  [[nodiscard]] virtual Result<std::optional<Bytes>> get(ByteView key) const = 0;
  // All pairs whose key starts with `prefix`, ascending, until `visit` returns false.
  [[nodiscard]] virtual Status scan(
      ByteView prefix, const std::function<bool(ByteView key, ByteView value)>& visit) const = 0;
  // All or nothing, on disk when it returns.
  [[nodiscard]] virtual Status write(const WriteBatch& batch) = 0;
};

// A folder of named files, for roles' journals, checkpoints and blobs. Names are relative, of
// [A-Za-z0-9._/-], without "..".
class Files {
 public:
  virtual ~Files() = default;
  [[nodiscard]] virtual Result<Bytes> read(const std::string& name) const = 0;
  // By temporary name, fsync, rename, fsync of the folder: the old file or the new one, never a
  // part.
  [[nodiscard]] virtual Status write_atomically(const std::string& name, ByteView bytes) = 0;
  [[nodiscard]] virtual Status remove(const std::string& name) = 0;
  [[nodiscard]] virtual bool exists(const std::string& name) const = 0;
  // Names below `folder`, ascending.
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& folder) const = 0;
};

// How far a long computation is. Returning false asks it to stop.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual bool advance(std::uint64_t done, std::uint64_t total) = 0;
};

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Thread-safe. `event` is a stable id ("game.move"), the fields are for people and scripts.
class Log {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view event, const Fields& fields) = 0;
};

}  // namespace assay

// Runs a fuzz target without libFuzzer: every file of its corpus, then seeded mutations of them,
// the same ones on every machine up to the time limit of a second. What was being run when the
// target stopped is left in <target>.crash.
//
//   fuzz_json CORPUS [MUTATIONS [SECONDS]]
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "fuzz/fuzz.hpp"

namespace {

using assay::Bytes;
namespace fs = std::filesystem;

constexpr std::size_t kMaxInput = 64 * 1024;

std::string crash_file;
const Bytes* running = nullptr;

void leave_input(int signal) {
  const int file = ::open(crash_file.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0644);
  if (file >= 0 && running != nullptr) {
    const auto written = ::write(file, running->data(), running->size());
    static_cast<void>(written);
    ::close(file);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void run(const Bytes& input) {
  // A copy of exactly this size, so that a sanitizer sees every read behind it.
  const Bytes exact(input.begin(), input.end());
  running = &exact;
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  running = nullptr;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<Bytes>& corpus) : m_corpus(corpus), m_random(20'240'229) {}

  Bytes next() {
    Bytes input = any();
    for (std::uint64_t changes = 1 + below(4); changes > 0; --changes) change(input);
    if (input.size() > kMaxInput) input.resize(kMaxInput);
    return input;
  }

 private:
  std::uint64_t below(std::uint64_t n) { return m_random() % n; }
  const Bytes& any() { return m_corpus[below(m_corpus.size())]; }
  static auto at(Bytes& bytes, std::uint64_t index) {
    return bytes.begin() + static_cast<std::ptrdiff_t>(index);
  }

  // A number of the kind that breaks counts and bounds.
  std::uint64_t odd_number() {
    switch (below(4)) {
      case 0: return below(5);
      case 1: return std::uint64_t{1} << below(64);
      case 2: return (std::uint64_t{1} << below(64)) - 1;
      default: return m_random();
    }
  }

  void change(Bytes& input) {
    if (input.empty()) {
      input.push_back(static_cast<std::uint8_t>(m_random()));
      return;
    }
    const std::uint64_t place = below(input.size());
    const std::uint64_t length = 1 + below(std::min<std::uint64_t>(input.size() - place, 64));
    switch (below(8)) {
      case 0: input[place] ^= static_cast<std::uint8_t>(1U << below(8)); break;
      case 1: input[place] = static_cast<std::uint8_t>(odd_number()); break;
      case 2: {
        std::uint8_t raw[8];
        assay::store_le(raw, odd_number());
        const std::size_t width = std::size_t{1} << below(4);
        for (std::size_t i = 0; i < width && place + i < input.size(); ++i)
          input[place + i] = raw[i];
        break;
      }
      case 3: input.erase(at(input, place), at(input, place + length)); break;
      case 4: {
        const Bytes again(at(input, place), at(input, place + length));
        input.insert(at(input, place), again.begin(), again.end());
        break;
      }
      case 5: {
        Bytes noise(length);
        for (std::uint8_t& byte : noise) byte = static_cast<std::uint8_t>(m_random());
        input.insert(at(input, place), noise.begin(), noise.end());
        break;
      }
      case 6: input.resize(place); break;
      default: {  // goes on as another input does
        const Bytes& other = any();
        if (other.empty()) break;
        const std::uint64_t from =
            below(2) == 0 ? std::min<std::uint64_t>(place, other.size()) : below(other.size());
        input.resize(place);
        input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
        break;
      }
    }
  }

  const std::vector<Bytes>& m_corpus;
  std::mt19937_64 m_random;
};

std::vector<Bytes> read_corpus(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file()) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<Bytes> corpus;
  for (const fs::path& path : paths) {
    std::ifstream in(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return corpus;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4 || !fs::is_directory(argv[1])) {
    std::fprintf(stderr, "usage: %s CORPUS [MUTATIONS [SECONDS]]\n", argv[0]);
    return 2;
  }
  const std::uint64_t mutations = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100'000;
  const double seconds = argc > 3 ? std::strtod(argv[3], nullptr) : 1.0;
  crash_file = fs::path(argv[0]).filename().string() + ".crash";
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL})
    std::signal(signal, leave_input);

  const std::vector<Bytes> corpus = read_corpus(argv[1]);
  if (corpus.empty()) {
    std::fprintf(stderr, "%s holds no input\n", argv[1]);
    return 2;
  }
  run({});
  for (const Bytes& input : corpus) run(input);
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  Mutator mutator(corpus);
  std::uint64_t done = 0;
  for (; done < mutations && elapsed() < seconds; ++done) run(mutator.next());
  std::printf("%zu inputs and %llu mutations in %.2f s\n", corpus.size(),
              static_cast<unsigned long long>(done), elapsed());
  return 0;
}

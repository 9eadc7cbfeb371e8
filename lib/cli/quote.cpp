#include "assay/cli/quote.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "assay/core/hex.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/economics/market.hpp"
#include "assay/host/key_file.hpp"
#include "assay/host/read_file.hpp"
#include "assay/host/thread_pool.hpp"
#include "assay/protocol/block.hpp"
#include "assay/roles/solver.hpp"
#include "assay/training/execution.hpp"
#include "assay/training/metering.hpp"

namespace assay::cli {

namespace {

using economics::TaskTerms;
using economics::TermsVerdict;

double now_s() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

// The least value of one amount with which the terms hold, the others being ample. The inequalities
// only ask for more of each.
Amount least(TaskTerms terms, std::uint64_t TaskTerms::*field) {
  terms.solver_stake = terms.verifier_stake = terms.challenger_bond = economics::kMaxTaskAtoms;
  std::uint64_t low = 0, high = economics::kMaxTaskAtoms;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    terms.*field = middle;
    if (economics::check_terms(terms) == TermsVerdict::kHolds)
      high = middle;
    else
      low = middle + 1;
  }
  return Amount(high);
}

double median(std::vector<double> times) {
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2),
                   times.end());
  return times[times.size() / 2];
}

// The run's first steps; the first of all warms up.
Status measure(const training::Task& task, double seconds, TaskPool& pool, QuoteReport& report) {
  constexpr std::size_t kStepsMin = 3;
  constexpr std::size_t kStepsMax = 1000;
  ASSAY_TRY(const auto execution, training::ProgramExecution::create(task, pool));
  ASSAY_TRY(NamedTensors state, execution->initial_state());
  std::vector<double> steps, roots;
  const double begin = now_s();
  for (std::uint64_t t = 0; t <= kStepsMax; ++t) {
    const double start = now_s();
    ASSAY_TRY_STATUS(execution->step(t, state));
    const double middle = now_s();
    ASSAY_INVARIANT(training::state_root(state, pool) != Hash256{});
    if (t == 0) continue;
    steps.push_back(middle - start);
    roots.push_back(now_s() - middle);
    if (steps.size() >= kStepsMin && now_s() - begin > seconds) break;
  }
  report.step_s = median(std::move(steps));
  report.root_s = median(std::move(roots));
  report.seconds = report.step_s * static_cast<double>(task.header.steps) +
                   report.root_s * static_cast<double>(commit::transcript_entries(task.header));
  return {};
}

std::string tokens(Amount amount) {
  char text[48];
  std::snprintf(text, sizeof text, "%.6f tokens",
                static_cast<double>(amount.value) / static_cast<double>(kAtomsPerToken));
  return text;
}

}  // namespace

LeastAmounts least_amounts(const protocol::PostTask& terms) {
  const TaskTerms t = protocol::terms_of(terms);
  return {least(t, &TaskTerms::solver_stake), least(t, &TaskTerms::verifier_stake),
          least(t, &TaskTerms::challenger_bond)};
}

Result<QuoteReport> make_quote_report(const QuoteSettings& settings, TaskPool& pool) {
  ASSAY_TRY(const PreparedTask prepared, prepare_task(settings.task, pool));
  QuoteReport report;
  TaskSettings task = settings.task;
  if (settings.rate != 0) {
    const double units = static_cast<double>(training::work_units(*prepared.task));
    task.price = units * static_cast<double>(settings.rate) / 1e6 / kAtomsPerToken;
  }
  ASSAY_TRY(report.terms, make_unchecked_terms(task, *prepared.task));
  report.verdict = economics::check_terms(protocol::terms_of(report.terms));
  report.least = least_amounts(report.terms);
  ASSAY_TRY_STATUS(measure(*prepared.task, settings.seconds, pool, report));
  return report;
}

std::string to_text(const QuoteReport& r) {
  const protocol::PostTask& t = r.terms;
  char line[160];
  std::string text;
  const auto add = [&](const char* name, const std::string& value) {
    std::snprintf(line, sizeof line, "%-24s %s\n", name, value.c_str());
    text += line;
  };
  add("work", std::to_string(t.work_units) + " units (10^6 weighted operations)");
  std::snprintf(line, sizeof line, "%.3f ms a step, %.3f ms a root, here", 1e3 * r.step_s,
                1e3 * r.root_s);
  add("measured", line);
  std::snprintf(line, sizeof line, "%.1f s for %llu steps and %llu roots", r.seconds,
                static_cast<unsigned long long>(t.header.steps),
                static_cast<unsigned long long>(commit::transcript_entries(t.header)));
  add("time", line);
  add("price", tokens(t.price));
  add("verification fee", tokens(t.verification_fee));
  add("tax", tokens(t.tax));
  add("in all", tokens(Amount(t.price.value + t.verification_fee.value + t.tax.value)));
  add("least solver stake", tokens(r.least.solver_stake));
  add("least verifier stake", tokens(r.least.verifier_stake));
  add("least challenger bond", tokens(r.least.challenger_bond));
  add("the ledger would say", economics::to_string(r.verdict));
  return text;
}

codec::Json to_json(const QuoteReport& r) {
  const auto atoms = [](Amount a) { return std::to_string(a.value); };
  return codec::Json::object({{"work_units", std::to_string(r.terms.work_units)},
                              {"steps", r.terms.header.steps},
                              {"entries", commit::transcript_entries(r.terms.header)},
                              {"step_ms", 1e3 * r.step_s},
                              {"root_ms", 1e3 * r.root_s},
                              {"seconds", r.seconds},
                              {"price", atoms(r.terms.price)},
                              {"verification_fee", atoms(r.terms.verification_fee)},
                              {"tax", atoms(r.terms.tax)},
                              {"least_solver_stake", atoms(r.least.solver_stake)},
                              {"least_verifier_stake", atoms(r.least.verifier_stake)},
                              {"least_challenger_bond", atoms(r.least.challenger_bond)},
                              {"terms", economics::to_string(r.verdict)}});
}

namespace {

// What award_quote carries, but for the task.
Result<codec::Json> signed_quote(const QuoteSettings& s, const protocol::PostTask& terms) {
  constexpr std::uint64_t kGenesisBytesMax = std::uint64_t{1} << 20;
  ASSAY_TRY(const std::string password, host::read_password({.file = s.password_file}));
  ASSAY_TRY(const crypto::KeyPair key, host::open_key_file(s.key, password));
  ASSAY_TRY(const Bytes genesis_bytes, host::read_file(s.genesis, kGenesisBytesMax));
  ASSAY_TRY(const protocol::Genesis genesis, protocol::decode_genesis(genesis_bytes));
  protocol::Quote quote;
  quote.solver = AccountId(key.public_key());
  quote.task_root = commit::task_root(crypto::sha256_function(), terms.header);
  quote.price = terms.price;
  quote.solver_stake = terms.solver_stake;
  quote.replay_ms = terms.windows.replay_ms;
  quote.r_commitment = roles::quote_commitment(key, quote.task_root, quote.price);
  quote.valid_until = Height(s.valid_until);
  const auto id = from_hex(s.id);
  if (!id || id->size() != quote.id.size())
    return Error{ErrorCode::kInvalidArgument, "--id is 32 hexadecimal digits, new for each quote"};
  std::copy(id->begin(), id->end(), quote.id.begin());
  const Bytes bytes = codec::encode([&](codec::Writer& w) { protocol::write(w, quote); });
  const crypto::Signature signature =
      key.sign(protocol::quote_digest(protocol::chain_id_of(genesis), quote).view());
  return codec::Json::object({{"quote", to_hex(bytes)},
                              {"signature", to_hex(ByteView(signature))},
                              {"valid_until", quote.valid_until.value}});
}

Status run_quote(const QuoteSettings& s) {
  host::ThreadTaskPool pool(static_cast<unsigned>(s.threads));
  ASSAY_TRY(const QuoteReport report, make_quote_report(s, pool));
  codec::Json json = to_json(report);
  if (s.sign) {
    ASSAY_TRY(json["signed"], signed_quote(s, report.terms));
  }
  if (s.json) {
    std::printf("%s\n", json.dump(2).c_str());
    return {};
  }
  std::fputs(to_text(report).c_str(), stdout);
  if (s.sign) std::printf("%s\n", json["signed"].dump(2).c_str());
  return {};
}

}  // namespace

void add_quote_command(Command& root, QuoteSettings& s) {
  Command& command =
      root.subcommand("quote", "What a task takes on this machine, and what it would cost")
          .argument("file", s.task.model_file,
                    "TOML file of [model], [training] and [optimizer], as --model-file", false)
          .option("threads", s.threads, "threads for training; 0: one a core")
          .option("seconds", s.seconds, "how long to measure, at most (three steps at least)")
          .option("rate", s.rate, "atoms for 10^6 units of work; 0: the price is --price")
          .flag("json", s.json, "print JSON")
          .flag("sign", s.sign, "print a signed quote that a submitter can award")
          .option("key", s.key, "the solver's key file, to sign")
          .option("password-file", s.password_file, "its password [$ASSAY_PASSWORD]")
          .option("genesis", s.genesis, "the chain's genesis record, to sign")
          .option("valid-until", s.valid_until, "last height at which it may be awarded")
          .option("id", s.id, "of the quote: 32 hexadecimal digits, new for each one")
          .examples(
              "  assay quote gpt.toml --text corpus.txt --rate 16000\n"
              "  assay quote --model cnn --json | jq .seconds\n"
              "  assay quote gpt.toml --rate 16000 --sign --key solver.json --valid-until 90000 "
              "--id $(openssl rand -hex 16)");
  add_task_options(command, s.task, /*with_model_file=*/false);
  command.action([&s] { return run_quote(s); });
}

}  // namespace assay::cli

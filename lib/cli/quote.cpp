#include "assay/cli/quote.hpp"

#include <algorithm>
#include <cstdio>

#include "assay/cli/amounts.hpp"
#include "assay/core/hex.hpp"
#include "assay/protocol/horizon.hpp"
#include "assay/protocol/offer.hpp"
#include "assay/roles/solver.hpp"
#include "assay/training/execution.hpp"
#include "assay/training/metering.hpp"
#include "internal/state_proof.hpp"

namespace assay::cli {

namespace {

using economics::TaskTerms;
using economics::TermsVerdict;

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

// By the run's first steps.
Result<Measured> measure(const training::Task& task, double seconds, TaskPool& pool) {
  ASSAY_TRY(const auto execution, training::ProgramExecution::create(task, pool));
  Measured measured;
  ASSAY_TRY(measured.times,
            training::meter_steps(*execution, pool, {.seconds = seconds, .traces = true}));
  measured.quoted = roles::quoted_times(task.header, measured.times);
  measured.seconds =
      measured.times.step_s * static_cast<double>(task.header.steps) +
      measured.times.root_s * static_cast<double>(commit::transcript_entries(task.header));
  return measured;
}

double price_by_rate(const QuoteSettings& settings, std::uint64_t units) {
  return static_cast<double>(units) * static_cast<double>(settings.rate) / 1e6 / kAtomsPerToken;
}

// The task of a posted one's header, made of the model and the data that the options name.
Result<PreparedTask> prepare_posted(TaskSettings settings, const protocol::PostTask& terms,
                                    TaskPool& pool) {
  const commit::TaskHeader& header = terms.header;
  settings.steps = header.steps;
  settings.interval = header.commit_interval;
  settings.checkpoint_every = header.checkpoint_interval / header.commit_interval;
  settings.seed = header.seed;
  ASSAY_TRY(PreparedTask prepared, prepare_task(settings, pool));
  if (prepared.task->header != header)
    return {ErrorCode::kInvalidArgument, "this model or its data is not the posted task's"};
  const std::uint64_t units = training::work_units(*prepared.task);
  if (units != terms.work_units)
    return {ErrorCode::kConflict, "the posted task declares " + std::to_string(terms.work_units) +
                                      " units of work, but has " + std::to_string(units)};
  return prepared;
}

Status check_for_sale(const QuoteSettings& s, const internal::PostedTask& posted) {
  const protocol::TaskStatus status = posted.record.status;
  if (status != protocol::TaskStatus::kOpen && status != protocol::TaskStatus::kFunding)
    return {ErrorCode::kConflict,
            std::string("the task is not for sale: it is ") + to_string(status)};
  if (s.sign && s.valid_until <= posted.height.value)
    return {ErrorCode::kConflict, "--valid-until is past: the ledger is at height " +
                                      std::to_string(posted.height.value)};
  if (s.sign && s.valid_until - posted.height.value > protocol::kMaxValidityBlocks)
    return {ErrorCode::kInvalidArgument,
            "--valid-until is over " + std::to_string(protocol::kMaxValidityBlocks) +
                " blocks ahead of the ledger's height, " + std::to_string(posted.height.value)};
  return {};
}

// The price that is asked for a posted task.
Result<Amount> asked_price(const QuoteSettings& s, const protocol::PostTask& terms) {
  if (s.rate == 0 && !s.price_given) return terms.price;
  ASSAY_TRY(
      const Amount price,
      amount_of_tokens(s.rate == 0 ? s.task.price : price_by_rate(s, terms.work_units), "price"));
  if (price <= terms.price) return price;
  return {ErrorCode::kConflict,
          format_tokens(price) + " is over what the task pays, " + format_tokens(terms.price)};
}

void judge(QuoteReport& report) {
  report.verdict = economics::check_terms(protocol::terms_of(report.terms));
  report.least = least_amounts(report.terms);
}

}  // namespace

LeastAmounts least_amounts(const protocol::PostTask& terms) {
  const TaskTerms t = protocol::terms_of(terms);
  return {least(t, &TaskTerms::solver_stake), least(t, &TaskTerms::verifier_stake),
          least(t, &TaskTerms::challenger_bond)};
}

namespace {

Result<QuoteReport> report_posted(const QuoteSettings& settings, TaskPool& pool) {
  const auto id = hash_from_hex(settings.posted);
  if (!id) return {ErrorCode::kInvalidArgument, "--task is 64 hexadecimal digits"};
  ASSAY_TRY(internal::PostedTask posted, internal::read_posted_task(settings.party, TaskId(*id)));
  ASSAY_TRY_STATUS(check_for_sale(settings, posted));
  QuoteReport report;
  report.terms = std::move(posted.record.terms);
  report.digest = posted.record.posted_terms;
  if (!settings.task.model.empty() || !settings.task.model_file.empty()) {
    ASSAY_TRY(const PreparedTask prepared, prepare_posted(settings.task, report.terms, pool));
    ASSAY_TRY(report.measured, measure(*prepared.task, settings.seconds, pool));
  }
  ASSAY_TRY(report.terms.price, asked_price(settings, report.terms));
  judge(report);
  return report;
}

}  // namespace

Result<QuoteReport> make_quote_report(const QuoteSettings& settings, TaskPool& pool) {
  if (!settings.posted.empty()) return report_posted(settings, pool);
  ASSAY_TRY(const PreparedTask prepared, prepare_task(settings.task, pool));
  QuoteReport report;
  TaskSettings task = settings.task;
  if (settings.rate != 0)
    task.price = price_by_rate(settings, training::work_units(*prepared.task));
  ASSAY_TRY(report.terms, make_unchecked_terms(task, *prepared.task));
  report.digest = protocol::terms_digest(report.terms);
  judge(report);
  ASSAY_TRY(report.measured, measure(*prepared.task, settings.seconds, pool));
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
  if (r.measured) {
    const training::StepTimes& times = r.measured->times;
    std::snprintf(line, sizeof line, "%.3f ms a step, %.3f ms a root, %.3f ms a trace, here",
                  1e3 * times.step_s, 1e3 * times.root_s, 1e3 * times.trace_s);
    add("measured", line);
    std::snprintf(line, sizeof line, "%.1f s for %llu steps and %llu roots", r.measured->seconds,
                  static_cast<unsigned long long>(t.header.steps),
                  static_cast<unsigned long long>(commit::transcript_entries(t.header)));
    add("time", line);
    const protocol::ReplayTimes& quoted = r.measured->quoted;
    std::snprintf(line, sizeof line, "%.1f s an interval, %.1f s a game",
                  1e-3 * static_cast<double>(quoted.interval_ms),
                  1e-3 * static_cast<double>(quoted.game_ms));
    add("quoted for disputes", line);
  }
  add("price", format_tokens(t.price));
  add("verification fee", format_tokens(t.verification_fee));
  add("tax", format_tokens(t.tax));
  add("in all", format_tokens(Amount(protocol::copy_cost(t))));
  add("least solver stake", format_tokens(r.least.solver_stake));
  add("least verifier stake", format_tokens(r.least.verifier_stake));
  add("least challenger bond", format_tokens(r.least.challenger_bond));
  add("the ledger would say", economics::to_string(r.verdict));
  return text;
}

codec::Json to_json(const QuoteReport& r) {
  const auto atoms = [](Amount a) { return std::to_string(a.value); };
  codec::Json json = codec::Json::object({{"work_units", std::to_string(r.terms.work_units)},
                                          {"steps", r.terms.header.steps},
                                          {"entries", commit::transcript_entries(r.terms.header)},
                                          {"price", atoms(r.terms.price)},
                                          {"verification_fee", atoms(r.terms.verification_fee)},
                                          {"tax", atoms(r.terms.tax)},
                                          {"least_solver_stake", atoms(r.least.solver_stake)},
                                          {"least_verifier_stake", atoms(r.least.verifier_stake)},
                                          {"least_challenger_bond", atoms(r.least.challenger_bond)},
                                          {"terms", economics::to_string(r.verdict)}});
  if (r.measured) {
    json["step_ms"] = 1e3 * r.measured->times.step_s;
    json["root_ms"] = 1e3 * r.measured->times.root_s;
    json["trace_ms"] = 1e3 * r.measured->times.trace_s;
    json["interval_ms"] = r.measured->quoted.interval_ms;
    json["game_ms"] = r.measured->quoted.game_ms;
    json["seconds"] = r.measured->seconds;
  }
  return json;
}

}  // namespace assay::cli

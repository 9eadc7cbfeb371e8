// `assay quote`: what a task would take and cost, before anything is posted (docs/spec/cli.md).
#pragma once

#include "assay/cli/party.hpp"
#include "assay/cli/task_settings.hpp"
#include "assay/training/metering.hpp"

namespace assay::cli {

struct QuoteSettings {
  TaskSettings task;          // its amounts are what the quote is compared with
  std::uint64_t threads = 0;  // 0: one a core
  double seconds = 2;         // of measuring, at least three steps
  std::uint64_t rate = 0;     // atoms for 10^6 units of work; 0: the price is --price
  bool json = false;
  // A task that was posted, by its id: its terms, from the party's ledger. Of the options of `task`
  // those of model and data are measured, if a model is named, and have to be the posted task's.
  std::string posted;
  bool price_given = false;  // of a posted task: --price says what is asked, else all that it pays
  bool sign = false;
  PartySettings party;            // who signs
  std::uint64_t valid_until = 0;  // the last height at which the quote may be awarded; with `sign`
  std::string id;                 // 32 hexadecimal digits; a quote of the same id replaces it
};

// Stakes and bond that the ledger would just take with this price and fee: each the least, the
// others being there.
struct LeastAmounts {
  Amount solver_stake;
  Amount verifier_stake;
  Amount challenger_bond;
};
[[nodiscard]] LeastAmounts least_amounts(const protocol::PostTask& terms);

struct Measured {
  training::StepTimes times;
  protocol::ReplayTimes quoted;  // for disputes
  double seconds = 0;            // of the whole run on this machine
};
struct QuoteReport {
  protocol::PostTask terms;  // at the price that is asked
  Hash256 digest;            // terms_digest() as the task was or would be posted
  std::optional<Measured> measured;
  LeastAmounts least;
  economics::TermsVerdict verdict{};  // of the terms as they stand
};
// Errors: those of prepare_task() and the execution; kInvalidArgument naming the option; of a
// posted task also those of the ledger, kNotFound, and kConflict (it is not for sale, or not past
// `valid_until`).
[[nodiscard]] Result<QuoteReport> make_quote_report(const QuoteSettings& settings, TaskPool& pool);
[[nodiscard]] std::string to_text(const QuoteReport& report);
[[nodiscard]] codec::Json to_json(const QuoteReport& report);

// Adds `quote`. `settings` must outlive the parse.
void add_quote_command(Command& root, QuoteSettings& settings);

}  // namespace assay::cli

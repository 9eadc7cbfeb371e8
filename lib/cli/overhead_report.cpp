// A report of cli/overhead.hpp as tables, CSV and JSON.
#include <cstdio>

#include "assay/cli/overhead.hpp"
#include "assay/cli/terminal.hpp"

namespace assay::cli {

namespace {

std::string number(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

constexpr const char* kNone = "-";

std::string percent(double share) { return number(100 * share, share < 0.01 ? 3 : 2); }

std::vector<std::string> place(const OverheadRow& row) {
  return {row.model, std::to_string(row.threads), std::to_string(row.interval)};
}

codec::Json quartiles_json(const Quartiles& q) {
  return codec::Json::object({{"lower", q.lower}, {"median", q.median}, {"upper", q.upper}});
}

codec::Json dispute_json(const DisputeCost& d) {
  return codec::Json::object({{"defender_s", d.defender_s},
                              {"challenger_s", d.challenger_s},
                              {"referee_us", d.referee_us},
                              {"judge_us", d.judge_us},
                              {"moves", d.moves},
                              {"move_bytes", d.move_bytes},
                              {"evidence_bytes", d.evidence_bytes},
                              {"ledger_bytes", d.ledger_bytes}});
}

// Cells of the CSV: empty where there is no value.
std::string csv_row(const OverheadRow& r) {
  std::string line;
  const auto cell = [&](const std::string& text) {
    if (!line.empty()) line += ',';
    line += text;
  };
  const auto real = [&](std::optional<double> value) {
    cell(value ? number(*value, 6) : std::string());
  };
  const auto whole = [&](std::optional<std::uint64_t> value) {
    cell(value ? std::to_string(*value) : std::string());
  };
  const auto of_dispute = [&]<class T>(T DisputeCost::*member) {
    return r.dispute ? std::optional<T>((*r.dispute).*member) : std::nullopt;
  };
  cell(r.model);
  whole(r.threads);
  whole(r.interval);
  whole(r.state_bytes);
  real(r.step_ms);
  real(r.root_ms);
  for (const double share : {r.root_share.lower, r.root_share.median, r.root_share.upper})
    real(share);
  for (const auto quartile : {&Quartiles::lower, &Quartiles::median, &Quartiles::upper})
    real(r.training_ratio ? std::optional((*r.training_ratio).*quartile) : std::nullopt);
  real(r.replay_s);
  for (const auto member : {&DisputeCost::defender_s, &DisputeCost::challenger_s,
                            &DisputeCost::referee_us, &DisputeCost::judge_us})
    real(of_dispute(member));
  for (const auto member : {&DisputeCost::moves, &DisputeCost::move_bytes,
                            &DisputeCost::evidence_bytes, &DisputeCost::ledger_bytes})
    whole(of_dispute(member));
  whole(r.checkpoint_bytes);
  whole(r.ledger_bytes);
  return line + "\r\n";
}

}  // namespace

std::string overhead_table(const OverheadReport& report) {
  Table training({"model", "threads", "interval", "step ms", "root ms", "roots %", "(quartiles)",
                  "with roots", "(quartiles)", "checkpoint"});
  Table disputes({"model", "threads", "interval", "replay s", "defender s", "challenger s",
                  "referee us", "judge us", "moves", "moves' bytes", "ledger, quiet",
                  "ledger, dispute"});
  for (const OverheadRow& r : report.rows) {
    std::vector<std::string> cells = place(r);
    for (const std::string& text :
         {number(r.step_ms, 2), number(r.root_ms, 2), percent(r.root_share.median),
          percent(r.root_share.lower) + " to " + percent(r.root_share.upper)})
      cells.push_back(text);
    const auto& ratio = r.training_ratio;
    cells.push_back(ratio ? number(ratio->median, 4) : kNone);
    cells.push_back(ratio ? number(ratio->lower, 4) + " to " + number(ratio->upper, 4) : kNone);
    cells.push_back(format_bytes(r.checkpoint_bytes));
    training.row(std::move(cells));

    cells = place(r);
    cells.push_back(r.replay_s ? number(*r.replay_s, 3) : kNone);
    if (const auto& d = r.dispute) {
      for (const std::string& text :
           {number(d->defender_s, 2), number(d->challenger_s, 2), number(d->referee_us, 0),
            number(d->judge_us, 0), std::to_string(d->moves), format_bytes(d->move_bytes)})
        cells.push_back(text);
    } else {
      cells.insert(cells.end(), 6, kNone);
    }
    cells.push_back(format_bytes(r.ledger_bytes));
    cells.push_back(r.dispute ? format_bytes(r.dispute->ledger_bytes) : kNone);
    disputes.row(std::move(cells));
  }
  return report.processor + ", " + report.kernels + " kernels, " + report.hashing +
         " hashing\n\nRoots while training\n" + training.text() + "\nReplays and disputes\n" +
         disputes.text();
}

std::string overhead_csv(const OverheadReport& report) {
  std::string text =
      "model,threads,interval,state_bytes,step_ms,root_ms,root_share_lower,root_share_median,"
      "root_share_upper,training_ratio_lower,training_ratio_median,training_ratio_upper,replay_s,"
      "defender_s,challenger_s,referee_us,judge_us,moves,move_bytes,evidence_bytes,"
      "dispute_ledger_bytes,checkpoint_bytes,ledger_bytes\r\n";
  for (const OverheadRow& row : report.rows) text += csv_row(row);
  return text;
}

codec::Json overhead_json(const OverheadReport& report) {
  codec::Json json = codec::Json::object({{"processor", report.processor},
                                          {"kernels", report.kernels},
                                          {"hashing", report.hashing},
                                          {"rows", codec::Json::array()}});
  for (const OverheadRow& r : report.rows) {
    codec::Json row = codec::Json::object({{"model", r.model},
                                           {"threads", r.threads},
                                           {"interval", r.interval},
                                           {"state_bytes", r.state_bytes},
                                           {"step_ms", r.step_ms},
                                           {"root_ms", r.root_ms},
                                           {"root_share", quartiles_json(r.root_share)},
                                           {"checkpoint_bytes", r.checkpoint_bytes},
                                           {"ledger_bytes", r.ledger_bytes}});
    if (r.training_ratio) row["training_ratio"] = quartiles_json(*r.training_ratio);
    if (r.replay_s) row["replay_s"] = *r.replay_s;
    if (r.dispute) row["dispute"] = dispute_json(*r.dispute);
    json["rows"].push_back(std::move(row));
  }
  return json;
}

}  // namespace assay::cli

#include <cstdio>

#include "assay/cli/quote.hpp"
#include "assay/core/hex.hpp"
#include "assay/host/thread_pool.hpp"
#include "assay/protocol/offer.hpp"
#include "assay/roles/solver.hpp"

namespace assay::cli {

namespace {

// What award_quote carries, but for the task.
Result<codec::Json> signed_quote(const QuoteSettings& s, const QuoteReport& report) {
  ASSAY_TRY(const crypto::KeyPair key, open_party_key(s.party));
  ASSAY_TRY(const protocol::Genesis genesis, read_party_genesis(s.party));
  const protocol::PostTask& terms = report.terms;
  protocol::Quote quote;
  quote.solver = AccountId(key.public_key());
  quote.terms = report.digest;
  quote.price = terms.price;
  quote.times = report.measured ? report.measured->quoted : protocol::longest_times(terms.windows);
  if (!protocol::are_allowed(quote.times, terms.windows))
    return Error{ErrorCode::kConflict,
                 "the task leaves less time for games than this machine would take: " +
                     std::to_string(quote.times.interval_ms) + " ms for an interval and " +
                     std::to_string(quote.times.game_ms) + " ms for a game"};
  quote.valid_until = Height(s.valid_until);
  const auto id = array_from_hex<16>(s.id);
  if (!id)
    return Error{ErrorCode::kInvalidArgument, "--id is 32 hexadecimal digits, new for each quote"};
  quote.id = *id;
  quote.r_commitment = roles::quote_commitment(key, quote.id);
  const Bytes bytes = codec::encode([&](codec::Writer& w) { protocol::write(w, quote); });
  const crypto::Signature signature =
      key.sign(protocol::quote_digest(protocol::chain_id_of(genesis), quote).view());
  return codec::Json::object({{"quote", to_hex(bytes)},
                              {"signature", to_hex(ByteView(signature))},
                              {"valid_until", quote.valid_until.value}});
}

Status run_quote(const QuoteSettings& s) {
  if (s.sign && s.valid_until == 0)
    return {ErrorCode::kInvalidArgument,
            "--sign wants --valid-until: the last height at which the quote may be awarded"};
  host::ThreadTaskPool pool(static_cast<unsigned>(s.threads));
  ASSAY_TRY(const QuoteReport report, make_quote_report(s, pool));
  codec::Json json = to_json(report);
  if (s.sign) {
    ASSAY_TRY(json["signed"], signed_quote(s, report));
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
          .option("task", s.posted,
                  "id of a posted task: quote its terms; model and data count if they are named")
          .flag("sign", s.sign, "print a signed quote that a submitter can award")
          .option("valid-until", s.valid_until,
                  "with --sign: last height at which it may be awarded")
          .option("id", s.id, "of the quote: 32 hexadecimal digits, new for each one")
          .examples(
              "  assay quote gpt.toml --text corpus.txt --rate 16000\n"
              "  assay quote --model cnn --json | jq .seconds\n"
              "  assay quote --task 91c4... --home solver --price 80 --sign --valid-until 90000 "
              "\\\n"
              "    --id $(openssl rand -hex 16) --json > quote.json");
  add_party_options(command, s.party);
  add_task_options(command, s.task, /*with_model_file=*/false);
  command.action([&s, &command] {
    s.price_given = command.was_given("price");
    return run_quote(s);
  });
}

}  // namespace assay::cli

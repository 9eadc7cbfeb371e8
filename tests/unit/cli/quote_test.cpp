#include "assay/cli/quote.hpp"

#include <gmock/gmock.h>

#include "assay/economics/best_response.hpp"
#include "assay/host/read_file.hpp"
#include "assay/training/metering.hpp"
#include "support/temporary_folder.hpp"

namespace assay::cli {
namespace {

using economics::TermsVerdict;
using testing::HasSubstr;

constexpr char kModel[] =
    "[model]\nfamily = 'llama'\nlayers = 1\nwidth = 16\nheads = 4\nkey_heads = 2\nsequence = 8\n"
    "[training]\nsteps = 40\nbatch = 2\n";

class Quote : public testing::Test {
 protected:
  Quote() {
    std::string text;
    for (int i = 0; i < 20; ++i) text += "the cat sat on the mat and the dog sat on the cat. ";
    EXPECT_TRUE(host::write_file(m_folder.path() / "model.toml", as_bytes(kModel)));
    EXPECT_TRUE(host::write_file(m_folder.path() / "text.txt", as_bytes(text)));
    settings.task.model_file = (m_folder.path() / "model.toml").string();
    settings.task.text = (m_folder.path() / "text.txt").string();
    settings.task.interval = 4;
    settings.seconds = 0;  // three steps
  }
  QuoteReport report() {
    auto made = make_quote_report(settings, m_pool);
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
  // With each amount at the least, and one atom under it.
  static TermsVerdict verdict(protocol::PostTask terms, const LeastAmounts& least,
                              Amount protocol::PostTask::*field, std::uint64_t under) {
    terms.solver_stake = terms.verifier_stake = terms.challenger_bond =
        Amount(economics::kMaxTaskAtoms);
    const Amount of_field = field == &protocol::PostTask::solver_stake     ? least.solver_stake
                            : field == &protocol::PostTask::verifier_stake ? least.verifier_stake
                                                                           : least.challenger_bond;
    terms.*field = Amount(of_field.value - under);
    return economics::check_terms(protocol::terms_of(terms));
  }

  QuoteSettings settings;

 private:
  test::TemporaryFolder m_folder;
  SerialTaskPool m_pool;
};

TEST_F(Quote, MeasuresMetersAndPrices) {
  settings.rate = 16'000;
  const QuoteReport r = report();
  EXPECT_GT(r.terms.work_units, 0u);
  // Atoms for 10^6 units.
  EXPECT_NEAR(static_cast<double>(r.terms.price.value),
              static_cast<double>(r.terms.work_units) * 16'000 / 1e6, 1);
  EXPECT_EQ(r.terms.tax.value, (r.terms.price.value * 2 + 99) / 100);
  ASSERT_TRUE(r.measured);
  const training::StepTimes& times = r.measured->times;
  EXPECT_GT(times.step_s, 0);
  EXPECT_GT(times.root_s, 0);
  EXPECT_GT(times.trace_s, 0);
  EXPECT_NEAR(r.measured->seconds, 40 * times.step_s + 11 * times.root_s, 1e-9);
  const codec::Json json = to_json(r);
  EXPECT_EQ(*codec::JsonRef(json)["work_units"].string(), std::to_string(r.terms.work_units));
  EXPECT_EQ(*codec::JsonRef(json)["entries"].u64(), 11u);
  EXPECT_THAT(to_text(r), HasSubstr("least verifier stake"));
}

TEST_F(Quote, TheLeastAmountsAreTheLeast) {
  for (const std::uint64_t one_in : {0, 1, 8}) {
    settings.task.forced_one_in = one_in;
    const QuoteReport r = report();
    for (const auto field : {&protocol::PostTask::solver_stake, &protocol::PostTask::verifier_stake,
                             &protocol::PostTask::challenger_bond}) {
      EXPECT_EQ(verdict(r.terms, r.least, field, 0), TermsVerdict::kHolds) << one_in;
      EXPECT_NE(verdict(r.terms, r.least, field, 1), TermsVerdict::kHolds) << one_in;
    }
  }
}

// E-7: the rarer the error, the more a verifier has at stake, and the quote says how much.
TEST_F(Quote, RarerErrorsWantLargerStakes) {
  settings.task.forced_one_in = 8;
  const QuoteReport r = report();
  EXPECT_EQ(r.verdict, TermsVerdict::kWatchingUnpaid);
  const std::uint64_t replay = economics::cost_bound(r.terms.price.value, 1, 11);
  EXPECT_EQ(r.least.verifier_stake.value,
            *economics::least_at_stake({r.terms.force_rate, 11, 0, 0, replay}));
  EXPECT_THAT(to_text(r), HasSubstr("raise the verifier stake"));
}

}  // namespace
}  // namespace assay::cli

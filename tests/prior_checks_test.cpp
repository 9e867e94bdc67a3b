// Prior predictive checks: their law against integrals over the priors, their words in the stream,
// and that they are the same numbers wherever they are counted.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "host/taugrid/prior_checks.h"
#include "host/taugrid/tau_prior_law.h"
#include "host/taugrid/writers.h"
#include "kernels/cpu/study_kernels.h"
#include "tests/data_sets.h"
#include "tests/derive_all.h"
#include "tests/prior_formulas.h"
#include "tests/refusal.h"
#include "tests/same_bits.h"

namespace taugrid {
namespace {

using Json = nlohmann::json;

DeriveRequest prior_only(std::vector<std::string> names = {"max", "min", "mean", "sd"}) {
  DeriveRequest request;
  request.prior_checks = std::move(names);
  return request;
}

std::vector<PredictiveCheck> checks(const std::string& tau_prior, const std::string& mu_prior,
                                    int64_t n, const Data& data = eight_schools(),
                                    int threads = 2) {
  return derive(Posterior(data, tau_prior, mu_prior, {"cpu", threads}), n, prior_only())
      .prior_checks;
}

// P(mean of y_rep >= that of y): given tau, mean of y_rep ~ N(m0, s0^2 + sum (sigma_j^2 + tau^2)
// / J^2), by the rectangle rule in log tau over the prior.
double exact_mean_p(const std::string& tau_prior, double m0, double s0, const Data& data) {
  const Wide n = static_cast<Wide>(data.y.size());
  Wide mean = 0, sigma2 = 0, total = 0, above = 0;
  for (size_t j = 0; j < data.y.size(); ++j) {
    mean += data.y[j] / n;
    sigma2 += Wide(data.sigma[j]) * data.sigma[j];
  }
  for (Wide x = -60; x < 60; x += 2e-3L) {
    const Wide tau = std::exp(x);
    const Wide weight = tau * std::exp(prior_formula(tau_prior, data.sigma, tau).log_density);
    const Wide sd = std::sqrt(s0 * s0 + (sigma2 + n * tau * tau) / (n * n));
    total += weight;
    above += weight * std::erfc((mean - m0) / sd / std::sqrt(2.0L)) / 2;
  }
  return static_cast<double>(above / total);
}

// Those that prior_formula knows, and that can be drawn from.
std::vector<std::string> proper_examples() {
  std::vector<std::string> examples;
  for (const TauPriorRow& row : tau_prior_rows()) {
    const std::string name = row.name;
    if (name != "fixed" && name != "table" && name != "mixture" &&
        parse_tau_prior(row.example).proper)
      examples.emplace_back(row.example);
  }
  return examples;
}

class PriorChecks : public testing::TestWithParam<std::string> {};

// Within 4.5 standard errors (p = 7e-6 each), of priors made from the sigmas too.
TEST_P(PriorChecks, OfTheMeanAreTheIntegralOverThePrior) {
  constexpr int64_t kDraws = 1'000'000;
  const auto found = checks(GetParam(), "normal:1,6", kDraws);
  const double exact = exact_mean_p(GetParam(), 1, 6, eight_schools());
  EXPECT_NEAR(found[2].p_value, exact, 4.5 * std::sqrt(exact * (1 - exact) / kDraws));
  EXPECT_EQ(found[2].p_value, static_cast<double>(found[2].count) / kDraws);
}
INSTANTIATE_TEST_SUITE_P(Rows, PriorChecks, testing::ValuesIn(proper_examples()),
                         [](const auto& info) {
                           return info.param.substr(0, info.param.find(':'));
                         });

// Atoms (one at 0), school sums beside them, and a table: the average of their rows.
TEST(PriorChecks, OfAMixtureAreTheAverageOfItsRows) {
  constexpr int64_t kDraws = 1'000'000;
  const Data data = eight_schools();
  const double of_sums = exact_mean_p("conventional", 1, 6, data);
  const auto known = [&](double tau) {
    return checks(fmt::format("fixed:{}", tau), "normal:1,6", kDraws)[2].p_value;
  };
  const double exact = 0.5 * of_sums + 0.3 * known(0) + 0.2 * known(30);
  const auto found =
      checks("mixture:0.5*conventional+0.3*fixed:0+0.2*fixed:30", "normal:1,6", kDraws);
  EXPECT_NEAR(found[2].p_value, exact, 6.5 * 0.5 / 1000);
  const auto atoms = checks("mixture:0.6*fixed:0+0.4*fixed:30", "normal:1,6", kDraws);
  EXPECT_NEAR(atoms[2].p_value, 0.6 * known(0) + 0.4 * known(30), 6.5 * 0.5 / 1000);
}

// y_rep_j ~ N(m0, s0^2 + sigma_j^2 + tau^2) where tau is known: of one study, max, min and mean are
// that.
TEST(PriorChecks, OfAKnownTauHaveTheirClosedForm) {
  constexpr int64_t kDraws = 1'000'000;
  const Data one{{9}, {3}, {}};
  DeriveRequest request = prior_only({"max", "min", "mean"});
  for (const double tau : {0.0, 4.0}) {
    const Posterior posterior(one, fmt::format("fixed:{}", tau), "normal:2,5", {"cpu", 1});
    const auto found = derive(posterior, kDraws, request).prior_checks;
    const double sd = std::sqrt(25 + 9 + tau * tau),
                 exact = 0.5 * std::erfc(7 / sd / std::sqrt(2.0));
    for (const PredictiveCheck& check : found) {
      EXPECT_NEAR(check.p_value, exact, 4.5 * std::sqrt(exact * (1 - exact) / kDraws));
      EXPECT_NEAR(check.mean, 2, 4.5 * sd / 1000);
      EXPECT_NEAR(check.sd, sd, 4.5 * sd / std::sqrt(2.0 * kDraws));
      EXPECT_EQ(check.observed, 9);
    }
  }
}

// A uniform mu: mean of y_rep between bounds, by a sum over mu.
TEST(PriorChecks, TakeMuFromItsBounds) {
  constexpr int64_t kDraws = 1'000'000;
  double exact = 0;
  for (int i = 0; i < 10'000; ++i)
    exact += 0.5 * std::erfc((4 - (-3 + 11 * (i + 0.5) / 10'000)) / 2.5 / std::sqrt(2.0)) / 10'000;
  const Data two{{3, 5}, {3, 3}, {}};  // sd of the mean: sqrt((9 + 3.5) / 2) = 2.5
  const auto found =
      checks(fmt::format("fixed:{:.17g}", std::sqrt(3.5)), "uniform:-3,8", kDraws, two);
  EXPECT_NEAR(found[2].p_value, exact, 4.5 * std::sqrt(exact * (1 - exact) / kDraws));
}

// Beyond every double in half of its tail: what is counted is still no NaN. Half of the mean's
// sign.
TEST(PriorChecks, OfATauBeyondEveryDoubleAreCounted) {
  constexpr int64_t kDraws = 200'000;
  const auto found = checks("log_normal:3000,1", "normal:0,1", kDraws);
  EXPECT_NEAR(found[2].p_value, 0.5, 4.5 * 0.5 / std::sqrt(kDraws));
  EXPECT_EQ(found[3].count, static_cast<uint64_t>(kDraws));  // sd
  EXPECT_NEAR(found[0].p_value, 1 - 0x1p-8, 1e-3);           // some y_rep is positive
  EXPECT_NEAR(found[1].p_value, 0x1p-8, 1e-3);               // all are
}

// T(y_rep) has the moments that tau has under its prior.
TEST(PriorChecks, MomentsThatDoNotExistAreAbsent) {
  const auto moments = [](const char* prior) {
    const auto found = checks(prior, "normal:0,5", 1000);
    return std::pair{std::isnan(found[0].mean), std::isnan(found[3].sd)};
  };
  EXPECT_EQ(moments("half_normal:5"), (std::pair{false, false}));
  EXPECT_EQ(moments("half_t:2,5"), (std::pair{false, true}));
  EXPECT_EQ(moments("half_cauchy:5"), (std::pair{true, true}));
}

// ---- the stream

TEST(PriorDraws, TakeTheWordsOfTheTable) {
  using D = Scalar<>;
  constexpr int64_t kDraws = 16, kSchools = 5;
  PriorDrawPlan plan{};
  plan.priors.n_schools = kSchools;
  plan.priors.tau_known = true;
  plan.priors.tau = 3;
  plan.priors.mu_prior.form = MuForm::kUniform;
  plan.priors.mu_prior.a = -2;
  plan.priors.mu_prior.b = 6;
  plan.centre = 100;
  plan.unit = 4;
  std::vector<double> theta(kDraws * kSchools);
  constexpr uint64_t kFirst = uint64_t{5} << 33;
  cpu_kernels().study()->draw_from_priors(plan, {kSeed, 0, Purpose::kPriorDraw}, kFirst, kDraws,
                                          theta.data(), kDraws);
  for (uint32_t i = 0; i < kDraws; ++i) {
    const auto words = [&](uint32_t block) {
      return philox4x32_10<D>(kSeed, 0x20000000u + block, 0, i, 10);
    };
    const double mu = std::fma(8, uniform<D>(words(0), 1), -2);
    for (uint32_t j = 0; j < kSchools; ++j) {
      const auto pair = box_muller<D>(words(1 + j / 2));
      EXPECT_EQ(theta[j * kDraws + i],
                std::fma(4, std::fma(3, j % 2 ? pair.z1 : pair.z0, mu), 100));
    }
  }
}

std::vector<double> values(const std::vector<PredictiveCheck>& checks) {
  std::vector<double> all;
  for (const PredictiveCheck& c : checks)
    all.insert(all.end(),
               {c.observed, c.mean, c.sd, c.p_value, c.mcse, static_cast<double>(c.count)});
  return all;
}

TEST(PriorChecks, ThreadsGiveTheBitsOfOne) {
  for (const int64_t n : {int64_t{1}, int64_t{40'007}}) {
    const auto one = values(checks("half_normal:5", "normal:0,5", n, eight_schools(), 1));
    for (const int threads : {2, 7})
      EXPECT_SAME_BITS(one,
                       values(checks("half_normal:5", "normal:0,5", n, eight_schools(), threads)));
  }
}

TEST(PriorChecks, InstructionSetsGiveTheSameBits) {
  std::vector<double> first;
  for (const CpuKernels* kernels : cpu_kernels_available()) {
    setenv("TAUGRID_ISA", kernels->isa, 1);
    auto bits = values(checks("dumouchel", "normal:0,5", 20'007));
    const auto more =
        values(checks("mixture:0.5*fixed:0+0.5*overall_jeffreys", "uniform:-9,30", 20'007));
    unsetenv("TAUGRID_ISA");
    bits.insert(bits.end(), more.begin(), more.end());
    if (first.empty()) first = bits;
    EXPECT_SAME_BITS(first, bits) << kernels->isa;
  }
}

// Thousands of schools come in parts of a block, of which the sums are those of the whole.
TEST(PriorChecks, PartsOfABlockAreTheBlock) {
  Data many;
  for (int j = 0; j < 3000; ++j) {
    many.y.push_back(std::sin(j));
    many.sigma.push_back(1 + 0.1 * (j % 7));
  }
  ASSERT_LT(part_draws(3000), kBlockDraws);
  const auto all = checks("half_normal:1", "normal:0,1", 3000, many);
  // E y_rep^2 = 1 + 1 + sigma^2: of the mean's sd, 1 and next to nothing.
  EXPECT_NEAR(all[2].sd, 1, 4.5 / std::sqrt(2 * 3000.0) + 1e-2);
  EXPECT_NEAR(all[2].mean, 0, 4.5 / std::sqrt(3000.0));
}

TEST(PriorChecks, ThePrecisionOfThePosteriorDrawsIsAnotherMatter) {
  const Posterior posterior(eight_schools(), "half_normal:5", "normal:0,5", {"cpu", 2});
  EXPECT_SAME_BITS(
      values(derive(posterior, 20'007, prior_only(), Precision::kSingle).prior_checks),
      values(derive(posterior, 20'007, prior_only(), Precision::kDouble).prior_checks));
}

TEST(PriorChecks, LeaveTheRestAsItIs) {
  const Posterior posterior(eight_schools(), "half_normal:5", "normal:0,5", {"cpu", 2});
  DeriveRequest both = kAll;
  both.prior_checks = {"max"};
  const DrawSummary with = derive(posterior, 20'007, both), without = derive(posterior, 20'007);
  EXPECT_SAME_BITS(values(with.checks), values(without.checks));
  EXPECT_EQ(with.derived.best.counts, without.derived.best.counts);
  EXPECT_TRUE(without.prior_checks.empty());
}

// As many again as the posterior's, in order, and a stop is heard.
TEST(PriorChecks, ProgressGoesOnFromThePosteriorDraws) {
  const Posterior posterior(eight_schools(), "half_normal:5", "normal:0,5", {"cpu", 2});
  int64_t last = 0;
  const auto progress = [&](int64_t done) {
    EXPECT_GT(done, last);
    last = done;
  };
  posterior.draw_summary(20'007, 1, {progress, {}}, false, {}, Precision::kDouble, prior_only());
  EXPECT_EQ(last, 2 * 20'007);
  EXPECT_THROW(posterior.draw_summary(20'007, 1, {{}, [&] { return last > 20'007; }}, false, {},
                                      Precision::kDouble, prior_only()),
               Stopped);
}

// ---- what is refused, and written

TEST(PriorChecks, AreRefusedUnderImproperPriors) {
  const auto why = [](const char* tau, const char* mu) {
    return refusal([&] { checks(tau, mu, 10); });
  };
  EXPECT_EQ(why("uniform", "normal:0,5"),
            "check-prior: tau prior uniform is improper, and nothing can be drawn from it; a "
            "proper one (half_normal:scale, half_cauchy:scale, ..) will do");
  EXPECT_EQ(why("half_normal:5", "flat"),
            "check-prior: mu prior flat is improper, and nothing can be drawn from it; "
            "normal:mean,sd or uniform:lower,upper will do");
  EXPECT_EQ(why("fixed:inf", "normal:0,5"),
            "check-prior: at tau = infinity the prior of a study's data is improper");
  EXPECT_EQ(refusal([] { parse_derive("", "", "max,median"); }),
            "check-prior 'max,median': 'median' is unknown, must be one of max, min, mean, sd, "
            "separated by commas");
  EXPECT_EQ(refusal([] {
              derive(Posterior({{3}, {2}, {}}, "half_normal:1", "normal:0,5", {"cpu", 1}), 10,
                     prior_only({"sd"}));
            }),
            "check-prior sd: there is 1 school, must be at least 2");
}

TEST(PriorChecks, AreWritten) {
  const Posterior posterior(eight_schools(), "half_cauchy:5", "normal:0,5", {"cpu", 1});
  const FitSummary fit = posterior.summary();
  const DrawSummary draw = derive(posterior, 1000, prior_only());
  const Json object = Json::parse(find_writer("json").text({fit, &draw}));
  ASSERT_EQ(object["prior_checks"].size(), 4u);
  EXPECT_FALSE(object.contains("checks"));
  const Json& sd = object["prior_checks"][3];
  EXPECT_EQ(sd["statistic"], "sd");
  EXPECT_EQ(sd["p_value"].get<double>(), draw.prior_checks[3].p_value);
  EXPECT_TRUE(sd["mean"].is_null() && sd["sd"].is_null());
  EXPECT_NE(find_writer("csv").text({fit, &draw}).find("prior_checks[4].p_value"),
            std::string::npos);
  const std::string table = find_writer("table").text({fit, &draw});
  EXPECT_NE(table.find("\nPrior predictive checks\n"), std::string::npos) << table;
}

}  // namespace
}  // namespace taugrid

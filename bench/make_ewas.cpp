// Writes an epigenome-like file of many small meta-analyses, for trials of `taugrid batch` at any
// size: k = 2 .. 10 studies a group (or --k LO HI), mu ~ N(0, 1), tau ~ half-Cauchy(1) (at most
// 1000), theta_j ~ N(mu, tau^2), sigma_j log-uniform in (0.1, 1), y_j ~ N(theta_j, sigma_j^2), six
// significant digits. Every number is a function of (seed, group) by Philox.
//
//   taugrid_make_ewas 850000 [--seed S] [--wide] [--k LO HI] > ewas.csv
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "kernels/math/elementary.h"
#include "kernels/math/normal_distribution.h"
#include "kernels/math/philox.h"

namespace {

using namespace taugrid;
using S = Scalar<>;

// The uniforms of one group, one after another.
class Uniforms {
 public:
  Uniforms(uint64_t seed, uint64_t group) : at_{seed, 0, Purpose::kSyntheticData}, group_(group) {}
  double next() {
    if (n_ % 2 == 0) block_ = draw_block<S>(at_, group_, n_ / 2);
    return uniform<S>(block_, static_cast<int>(n_++ % 2));
  }
  double normal() {
    const double u = next();
    const double z = normal_quantile<S>(u > 0.5 ? 1.0 - u : u);
    return u > 0.5 ? -z : z;
  }

 private:
  StreamPosition at_;
  uint64_t group_;
  uint32_t n_ = 0;
  Block<S> block_{};
};

}  // namespace

int main(int argc, char** argv) {
  uint64_t n = 0, seed = 1;
  int low = 2, high = 10;
  bool wide = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--wide") {
      wide = true;
    } else if (word == "--seed" && i + 1 < argc) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (word == "--k" && i + 2 < argc) {
      low = std::atoi(argv[++i]);
      high = std::atoi(argv[++i]);
    } else {
      n = std::strtoull(argv[i], nullptr, 10);
    }
  }
  if (n == 0 || low < 1 || high < low) {
    std::fputs("taugrid_make_ewas GROUPS [--seed S] [--wide] [--k LO HI]\n", stderr);
    return 2;
  }
  std::string text = "group,y,sigma\n";
  if (wide) {
    text = "group";
    for (int j = 1; j <= high; ++j) text += fmt::format(",y{0},se{0}", j);
    text += "\n";
  }
  for (uint64_t g = 0; g < n; ++g) {
    Uniforms random(seed, g);
    const int k = low + static_cast<int>(random.next() * (high - low + 1));
    const double mu = random.normal();
    // The ratio of two normals is a Cauchy.
    const double numerator = random.normal();
    const double tau = std::min(1000.0, std::abs(numerator / random.normal()));
    if (wide) text += fmt::format("cg{:08}", g + 1);
    for (int j = 0; j < high; ++j) {
      if (j >= k) {
        if (wide) text += ",,";
        continue;
      }
      const double sigma = exp<S>(log<S>(0.1) * random.next());
      const double theta = mu + tau * random.normal();
      const double y = theta + sigma * random.normal();
      if (wide) {
        text += fmt::format(",{:.6g},{:.6g}", y, sigma);
      } else {
        text += fmt::format("cg{:08},{:.6g},{:.6g}\n", g + 1, y, sigma);
      }
    }
    if (wide) text += '\n';
    if (text.size() > (size_t{1} << 20) || g + 1 == n) {
      if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) return 1;
      text.clear();
    }
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}

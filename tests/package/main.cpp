// A user's program: E[tau | y] of the eight schools.
#include <taugrid/posterior.h>

#include <cstdio>

int main() {
  const taugrid::Data schools{{28, 8, -3, 7, -1, 1, 18, 12}, {15, 10, 16, 11, 9, 11, 10, 18}, {}};
  const taugrid::Posterior posterior(schools, "uniform", "flat");
  std::printf("E[tau|y] = %.9f\n", posterior.summary().parameters.at(0).mean);
}

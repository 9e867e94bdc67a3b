// The flags of `fit` for what is given on request.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "host/taugrid/posterior.h"

namespace taugrid::cli {

// As on the command line; each may be given more than once.
struct RequestOptions {
  std::vector<std::string> probabilities;
  std::vector<std::string> levels;
  std::vector<std::string> exceed;
  std::vector<std::string> density;
  std::vector<std::string> given_tau;
  bool weights = false;
  bool bayes_factors = false;
  bool loo = false;
};

void add_request_options(CLI::App& app, RequestOptions& options);

// Throws std::invalid_argument naming the flag, the text and what is allowed.
SummaryOptions parse_requests(const RequestOptions& options);

}  // namespace taugrid::cli

// The functions that the rows of writers.cpp point at.
#pragma once

#include <string>

#include "taugrid/writers.h"

namespace taugrid {

std::string table_text(const Result& result);
std::string html_text(const Result& result);
std::string json_text(const Result& result);
std::string csv_text(const Result& result);

// The part of a table that shows what was derived from draws; empty if nothing was.
std::string derived_text(const FitSummary& fit, const DrawSummary& draw);

}  // namespace taugrid

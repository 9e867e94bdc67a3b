// The keys of a result and their order, once: json_writer prints these objects, csv_writer flattens
// them. In parts, because the parameters may be a million and need not all be held at once.
#pragma once

#include <nlohmann/json.hpp>

#include "taugrid/writers.h"

namespace taugrid {

using Json = nlohmann::ordered_json;

Json result_head(const Result& result);                 // all that comes before "parameters"
Json result_parameter(const Result& result, size_t k);  // one element of "parameters"
Json result_derived(const Result& result);  // "derived" and "checks", where there are any
Json result_tail(const Result& result);     // all that comes after it

// What was asked for beside the table (request_json.cpp); result_tail has it.
void add_request_json(const FitSummary& fit, Json& object);

}  // namespace taugrid

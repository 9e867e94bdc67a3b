// The keys of a result and their order, once: json_writer prints these objects, csv_writer flattens
// them. The parameters, which may be a million, are told member by member.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "taugrid/writers.h"

namespace taugrid {

using Json = nlohmann::ordered_json;

Json result_head(const Result& result);     // all that comes before "parameters"
Json result_derived(const Result& result);  // "derived" and "checks", where there are any
Json result_tail(const Result& result);     // all that comes after it

// What takes the members of one parameter, in their order.
class ParameterSink {
 public:
  virtual ~ParameterSink() = default;
  virtual void text(const std::string& key, const std::string& value) = 0;
  virtual void number(const std::string& key, double value) = 0;  // NaN: it does not exist
  virtual void interval(const std::string& key, const Interval& value) = 0;
  virtual void object(const std::string& key, const Json& value) = 0;
};

class ParameterMembers {
 public:
  explicit ParameterMembers(const Result& result);
  void tell(size_t k, ParameterSink& sink) const;

 private:
  // Of the intervals of one level.
  struct LevelKeys {
    explicit LevelKeys(double level);
    std::string central, shortest;
  };
  const Result& result_;
  std::vector<std::string> quantiles_;
  std::vector<LevelKeys> levels_;
};

// What was asked for beside the table (request_json.cpp); result_tail has it.
void add_request_json(const FitSummary& fit, Json& object);

}  // namespace taugrid

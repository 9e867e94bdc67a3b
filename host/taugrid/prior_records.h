// The records of one prior of tau for one data set after another. A record depends on the data by
// their unit, a power of two, and by the sigmas where the prior is made from them; any other is
// made once a unit and kept. Internal; one thread's.
#pragma once

#include <map>
#include <memory>
#include <span>

#include "host/taugrid/prior_storage.h"
#include "host/taugrid/priors.h"

namespace taugrid {

class PriorRecords {
 public:
  explicit PriorRecords(const TauPrior& prior) : prior_(prior) {}

  // Of sigma (J), internal units. What the record points to is in `storage` where the prior is made
  // from sigma (anything there before is gone), and else here.
  PriorRecord at(double unit, std::span<const double> sigma, PriorStorage& storage);

 private:
  struct Entry {
    PriorRecord record;
    PriorStorage storage;
  };
  TauPrior prior_;
  bool of_sigma_ = false;
  std::map<double, std::unique_ptr<Entry>> by_unit_;
  const Entry* last_ = nullptr;
  double last_unit_ = 0.0;
};

}  // namespace taugrid

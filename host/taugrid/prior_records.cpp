#include "host/taugrid/prior_records.h"

namespace taugrid {

PriorRecord PriorRecords::at(double unit, std::span<const double> sigma, PriorStorage& storage) {
  if (of_sigma_) {
    storage.numbers.clear();
    storage.rows.clear();
    return tau_prior_record(prior_, unit, sigma, storage);
  }
  if (last_ != nullptr && unit == last_unit_) return last_->record;
  std::unique_ptr<Entry>& entry = by_unit_[unit];
  if (!entry) {
    entry = std::make_unique<Entry>();
    entry->record = tau_prior_record(prior_, unit, sigma, entry->storage);
    if (entry->storage.of_sigma) {
      of_sigma_ = true;
      by_unit_.clear();
      return at(unit, sigma, storage);
    }
  }
  last_unit_ = unit;
  last_ = entry.get();
  return last_->record;
}

}  // namespace taugrid

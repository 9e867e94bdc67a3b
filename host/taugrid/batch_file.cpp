#include "host/taugrid/batch_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "host/taugrid/batch_worker.h"
#include "host/taugrid/batch_writer.h"
#include "host/taugrid/device.h"
#include "host/taugrid/netcdf_table.h"
#include "host/taugrid/output_file.h"
#include "host/taugrid/parallel.h"
#include "host/taugrid/prior_hash.h"
#include "host/taugrid/resumable_file.h"

namespace taugrid {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Of a block's text on a CUDA device, which wants many data sets at once.
constexpr size_t kCudaBlockBytes = size_t{1} << 23;

// The names met so far, as 128 bits each: two names that fall together are one chance in 10^20 at
// 10^9 of them. Memory is 16 to 48 bytes a name.
class NameSet {
 public:
  struct Key {
    uint64_t low, high;  // both zero: empty
    bool operator==(const Key&) const = default;
    explicit operator bool() const { return (low | high) != 0; }
  };

  NameSet() : places_(1024) {}

  static Key key_of(std::string_view name) {
    const Key key = {hash_bytes(name, 1), hash_bytes(name, 2)};
    return key ? key : Key{1, 0};
  }

  // False where it was there before.
  bool insert(const Key& key) {
    if (3 * (n_ + 1) > 2 * places_.size()) grow();
    Key& place = find(key);
    if (place) return false;
    place = key;
    ++n_;
    return true;
  }

  // Of one that will be inserted soon: each is another line of a table that no cache holds.
  void prefetch(const Key& key) const { __builtin_prefetch(&places_[first_place(key)], 1); }

 private:
  size_t first_place(const Key& key) const { return key.low & (places_.size() - 1); }
  // Where it is, or is to go.
  Key& find(const Key& key) {
    size_t at = first_place(key);
    while (places_[at] && places_[at] != key) at = (at + 1) & (places_.size() - 1);
    return places_[at];
  }
  void grow() {
    std::vector<Key> before(2 * places_.size());
    std::swap(before, places_);
    for (const Key& key : before)
      if (key) find(key) = key;
  }

  std::vector<Key> places_;
  size_t n_ = 0;
};

// What a resumed run must have been asked for: all that the output depends on beside the rows of
// the input, which are compared block by block. The header says what they mean.
std::string request_text(const BatchFileRequest& request, const BatchColumns& columns,
                         const TauPrior& tau, const BatchInput& input, size_t block_bytes) {
  return fmt::format(
      "taugrid {}\ninput {}, header {:016x}, rows from byte {}\ncolumns {} of {}\n"
      "data {} / {} by {}\ntheta {}\ntau prior {} ({:016x})\nmu prior {}\nblocks of {} bytes\n",
      version(), input.wide() ? "wide" : "long",
      hash_bytes(fmt::format("{}", fmt::join(input.header(), "\n"))), input.position(),
      request.statistics, request.quantities, request.form.y, request.form.sigma, request.form.by,
      columns.n_theta, request.priors.tau, prior_hash(tau), request.priors.mu, block_bytes);
}

bool wants_theta(const BatchColumns& columns) {
  return std::ranges::find(columns.quantities, ParameterKind::kTheta) != columns.quantities.end();
}

// A row's thetas from the studies that are there to the places that the studies have.
void spread_thetas(const BatchColumns& columns, std::span<const int32_t> studies, double* row) {
  size_t width = 0;
  for (const Statistic& statistic : columns.statistics) width += statistic.is_interval() ? 2 : 1;
  for (const ParameterKind kind : columns.quantities) {
    if (kind == ParameterKind::kTheta) break;
    row += width;
  }
  const auto theta = [&](size_t j) { return row + j * width; };
  // From the last: a place is never before what goes there.
  size_t after = static_cast<size_t>(columns.n_theta);
  for (size_t j = studies.size(); j-- > 0;) {
    const auto place = static_cast<size_t>(studies[j]);
    if (place != j) std::copy_n(theta(j), width, theta(place));
    std::fill(theta(place + 1), theta(after), kNaN);
    after = place;
  }
  std::fill(theta(0), theta(after), kNaN);
}

// What a slot holds from the taking of a block to the writing of its rows.
struct Slot {
  BatchText text;
  BatchBlock block;
  std::vector<NameSet::Key> names;  // in the long form, of its data sets
  std::vector<double> values;
  std::vector<BatchError> errors;
  std::string bytes;
  BlockRecord record;

  BatchRows rows(size_t n_columns) const {
    const auto n = static_cast<size_t>(block.size());
    return {{block.groups.data(), n}, block.n_schools, values.data(), n_columns, errors};
  }
};

class Run {
 public:
  Run(const BatchFileRequest& request, const BatchFileControl& control);
  BatchFileResult operator()();

 private:
  void work(int64_t block, Slot& slot, BatchWorker& worker) const;
  void consume(int64_t block, Slot& slot);
  void write_netcdf() const;

  const BatchFileRequest& request_;
  const BatchFileControl& control_;
  BatchBackend backend_;
  std::vector<ParsedPriors> priors_;
  BatchInputOptions form_;
  std::unique_ptr<BatchInput> input_;
  BatchColumns columns_;
  // One of these two.
  std::unique_ptr<ResumableFile> resumable_;
  std::unique_ptr<OutputFile> stream_;
  std::vector<Slot> slots_;
  NameSet names_;
  std::atomic<bool> failed_ = false;  // a block: who waits for more input waits in vain
  int64_t blocks_ = 0, bytes_ = 0, data_sets_ = 0, errors_ = 0, fitted_ = 0;
  std::string first_error_;
};

Run::Run(const BatchFileRequest& request, const BatchFileControl& control)
    : request_(request),
      control_(control),
      backend_(batch_backend(request.device.backend)),
      priors_{{parse_tau_prior(request.priors.tau), parse_mu_prior(request.priors.mu)}},
      form_(request.form) {
  if (backend_.on_cuda) form_.block_bytes = kCudaBlockBytes;
  columns_ = parse_batch_columns(request.quantities, request.statistics);
  if (is_netcdf_path(request.output)) check_netcdf_path(request.output);
  const bool resumable = OutputFile::replaces(request.output);
  if (request.resume && !resumable) throw std::invalid_argument("--resume needs --out with a file");
  input_ = std::make_unique<BatchInput>(
      request.input, form_, [this] { return failed_ || (control_.stop && control_.stop()); });
  for (const std::string& notice : input_->notices()) control.notice(notice);
  if (wants_theta(columns_)) {
    columns_.n_theta = request.most_schools;
    if (input_->wide()) {
      columns_.n_theta = input_->n_studies();
    } else if (columns_.n_theta == 0) {
      if (input_->file_size() < 0)
        throw std::invalid_argument(
            "theta: how many columns there are to be cannot be read from a pipe beforehand; say "
            "it with --max-j");
      columns_.n_theta = BatchInput::most_schools(request.input, form_, control.stop);
    }
  }
  if (resumable) {
    resumable_ = std::make_unique<ResumableFile>(
        request.output, request_text(request, columns_, priors_[0].tau, *input_, form_.block_bytes),
        request.resume);
    if (request.resume && resumable_->done().empty())
      control.notice(fmt::format("there is nothing to resume of {}", request.output));
    if (resumable_->replaced())
      control.notice(
          fmt::format("what an interrupted run left of {} is replaced; --resume would go "
                      "on from it",
                      request.output));
  } else {
    stream_ = std::make_unique<OutputFile>(request.output);
  }
}

BatchFileResult Run::operator()() {
  const int threads = thread_count(request_.device.threads);
  slots_.resize(static_cast<size_t>(n_slots(threads)));
  std::deque<BatchWorker> workers;
  for (int i = 0; i < threads; ++i) workers.emplace_back(priors_, columns_, backend_.on_cuda);
  const bool netcdf = is_netcdf_path(request_.output);
  bytes_ = input_->position();
  const auto noting_failure = [this](const auto& step) {
    try {
      step();
    } catch (...) {
      failed_ = true;
      throw;
    }
  };
  try {
    ordered_stream(
        threads,
        [&](int64_t, int slot) { return input_->take(slots_[static_cast<size_t>(slot)].text); },
        [&](int64_t block, int slot, int worker) {
          noting_failure([&] {
            work(block, slots_[static_cast<size_t>(slot)], workers[static_cast<size_t>(worker)]);
          });
        },
        [&](int64_t block, int slot) {
          noting_failure([&] { consume(block, slots_[static_cast<size_t>(slot)]); });
        });
    if (data_sets_ == 0)
      throw std::invalid_argument(
          fmt::format("{}: there is a header, but no rows",
                      request_.input == "-" ? "standard input" : request_.input));
    if (resumable_ && static_cast<int64_t>(resumable_->done().size()) > blocks_)
      throw std::invalid_argument(fmt::format(
          "cannot resume {}: the input ends before what was done of it", request_.output));
    if (netcdf) write_netcdf();
  } catch (const Stopped&) {
    if (resumable_ && !resumable_->empty())
      control_.notice(fmt::format("{} holds what was done; the same command with --resume goes on",
                                  resumable_->partial_path()));
    if (resumable_ && resumable_->empty()) resumable_->discard();
    throw;
  } catch (...) {
    if (resumable_ && resumable_->empty()) resumable_->discard();
    throw;
  }
  if (netcdf) {
    resumable_->discard();
  } else if (resumable_) {
    resumable_->commit();
  }
  if (stream_) stream_->commit();
  return {data_sets_, errors_, backend_.text, first_error_};
}

void Run::work(int64_t block, Slot& slot, BatchWorker& worker) const {
  input_->parse(slot.text, slot.block);
  const BatchBlock& data = slot.block;
  slot.names.clear();
  if (!input_->wide())
    for (size_t i = 0; i < static_cast<size_t>(data.size()); ++i)
      slot.names.push_back(NameSet::key_of(data.groups[i]));
  const bool done = resumable_ && static_cast<size_t>(block) < resumable_->done().size();
  slot.record.input_bytes = slot.text.bytes.size();
  slot.record.input_hash = resumable_ ? hash_bytes(slot.text.bytes) : 0;
  if (done) {
    const BlockRecord& before = resumable_->done()[static_cast<size_t>(block)];
    const auto refuse = [&](const std::string& why) {
      return std::invalid_argument(fmt::format(
          "cannot resume {}: {}; without --resume it begins anew", request_.output, why));
    };
    if (before.input_bytes != slot.record.input_bytes ||
        before.input_hash != slot.record.input_hash)
      throw refuse(
          fmt::format("the input differs from that of the interrupted run, in or after line {}",
                      slot.text.first_line));
    if (!resumable_->is_intact(static_cast<size_t>(block)))
      throw refuse(resumable_->partial_path() + " is not what the interrupted run wrote");
    slot.record = before;
    return;
  }

  slot.values.resize(static_cast<size_t>(data.size()) * columns_.size());
  slot.errors = data.errors;
  std::vector<int64_t> skip;
  for (const BatchError& error : data.errors) skip.push_back(error.data_set);
  std::vector<BatchError> of_fits;
  worker.fit(data.data(), 0, data.size(), slot.values.data(), of_fits, skip);
  for (BatchError& error : of_fits) {
    error.text = input_->error_text(data, error);
    slot.errors.push_back(std::move(error));
  }
  std::ranges::sort(slot.errors, {}, &BatchError::data_set);
  if (input_->wide() && wants_theta(columns_)) {
    for (int64_t p = 0; p < data.size(); ++p) {
      const auto first = static_cast<size_t>(data.offsets[static_cast<size_t>(p)]);
      const auto last = static_cast<size_t>(data.offsets[static_cast<size_t>(p) + 1]);
      spread_thetas(columns_, {data.studies.data() + first, last - first},
                    slot.values.data() + static_cast<size_t>(p) * columns_.size());
    }
  }
  slot.bytes.clear();
  if (block == 0) slot.bytes = batch_csv_header(columns_);
  encode_batch_csv(slot.rows(columns_.size()), slot.bytes);
  slot.record.output_bytes = slot.bytes.size();
  slot.record.output_hash = resumable_ ? hash_bytes(slot.bytes) : 0;
  slot.record.data_sets = data.size();
  slot.record.errors = static_cast<int64_t>(slot.errors.size());
}

void Run::consume(int64_t block, Slot& slot) {
  ++blocks_;
  constexpr size_t kAhead = 16;
  for (size_t i = 0; i < slot.names.size(); ++i) {
    if (i + kAhead < slot.names.size()) names_.prefetch(slot.names[i + kAhead]);
    if (!names_.insert(slot.names[i]))
      throw std::invalid_argument(fmt::format(
          "{}: line {}: group '{}' comes back after others; the rows of a group must stand "
          "together: sort the file by that column",
          request_.input == "-" ? "standard input" : request_.input, slot.block.first_lines[i],
          slot.block.groups[i]));
  }
  data_sets_ += slot.record.data_sets;
  errors_ += slot.record.errors;
  bytes_ += static_cast<int64_t>(slot.record.input_bytes);
  const bool done = resumable_ && static_cast<size_t>(block) < resumable_->done().size();
  if (!done) {
    if (first_error_.empty() && !slot.errors.empty()) {
      const BatchError& error = slot.errors.front();
      first_error_ =
          fmt::format("{}: {}", slot.block.groups[static_cast<size_t>(error.data_set)], error.text);
    }
    fitted_ += slot.record.data_sets;
    if (resumable_) resumable_->append(slot.bytes, slot.record);
    if (stream_) {
      stream_->write(slot.bytes);
      stream_->flush();
    }
  }
  if (control_.progress) control_.progress({bytes_, input_->file_size(), fitted_});
  if (control_.stop && control_.stop()) throw Stopped();
}

// Of the rows that have gathered as CSV.
void Run::write_netcdf() const {
  const NetcdfTable table = {request_.output,
                             data_sets_,
                             {"group", "error"},
                             {"J"},
                             {{"tau_prior", request_.priors.tau},
                              {"mu_prior", request_.priors.mu},
                              {"data_file", request_.input}}};
  uint64_t at = 0;
  const ByteSource rows = [&](char* to, size_t size) {
    const size_t n = resumable_->read(at, to, size);
    at += n;
    return n;
  };
  write_netcdf_table(table, rows, control_.stop);
}

}  // namespace

BatchFileResult run_batch_file(const BatchFileRequest& request, const BatchFileControl& control) {
  return Run(request, control)();
}

}  // namespace taugrid

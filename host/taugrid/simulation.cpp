#include "host/taugrid/simulation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>

#include "host/taugrid/calibration.h"
#include "host/taugrid/checkpoint.h"
#include "host/taugrid/csv_fields.h"
#include "host/taugrid/device.h"
#include "host/taugrid/ieee_environment.h"
#include "host/taugrid/parallel.h"
#include "host/taugrid/resumable_file.h"
#include "host/taugrid/scorer.h"
#include "host/taugrid/synthetic_data.h"
#include "kernels/math/philox.h"

namespace taugrid {
namespace {

// Running results of one scenario: of each parameter of each method, or of each calibrated one.
struct ScenarioState {
  std::vector<ParameterMeasures> measures;
  std::vector<PitCounts> pits;

  ScenarioState(const Study& study, const Scenario& scenario) {
    if (study.kind == StudyKind::kCalibration) {
      pits.resize(calibrated_parameters(study, scenario.k).size());
      return;
    }
    size_t n = 0;
    for (const Method& method : study.methods) n += measured_parameters(study, method).size();
    measures.resize(n);
  }

  void save(std::vector<uint64_t>& words) const {
    for (const ParameterMeasures& of : measures) of.save(words);
    for (const PitCounts& of : pits) {
      words.push_back(static_cast<uint64_t>(of.failures));
      words.insert(words.end(), of.cells.begin(), of.cells.end());
    }
  }
  size_t n_words() const {
    return measures.size() * ParameterMeasures::kWords +
           pits.size() * (1 + static_cast<size_t>(kFineCells));
  }
  const uint64_t* load(const uint64_t* words) {
    for (ParameterMeasures& of : measures) words = of.load(words);
    for (PitCounts& of : pits) {
      of.failures = static_cast<int64_t>(*words++);
      std::copy_n(words, of.cells.size(), of.cells.begin());
      words += of.cells.size();
    }
    return words;
  }
};

// What all workers of a scenario share.
struct ScenarioTools {
  ScenarioTools(const Study& study, const Scenario& scenario, const TauPriorSampler* tau,
                const CpuKernels& kernels)
      : data(study, scenario, tau, kernels), constants(study, scenario) {}
  ScenarioData data;
  ScenarioConstants constants;
};

// What one worker has of the scenario that it is at.
struct Worker {
  int64_t scenario = -1, capacity = 0;
  std::shared_ptr<const ScenarioTools> tools;
  std::unique_ptr<Answers> answers;       // of a simulation
  std::unique_ptr<SyntheticBlock> block;  // of a calibration, as the next
  std::unique_ptr<Calibrator> calibrator;
};

// What a block of replicates leaves.
struct BlockResult {
  std::vector<ParameterMeasures> measures;
  std::vector<double> pits;
  std::string lines;
  std::vector<std::string> failures;  // the calibration's, or as Answers has them
};

// Blocks that a worker takes at once from a scenario of k studies. A CUDA device wants thousands of
// data sets, of which it holds columns and scratch.
int64_t blocks_of_a_turn(bool on_cuda, int64_t k) {
  if (!on_cuda) return 1;
  constexpr int64_t kMost = 64, kBytes = int64_t{1} << 29;
  const int64_t bytes = kStudyBlock * static_cast<int64_t>(sizeof(double)) * (6 * k + 32);
  return std::clamp(kBytes / bytes, int64_t{1}, kMost);
}

// A worker's turn: blocks begin .. end - 1, of one scenario.
struct Turn {
  int64_t begin, end;
  std::vector<BlockResult> results;
};

class Runner {
 public:
  Runner(const Study& study, const SimulationOptions& options)
      : study_(study),
        options_(options),
        backend_(batch_backend(options.backend)),
        threads_(thread_count(options.threads)),
        blocks_per_scenario_((study.replicates + kStudyBlock - 1) / kStudyBlock),
        n_blocks_(blocks_per_scenario_ * static_cast<int64_t>(study.scenarios.size())),
        shared_(study.scenarios.size()),
        workers_(static_cast<size_t>(threads_)),
        slots_(static_cast<size_t>(n_slots(threads_))) {
    if (study.kind == StudyKind::kCalibration && backend_.on_cuda)
      throw std::invalid_argument("backend cuda: a calibration runs on the CPU alone");
    if (study.kind == StudyKind::kCalibration)
      tau_ = std::make_unique<TauPriorSampler>(study.tau_prior, kernels_);
    for (const Scenario& scenario : study.scenarios) states_.emplace_back(study, scenario);
    if (!options.checkpoint.empty()) checkpoint_ = checkpoint_place(options.checkpoint);
    fingerprint_ = hash_bytes(fmt::format("taugrid {} stream {}\nblocks of {}\n{:016x}", version(),
                                          kStreamVersion, kStudyBlock, study_hash(study)));
  }

  SimulationResult run() {
    const IeeeEnvironment ieee;
    start();
    last_checkpoint_ = Clock::now();
    next_block_ = first_block_;
    ordered_stream(
        threads_, [&](int64_t, int slot) { return take(slots_[static_cast<size_t>(slot)]); },
        [&](int64_t, int slot, int worker) {
          const IeeeEnvironment worker_ieee;
          work(slots_[static_cast<size_t>(slot)], workers_[static_cast<size_t>(worker)]);
        },
        [&](int64_t, int slot) {
          Turn& turn = slots_[static_cast<size_t>(slot)];
          for (int64_t block = turn.begin; block < turn.end; ++block)
            consume(block, turn.results[static_cast<size_t>(block - turn.begin)]);
        });
    if (!checkpoint_.empty()) save(n_blocks_);
    collect_rows();
    result_.backend = backend_.text;
    // The checkpoint last: a run that fails at either of these has lost nothing.
    if (options_.deliver) options_.deliver(result_);
    if (file_) file_->commit();
    if (!checkpoint_.empty()) ::unlink(checkpoint_.c_str());
    return std::move(result_);
  }

 private:
  using Clock = std::chrono::steady_clock;

  int64_t replicates_before(int64_t block) const {
    const int64_t scenario = block / blocks_per_scenario_;
    return scenario * study_.replicates +
           std::min(block % blocks_per_scenario_ * kStudyBlock, study_.replicates);
  }

  void start() {
    std::optional<Checkpoint> checkpoint;
    if (options_.resume) checkpoint = read_checkpoint(checkpoint_, fingerprint_);
    if (checkpoint) {
      const bool had_file = checkpoint->replicate_bytes >= 0;
      if (had_file != !options_.replicates_out.empty())
        throw std::invalid_argument(
            fmt::format("checkpoint {} is of a run with{} --replicates-out; resume it so",
                        options_.checkpoint, had_file ? "" : "out"));
      size_t n_words = 0;
      for (const ScenarioState& state : states_) n_words += state.n_words();
      if (n_words != checkpoint->words.size() || checkpoint->next_block < 0 ||
          checkpoint->next_block > n_blocks_)
        throw std::invalid_argument("checkpoint " + options_.checkpoint + " is damaged");
      const uint64_t* words = checkpoint->words.data();
      for (ScenarioState& state : states_) words = state.load(words);
      first_block_ = checkpoint->next_block;
    }
    if (!options_.replicates_out.empty()) {
      file_.emplace(options_.replicates_out, checkpoint ? checkpoint->replicate_bytes : 0,
                    first_block_ == n_blocks_);
      if (checkpoint_.empty()) file_->discard();
      if (!checkpoint && study_.kind == StudyKind::kSimulation) file_->write(kReplicatesHeader);
      if (!checkpoint && study_.kind == StudyKind::kCalibration)
        file_->write("scenario,replicate,parameter,pit\n");
    }
    // One before anything is computed shows early that it can be written.
    if (!checkpoint_.empty()) save(first_block_);
  }

  void save(int64_t next_block) {
    Checkpoint checkpoint{fingerprint_, next_block, file_ ? file_->bytes() : -1, {}};
    for (const ScenarioState& state : states_) state.save(checkpoint.words);
    write_checkpoint(checkpoint_, checkpoint);
    last_checkpoint_ = Clock::now();
  }

  std::shared_ptr<const ScenarioTools> tools_of(int64_t number) {
    const std::lock_guard lock(mutex_);
    auto& tools = shared_[static_cast<size_t>(number)];
    if (!tools)
      tools = std::make_shared<ScenarioTools>(study_, study_.scenarios[static_cast<size_t>(number)],
                                              tau_.get(), kernels_);
    return tools;
  }

  // The worker is ready for as many replicates of scenario `number` at once.
  void enter(int64_t number, int64_t capacity, Worker& worker) {
    if (worker.scenario == number && worker.capacity >= capacity) return;
    const Scenario& scenario = study_.scenarios[static_cast<size_t>(number)];
    worker.scenario = -1;
    worker.answers.reset();
    worker.tools = tools_of(number);
    if (study_.kind == StudyKind::kCalibration) {
      if (!worker.block || worker.block->n_schools != scenario.k)
        worker.block = std::make_unique<SyntheticBlock>(scenario.k, kStudyBlock);
      worker.calibrator = std::make_unique<Calibrator>(study_, scenario, kernels_);
    } else {
      worker.answers =
          std::make_unique<Answers>(study_, scenario, worker.tools->constants, worker.tools->data,
                                    kernels_, capacity, backend_.on_cuda);
    }
    worker.scenario = number;
    worker.capacity = capacity;
  }

  bool take(Turn& turn) {
    if (next_block_ >= n_blocks_) return false;
    const int64_t number = next_block_ / blocks_per_scenario_;
    const int64_t most =
        options_.blocks_at_once > 0
            ? options_.blocks_at_once
            : blocks_of_a_turn(backend_.on_cuda, study_.scenarios[static_cast<size_t>(number)].k);
    turn.begin = next_block_;
    turn.end = next_block_ = std::min(turn.begin + most, (number + 1) * blocks_per_scenario_);
    return true;
  }

  int64_t first_replicate(int64_t block) const {
    return block % blocks_per_scenario_ * kStudyBlock;
  }
  int64_t replicates_in(int64_t block) const {
    return std::min(kStudyBlock, study_.replicates - first_replicate(block));
  }

  void work(Turn& turn, Worker& worker) {
    const int64_t number = turn.begin / blocks_per_scenario_, first = first_replicate(turn.begin);
    const Scenario& scenario = study_.scenarios[static_cast<size_t>(number)];
    const int64_t n = first_replicate(turn.end - 1) + replicates_in(turn.end - 1) - first;
    enter(number, (turn.end - turn.begin) * kStudyBlock, worker);
    turn.results.resize(static_cast<size_t>(turn.end - turn.begin));
    if (worker.answers) worker.answers->compute(first, n);
    for (int64_t block = turn.begin; block < turn.end; ++block) {
      BlockResult& result = turn.results[static_cast<size_t>(block - turn.begin)];
      const int64_t begin = first_replicate(block), of_block = replicates_in(block);
      result.lines.clear();
      if (worker.answers) {
        result.measures.assign(states_[static_cast<size_t>(number)].measures.size(), {});
        score(study_, scenario, *worker.answers, begin - first, of_block, begin, result.measures,
              file_ ? &result.lines : nullptr);
        result.failures = worker.answers->failures();
        continue;
      }
      worker.tools->data.generate(
          begin, (of_block + kDrawAlignment - 1) / kDrawAlignment * kDrawAlignment, *worker.block);
      worker.calibrator->evaluate(*worker.block, of_block, result.pits);
      result.failures = {worker.calibrator->failure()};
      if (file_) write_pits(number, begin, of_block, result);
    }
  }

  void write_pits(int64_t number, int64_t first, int64_t n, BlockResult& result) const {
    const auto names =
        calibrated_parameters(study_, study_.scenarios[static_cast<size_t>(number)].k);
    for (int64_t i = 0; i < n; ++i)
      for (size_t p = 0; p < names.size(); ++p)
        fmt::format_to(std::back_inserter(result.lines), "{},{},{},{}\n", number, first + i,
                       names[p], result.pits[p * static_cast<size_t>(n) + static_cast<size_t>(i)]);
  }

  void consume(int64_t block, BlockResult& result) {
    const int64_t number = block / blocks_per_scenario_;
    ScenarioState& state = states_[static_cast<size_t>(number)];
    for (size_t i = 0; i < state.measures.size(); ++i) state.measures[i].merge(result.measures[i]);
    for (size_t p = 0; p < state.pits.size(); ++p) {
      const size_t n = result.pits.size() / state.pits.size();
      for (size_t i = 0; i < n; ++i) state.pits[p].add(result.pits[p * n + i]);
    }
    for (size_t i = 0; i < result.failures.size(); ++i) {
      if (result.failures[i].empty() || !noted_.emplace(number, i).second) continue;
      const std::string of =
          study_.kind == StudyKind::kCalibration ? "" : ", " + study_.methods[i / 2].name;
      result_.notes.push_back(fmt::format("scenario {}{}: {}", number, of, result.failures[i]));
    }
    if (file_) file_->write(result.lines);
    if ((block + 1) % blocks_per_scenario_ == 0) {
      const std::lock_guard lock(mutex_);
      shared_[static_cast<size_t>(number)].reset();
    }
    if (options_.control.progress) options_.control.progress(replicates_before(block + 1));
    const bool stop = options_.control.stop && options_.control.stop();
    const double seconds = std::chrono::duration<double>(Clock::now() - last_checkpoint_).count();
    if (!checkpoint_.empty() && (stop || seconds >= options_.checkpoint_seconds)) save(block + 1);
    if (stop) throw Stopped();
  }

  void collect_rows() {
    for (const Scenario& scenario : study_.scenarios) {
      const ScenarioState& state = states_[static_cast<size_t>(scenario.number)];
      const auto add = [&](const std::string& method, const std::string& parameter,
                           std::vector<MeasureRow> rows) {
        for (MeasureRow& row : rows)
          result_.rows.push_back({scenario.number, method, parameter, std::move(row)});
      };
      size_t place = 0;
      for (const Method& method : study_.methods)
        for (const MeasuredParameter& measured : measured_parameters(study_, method))
          add(method.name, study_parameter_name(measured.parameter),
              state.measures[place++].rows(measured.interval, measured.crps));
      if (study_.kind != StudyKind::kCalibration) continue;
      for (const std::string& parameter : calibrated_parameters(study_, scenario.k))
        add(study_.tau_prior.text + " " + study_.mu_prior.text, parameter,
            state.pits[place++].rows(study_.bins));
    }
  }

  const Study& study_;
  const SimulationOptions& options_;
  const CpuKernels& kernels_ = cpu_kernels();
  const BatchBackend backend_;
  const int threads_;
  const int64_t blocks_per_scenario_, n_blocks_;
  uint64_t fingerprint_;
  std::string checkpoint_;  // where it lies; or empty
  std::unique_ptr<TauPriorSampler> tau_;
  std::vector<ScenarioState> states_;
  std::mutex mutex_;  // of shared_
  std::vector<std::shared_ptr<const ScenarioTools>> shared_;
  std::vector<Worker> workers_;
  std::vector<Turn> slots_;
  std::optional<CheckpointedFile> file_;
  int64_t first_block_ = 0, next_block_ = 0;  // to begin with; to be taken
  Clock::time_point last_checkpoint_;
  std::set<std::pair<int64_t, size_t>> noted_;
  SimulationResult result_;
};

}  // namespace

int64_t total_replicates(const Study& study) {
  return study.replicates * static_cast<int64_t>(study.scenarios.size());
}

SimulationResult run_study(const Study& study, const SimulationOptions& options) {
  if (options.resume && options.checkpoint.empty())
    throw std::invalid_argument("resuming needs a checkpoint");
  return Runner(study, options).run();
}

std::string simulation_csv(const Study& study, const SimulationResult& result) {
  std::string text =
      "scenario,k,sigma,theta,mu,tau,i2,method,parameter,measure,value,mcse,replicates,failures\n";
  const bool calibration = study.kind == StudyKind::kCalibration;
  for (const SimulationRow& row : result.rows) {
    const Scenario& s = study.scenarios[static_cast<size_t>(row.scenario)];
    const auto truth = [&](double value) { return calibration ? "" : fmt::format("{}", value); };
    fmt::format_to(std::back_inserter(text), "{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n",
                   s.number, s.k, csv_quoted(s.sigma.text), csv_quoted(s.theta.text), truth(s.mu),
                   truth(s.tau), truth(s.i2), csv_quoted(row.method), row.parameter,
                   row.measure.measure, csv_number(row.measure.value), csv_number(row.measure.mcse),
                   row.measure.replicates, row.measure.failures);
  }
  return text;
}

}  // namespace taugrid

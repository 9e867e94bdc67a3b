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
  int64_t scenario = -1;
  std::shared_ptr<const ScenarioTools> tools;
  std::unique_ptr<SyntheticBlock> block;
  std::unique_ptr<Scorer> scorer;
  std::unique_ptr<Calibrator> calibrator;
};

// What a block of replicates leaves.
struct BlockResult {
  std::vector<ParameterMeasures> measures;
  std::vector<double> pits;
  std::string lines;
  std::vector<std::string> failures;
};

class Runner {
 public:
  Runner(const Study& study, const SimulationOptions& options)
      : study_(study),
        options_(options),
        threads_(thread_count(options.threads)),
        blocks_per_scenario_((study.replicates + kStudyBlock - 1) / kStudyBlock),
        n_blocks_(blocks_per_scenario_ * static_cast<int64_t>(study.scenarios.size())),
        shared_(study.scenarios.size()),
        workers_(static_cast<size_t>(threads_)),
        slots_(static_cast<size_t>(n_slots(threads_))) {
    if (study.kind == StudyKind::kCalibration)
      tau_ = std::make_unique<TauPriorSampler>(study.tau_prior, kernels_);
    for (const Scenario& scenario : study.scenarios) states_.emplace_back(study, scenario);
    fingerprint_ =
        hash_bytes(fmt::format("taugrid {} stream {}\n{}", version(), kStreamVersion, study.text));
  }

  SimulationResult run() {
    const IeeeEnvironment ieee;
    start();
    last_checkpoint_ = Clock::now();
    ordered_blocks(
        n_blocks_ - first_block_, threads_,
        [&](int64_t block, int slot, int worker) {
          const IeeeEnvironment worker_ieee;
          work(first_block_ + block, slots_[static_cast<size_t>(slot)],
               workers_[static_cast<size_t>(worker)]);
        },
        [&](int64_t block, int slot) {
          consume(first_block_ + block, slots_[static_cast<size_t>(slot)]);
        });
    if (file_) file_->commit();
    if (!options_.checkpoint.empty()) ::unlink(options_.checkpoint.c_str());
    collect_rows();
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
    if (options_.resume) checkpoint = read_checkpoint(options_.checkpoint, fingerprint_);
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
      file_.emplace(options_.replicates_out, checkpoint ? checkpoint->replicate_bytes : 0);
      if (!checkpoint && study_.kind == StudyKind::kSimulation)
        file_->write(Scorer::kReplicatesHeader);
      if (!checkpoint && study_.kind == StudyKind::kCalibration)
        file_->write("scenario,replicate,parameter,pit\n");
    }
    // One before anything is computed shows early that it can be written.
    if (!options_.checkpoint.empty()) save(first_block_);
  }

  void save(int64_t next_block) {
    Checkpoint checkpoint{fingerprint_, next_block, file_ ? file_->bytes() : -1, {}};
    for (const ScenarioState& state : states_) state.save(checkpoint.words);
    write_checkpoint(options_.checkpoint, checkpoint);
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

  void enter(int64_t number, Worker& worker) {
    if (worker.scenario == number) return;
    const Scenario& scenario = study_.scenarios[static_cast<size_t>(number)];
    worker.scenario = -1;
    worker.scorer.reset();
    worker.tools = tools_of(number);
    if (!worker.block || worker.block->n_schools != scenario.k)
      worker.block = std::make_unique<SyntheticBlock>(scenario.k, kStudyBlock);
    if (study_.kind == StudyKind::kCalibration)
      worker.calibrator = std::make_unique<Calibrator>(study_, scenario, kernels_);
    else
      worker.scorer = std::make_unique<Scorer>(study_, scenario, worker.tools->constants, kernels_,
                                               kStudyBlock);
    worker.scenario = number;
  }

  void work(int64_t block, BlockResult& result, Worker& worker) {
    const int64_t number = block / blocks_per_scenario_;
    const int64_t first = block % blocks_per_scenario_ * kStudyBlock;
    const int64_t n = std::min(kStudyBlock, study_.replicates - first);
    enter(number, worker);
    worker.tools->data.generate(first, (n + kDrawAlignment - 1) / kDrawAlignment * kDrawAlignment,
                                *worker.block);
    result.lines.clear();
    result.failures.clear();
    if (worker.calibrator) {
      worker.calibrator->evaluate(*worker.block, n, result.pits);
      result.failures.push_back(worker.calibrator->failure());
      if (file_) write_pits(number, first, n, result);
      return;
    }
    result.measures.assign(states_[static_cast<size_t>(number)].measures.size(), {});
    worker.scorer->score(*worker.block, first, n, result.measures, file_ ? &result.lines : nullptr);
    for (size_t m = 0; m < study_.methods.size(); ++m)
      result.failures.push_back(worker.scorer->failure(m));
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
    for (size_t m = 0; m < result.failures.size(); ++m) {
      if (result.failures[m].empty()) continue;
      const std::string of =
          study_.kind == StudyKind::kCalibration ? "" : ", " + study_.methods[m].name;
      if (noted_.insert(fmt::format("{} {}", number, m)).second)
        result_.notes.push_back(fmt::format("scenario {}{}: {}", number, of, result.failures[m]));
    }
    if (file_) file_->write(result.lines);
    if ((block + 1) % blocks_per_scenario_ == 0) {
      const std::lock_guard lock(mutex_);
      shared_[static_cast<size_t>(number)].reset();
    }
    if (options_.control.progress) options_.control.progress(replicates_before(block + 1));
    const bool stop = options_.control.stop && options_.control.stop();
    const double seconds = std::chrono::duration<double>(Clock::now() - last_checkpoint_).count();
    if (!options_.checkpoint.empty() && (stop || seconds >= options_.checkpoint_seconds))
      save(block + 1);
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
        add(study_.tau_prior + " " + study_.mu_prior, parameter,
            state.pits[place++].rows(study_.bins));
    }
  }

  const Study& study_;
  const SimulationOptions& options_;
  const CpuKernels& kernels_ = cpu_kernels();
  const int threads_;
  const int64_t blocks_per_scenario_, n_blocks_;
  uint64_t fingerprint_;
  std::unique_ptr<TauPriorSampler> tau_;
  std::vector<ScenarioState> states_;
  std::mutex mutex_;  // of shared_
  std::vector<std::shared_ptr<const ScenarioTools>> shared_;
  std::vector<Worker> workers_;
  std::vector<BlockResult> slots_;
  std::optional<CheckpointedFile> file_;
  int64_t first_block_ = 0;
  Clock::time_point last_checkpoint_;
  std::set<std::string> noted_;
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

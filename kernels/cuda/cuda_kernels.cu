#include "kernels/cuda/cuda_kernels.h"

#include <algorithm>
#include <cub/device/device_radix_sort.cuh>

#include "kernels/cuda/device_buffer.h"
#include "kernels/cuda/device_prior.h"
#include "kernels/cuda/launch.h"

namespace taugrid {

bool cuda_compiled_in() { return true; }

CudaDevices cuda_devices() {
  CudaDevices devices;
  int n = 0;
  const cudaError_t error = cudaGetDeviceCount(&n);
  // Any error here means that there is no device: no driver, too old a one, or none visible.
  if (error != cudaSuccess) {
    cudaGetLastError();
    int driver = 0;  // stays so where none is loaded, of which CUDA says that it is too old
    cudaDriverGetVersion(&driver);
    devices.reason = std::string("no CUDA device: ") +
                     (driver == 0 ? "no NVIDIA driver" : cudaGetErrorString(error));
    return devices;
  }
  // Kernels run on the first, which must not be older than what they were compiled for.
  constexpr int kArchitectures[] = {__CUDA_ARCH_LIST__};  // 750 is sm_75; ascending
  for (int i = 0; i < n; ++i) {
    cudaDeviceProp properties;
    TAUGRID_CUDA_CHECK(cudaGetDeviceProperties(&properties, i));
    const int architecture = 100 * properties.major + 10 * properties.minor;
    if (i == 0 && architecture < kArchitectures[0]) {
      devices.reason = "no CUDA device of use: " + std::string(properties.name) + " is sm_" +
                       std::to_string(architecture / 10) + ", and this build is for sm_" +
                       std::to_string(kArchitectures[0] / 10) + " and later";
      return devices;
    }
    devices.names.emplace_back(properties.name);
  }
  if (n == 0) devices.reason = "no CUDA device is visible";
  return devices;
}

void cuda_log_posterior(const Problem& problem, int64_t n, const double* x, double* log_density) {
  if (n <= 0) return;
  const CudaStream stream;
  const auto n_schools = static_cast<size_t>(problem.n_schools);
  const auto n_points = static_cast<size_t>(n);
  const DeviceBuffer<double> y(problem.y, n_schools, stream),
      sigma(problem.sigma, n_schools, stream);
  const DeviceBuffer<double> points(x, n_points, stream), values(n_points);
  Problem on_device = problem;
  on_device.y = y.data();
  on_device.sigma = sigma.data();
  const DevicePriors prior(&on_device, 1, stream);
  launch_log_posterior(on_device, n, points.data(), values.data(), stream);
  values.download(log_density, n_points, stream);
  stream.wait();
}

void cuda_fit(const Problem* problems, int64_t n, const FitRequest& request, FitResult* results) {
  if (n <= 0) return;
  const CudaStream stream;
  const auto n_quantiles = static_cast<size_t>(request.n_probabilities);
  std::vector<double> y, sigma;
  size_t n_parameters = 0;
  for (int64_t p = 0; p < n; ++p) {
    y.insert(y.end(), problems[p].y, problems[p].y + problems[p].n_schools);
    sigma.insert(sigma.end(), problems[p].sigma, problems[p].sigma + problems[p].n_schools);
    n_parameters += static_cast<size_t>(problems[p].n_schools) + 3;
  }
  const DeviceBuffer<double> device_y(y.data(), y.size(), stream),
      device_sigma(sigma.data(), sigma.size(), stream);
  const DeviceBuffer<double> probabilities(request.probabilities, n_quantiles, stream);
  // Quantiles of tau, mu, theta_new and then each theta, problem by problem.
  const DeviceBuffer<double> quantiles(n_parameters * n_quantiles);

  std::vector<Problem> on_device(problems, problems + n);
  std::vector<FitResult> device_results(results, results + n);
  std::vector<ParameterResult> thetas(y.size());
  const DeviceBuffer<ParameterResult> device_thetas(thetas.size());
  size_t school = 0;
  double* next = quantiles.data();
  const auto take = [&] {
    double* row = next;
    next += n_quantiles;
    return row;
  };
  for (size_t p = 0; p < on_device.size(); ++p) {
    on_device[p].y = device_y.data() + school;
    on_device[p].sigma = device_sigma.data() + school;
    device_results[p].tau.quantile = take();
    device_results[p].mu.quantile = take();
    device_results[p].theta_new.quantile = take();
    device_results[p].theta = device_thetas.data() + school;
    for (int64_t j = 0; j < on_device[p].n_schools; ++j) thetas[school++].quantile = take();
  }
  const DevicePriors priors(on_device.data(), on_device.size(), stream);
  const DeviceBuffer<Problem> device_problems(on_device.data(), on_device.size(), stream);
  device_thetas.upload(thetas.data(), thetas.size(), stream);
  const DeviceBuffer<FitResult> fits(device_results.data(), device_results.size(), stream);

  const int64_t warps = fit_workspaces(n);
  const DeviceBuffer<FitWorkspace> workspaces(static_cast<size_t>(warps));

  FitRequest device_request = request;
  device_request.probabilities = probabilities.data();
  launch_fit(device_problems.data(), n, device_request, workspaces.data(), warps, fits.data(),
             stream);

  std::vector<double> all_quantiles(quantiles.size());
  fits.download(device_results.data(), device_results.size(), stream);
  device_thetas.download(thetas.data(), thetas.size(), stream);
  quantiles.download(all_quantiles.data(), all_quantiles.size(), stream);
  stream.wait();

  const auto deliver = [&](ParameterResult from, ParameterResult& to) {
    double* row = to.quantile;
    std::copy_n(all_quantiles.data() + (from.quantile - quantiles.data()), n_quantiles, row);
    to = from;
    to.quantile = row;
  };
  school = 0;
  for (size_t p = 0; p < device_results.size(); ++p) {
    FitResult fit = results[p];
    const FitResult& from = device_results[p];
    deliver(from.tau, fit.tau);
    deliver(from.mu, fit.mu);
    deliver(from.theta_new, fit.theta_new);
    for (int64_t j = 0; j < on_device[p].n_schools; ++j, ++school)
      if (request.theta) deliver(thetas[school], fit.theta[j]);
    fit.log_evidence = from.log_evidence;
    fit.cov_mu_tau = from.cov_mu_tau;
    fit.joint_mode_tau = from.joint_mode_tau;
    fit.joint_mode_mu = from.joint_mode_mu;
    fit.nodes = from.nodes;
    fit.unresolved = from.unresolved;
    fit.tau_moments = from.tau_moments;
    results[p] = fit;
  }
}

void cuda_sort(double* values, int64_t n) {
  if (n <= 0) return;
  const CudaStream stream;
  const DeviceBuffer<double> in(values, static_cast<size_t>(n), stream),
      out(static_cast<size_t>(n));
  size_t bytes = 0;
  TAUGRID_CUDA_CHECK(
      cub::DeviceRadixSort::SortKeys(nullptr, bytes, in.data(), out.data(), n, 0, 64, stream));
  const DeviceBuffer<char> scratch(bytes);
  TAUGRID_CUDA_CHECK(cub::DeviceRadixSort::SortKeys(scratch.data(), bytes, in.data(), out.data(), n,
                                                    0, 64, stream));
  out.download(values, static_cast<size_t>(n), stream);
  stream.wait();
}

}  // namespace taugrid

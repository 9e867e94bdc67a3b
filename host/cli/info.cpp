// taugrid info: what this program is, and what it runs on.
#include <fmt/format.h>

#include <memory>

#include "host/cli/commands.h"
#include "host/taugrid/device.h"
#include "host/taugrid/output_file.h"
#include "host/taugrid/priors.h"

namespace taugrid::cli {
namespace {

void run() {
  const BuildInfo info = build_info();
  std::string sets;
  for (const std::string& set : info.instruction_sets) sets += (sets.empty() ? "" : ", ") + set;
  std::string devices;
  for (const std::string& device : info.devices) devices += (devices.empty() ? "" : ", ") + device;
  OutputFile out("-");
  out.write(fmt::format("taugrid            {}\n", info.version));
  out.write(fmt::format("stream             {}\n", info.stream));
  out.write(fmt::format("compiler           {}\n", info.compiler));
  out.write(fmt::format("instruction sets   {}; {} is used\n", sets, info.instruction_set_used));
  out.write(fmt::format("threads            {}\n", info.threads));
  out.write(fmt::format("CUDA compiled in   {}\n", info.cuda ? "yes" : "no"));
  out.write(fmt::format("CUDA devices       {}\n", devices.empty() ? "none" : devices));
  if (!info.cuda_reason.empty())
    out.write(fmt::format("                   ({})\n", info.cuda_reason));
  out.write(fmt::format("netCDF compiled in {}\n", info.netcdf.empty() ? "no" : info.netcdf));
  out.commit();
}

}  // namespace

Command info_command(CLI::App& program) {
  CLI::App* app =
      program.add_subcommand("info", "Version, stream version, devices, instruction sets");
  const auto priors = std::make_shared<bool>(false);
  app->add_flag("--priors", *priors, "Print the reference of all priors instead, in Markdown");
  return {app, [priors] {
            if (!*priors) return run();
            OutputFile out("-");
            out.write(prior_reference());
            out.commit();
          }};
}

}  // namespace taugrid::cli

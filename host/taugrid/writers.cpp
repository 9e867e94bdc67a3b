// The tables of output formats. A new one is a row here and its function in a file of its own.
#include "host/taugrid/writers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <stdexcept>

#include "host/taugrid/writer_functions.h"

namespace taugrid {
namespace {

constexpr Writer kWriters[] = {
    {"table", ".txt", "for people: aligned columns", true, false, write_table},
    {"json", ".json", "one object, numbers to the last bit", true, true, write_json},
    {"csv", ".csv", "one row, columns named by the JSON keys joined with dots", false, true,
     write_csv},
    {"html", ".html", "the table, for notebooks and pages", true, false, write_html},
};

std::vector<std::string> itself(const std::string& path) { return {path}; }

constexpr DrawFormat kDrawFormats[] = {
    {"Stan CSV", ".csv", "for cmdstanpy, cmdstanr, posterior, ArviZ", false, stan_csv_file, itself},
    {"netCDF-4", ".nc", "ArviZ InferenceData, for arviz.from_netcdf and xarray", true, netcdf_file,
     itself},
    {"NumPy", ".npy", "an array a variable, in files a.tau.npy, a.theta.npy, ..", false, npy_file,
     npy_paths},
};

}  // namespace

std::span<const DrawFormat> draw_formats() { return kDrawFormats; }

const DrawFormat& draw_format_of(const std::string& path, const DrawFileOptions& options) {
  const std::filesystem::path file(path);
  std::error_code ignored;
  const bool special = path == "-" || std::filesystem::is_character_file(file, ignored) ||
                       std::filesystem::is_fifo(file, ignored);
  const DrawFormat* found = special ? &kDrawFormats[0] : nullptr;
  std::string extensions;
  for (const DrawFormat& format : kDrawFormats) {
    if (!special && file.extension() == format.extension) found = &format;
    extensions +=
        fmt::format("{}{} ({})", extensions.empty() ? "" : ", ", format.extension, format.name);
  }
  if (found == nullptr)
    throw std::invalid_argument(fmt::format(
        "--out is {}, must end in one of {}, or be - for standard output", path, extensions));
  if (!found->has_options && !options.is_default())
    throw std::invalid_argument(fmt::format(
        "--compress and --groups are of netCDF-4 files (.nc), not of {} ({})", found->name, path));
  return *found;
}

std::string Writer::text(const Result& result) const {
  std::string whole;
  write(result, [&](std::string_view part) { whole += part; });
  return whole;
}

std::span<const Writer> writers() { return kWriters; }

const Writer& find_writer(const std::string& name) {
  std::string names;
  for (const Writer& writer : kWriters) {
    if (writer.name == name) return writer;
    names += (names.empty() ? "" : ", ") + std::string(writer.name);
  }
  throw std::invalid_argument(fmt::format("the format is '{}', must be one of {}", name, names));
}

std::string percent_text(double probability) {
  // The decimal point moves by two places in the text: 100 * 0.07 is not 7 in binary.
  char buffer[512];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, probability, std::chars_format::fixed);
  if (error != std::errc()) return fmt::format("{}", 100 * probability);
  std::string digits(buffer, end);
  size_t point = digits.find('.');
  if (point == std::string::npos) {
    point = digits.size();
  } else {
    digits.erase(point, 1);
  }
  while (digits.size() < point + 2) digits += '0';
  std::string whole = digits.substr(0, point + 2);
  const std::string fraction = digits.substr(point + 2);
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size() - 1));
  return fraction.empty() ? whole : whole + "." + fraction;
}

}  // namespace taugrid

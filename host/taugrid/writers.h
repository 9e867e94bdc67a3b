// The tables of output formats: finished results as text, and draws as files. A writer of results
// prints what it is given and computes nothing.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "taugrid/draw_file.h"
#include "taugrid/summary.h"
#include "taugrid/text_sink.h"

namespace taugrid {

// What `fit` has, and with draws what `draw` has.
struct Result {
  const FitSummary& fit;
  const DrawSummary* draw = nullptr;
};

struct Writer {
  const char* name;       // as in --format
  const char* extension;  // ".json"
  const char* description;
  // Whether the text holds FitSummary::notes; else whoever prints the text says them elsewhere.
  bool has_notes;
  bool has_times;  // likewise of the time it took: tables are the same at each run
  // By parts: of a million parameters they are hundreds of MB.
  void (*write)(const Result& result, const TextSink& sink);

  std::string text(const Result& result) const;  // the whole
};

std::span<const Writer> writers();

// "took 0.0003 s", "drew 1000000 in 0.03 s, 33.3 M draws/s"
std::string time_text(const Result& result);

// Throws std::invalid_argument, with the names that there are.
const Writer& find_writer(const std::string& name);

struct DrawFormat {
  const char* name;       // "Stan CSV"
  const char* extension;  // ".csv", by which --out chooses it
  const char* description;
  bool has_options;  // DrawFileOptions
  std::unique_ptr<DrawFile> (*open)(const std::string& path, const DrawFileInfo& info);
  std::vector<std::string> (*files)(const std::string& path);  // what open() writes
};

std::span<const DrawFormat> draw_formats();

// That of a path's extension; of what is no regular file, and of "-" (standard output), the first.
// Throws std::invalid_argument, with the extensions that there are, or where options are given that
// the format does not have.
const DrawFormat& draw_format_of(const std::string& path, const DrawFileOptions& options = {});

// A probability as its percentage, in the shortest exact decimal: 0.025 -> "2.5". Keys are made of
// it: "q2.5", "central95".
std::string percent_text(double probability);

}  // namespace taugrid

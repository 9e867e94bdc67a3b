// The functions that the rows of writers.cpp point at.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "taugrid/draw_file.h"
#include "taugrid/writers.h"

namespace taugrid {

void write_table(const Result& result, const TextSink& sink);
void write_html(const Result& result, const TextSink& sink);
void write_json(const Result& result, const TextSink& sink);
void write_csv(const Result& result, const TextSink& sink);

// Of draws. Throw std::invalid_argument where the path cannot be written, netCDF also where it was
// left out of the build.
std::unique_ptr<DrawFile> stan_csv_file(const std::string& path, const DrawFileInfo& info);
std::unique_ptr<DrawFile> netcdf_file(const std::string& path, const DrawFileInfo& info);
std::unique_ptr<DrawFile> npy_file(const std::string& path, const DrawFileInfo& info);
std::vector<std::string> npy_paths(const std::string& path);  // a.tau.npy, .. of a.npy

// The part of a table that shows what was derived from draws; empty if nothing was.
std::string derived_text(const FitSummary& fit, const DrawSummary& draw);

}  // namespace taugrid

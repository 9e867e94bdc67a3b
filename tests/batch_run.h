// What the tests of taugrid batch share: a run of it, and files of groups.
#pragma once

#include <charconv>
#include <cmath>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "host/taugrid/data.h"
#include "tests/process.h"

namespace taugrid {

using Words = std::vector<std::string>;

inline Outcome run_batch(const Words& arguments, const std::string& input = "") {
  Words words = {"batch"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return Process(words, input).wait();
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

inline std::string number(double value) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

// n groups of 1 to 9 rows; every tenth one is bad in one of several ways where `with_bad`.
struct Groups {
  std::string text = "group,y,sigma\n";
  std::vector<Data> data;
  std::vector<std::string> errors;  // empty where the group is fine
};

inline Groups make_groups(int n, uint64_t seed, bool with_bad) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Groups groups;
  int line = 2;
  for (int g = 0; g < n; ++g) {
    Data data;
    std::string error;
    const int rows = 1 + static_cast<int>(random() % 9);
    const int bad = with_bad && g % 10 == 3 ? static_cast<int>(random() % rows) : -1;
    for (int j = 0; j < rows; ++j, ++line) {
      // Three decimals, as they are written.
      const double y = std::round(1000.0 * normal(random)) / 1000.0;
      const double sigma = std::round(100.0 + 900.0 * std::abs(normal(random))) / 1000.0;
      std::string y_text = number(y), sigma_text = number(sigma);
      if (j == bad) {
        const std::string where =
            "row " + std::to_string(j + 1) + " (line " + std::to_string(line) + "): ";
        switch (g / 10 % 4) {
          case 0:
            y_text = "abc";
            error = where + "y is 'abc', not a number";
            break;
          case 1:
            sigma_text = "-1";
            error = "\"" + where + "sigma is -1, must be positive and finite\"";
            break;
          case 2:
            sigma_text = "";
            error = where + "sigma is empty, not a number";
            break;
          case 3:
            y_text = "inf";
            error = "\"" + where + "y is inf, must be finite\"";
            break;
        }
        // Quoted where it holds a comma, which each does here.
        if (error[0] != '"') error = "\"" + error + "\"";
      }
      groups.text += "g" + std::to_string(g) + "," + y_text + "," + sigma_text + "\n";
      data.y.push_back(y);
      data.sigma.push_back(sigma);
    }
    groups.data.push_back(data);
    groups.errors.push_back(error);
  }
  return groups;
}

}  // namespace taugrid

#include "host/taugrid/batch_input.h"

#include <gtest/gtest.h>

#include <random>

#include "host/taugrid/column_lists.h"
#include "tests/refusal.h"
#include "tests/scratch_folder.h"

namespace taugrid {
namespace {

// All that a file's blocks say, put together, one text a data set: name|J|y,sigma..|error.
struct Read {
  std::vector<std::string> data_sets;
  int64_t n_blocks = 0;
};

Read read(const std::string& text, BatchInputOptions options) {
  const ScratchFolder folder;
  BatchInput input(folder.write("in.csv", text), options);
  Read result;
  BatchText block;
  BatchBlock parsed;
  while (input.take(block)) {
    ++result.n_blocks;
    input.parse(block, parsed);
    size_t next_error = 0;
    for (int64_t p = 0; p < parsed.size(); ++p) {
      const auto i = static_cast<size_t>(p);
      std::string text_of = parsed.groups[i] + "|" + std::to_string(parsed.n_schools[i]) + "|";
      for (auto j = static_cast<size_t>(parsed.offsets[i]);
           j < static_cast<size_t>(parsed.offsets[i + 1]); ++j) {
        char pair[64];
        std::snprintf(pair, sizeof pair, "%g,%g@%d;", parsed.y[j], parsed.sigma[j],
                      static_cast<int>(parsed.lines[j]));
        text_of += pair;
      }
      text_of += "|";
      if (next_error < parsed.errors.size() && parsed.errors[next_error].data_set == p)
        text_of += parsed.errors[next_error++].text;
      result.data_sets.push_back(text_of);
    }
    EXPECT_EQ(next_error, parsed.errors.size());
  }
  return result;
}

const BatchInputOptions kLong = {"", "y", "sigma"};
BatchInputOptions wide(size_t block_bytes = 1 << 17) {
  return {"id", "y1..y3", "se1..se3", block_bytes};
}
using Texts = std::vector<std::string>;

TEST(BatchInput, ReadsTheLongForm) {
  EXPECT_EQ(read("group,y,sigma\na,1,2\na,3,4\nb,5,6\n", kLong).data_sets,
            (Texts{"a|2|1,2@2;3,4@3;|", "b|1|5,6@4;|"}));
}

TEST(BatchInput, TakesColumnsOfAnyNameAndOrder) {
  EXPECT_EQ(read("se,note,gene,beta\n2,x,a,1\n4,y,a,3\n", {"gene", "beta", "se"}).data_sets,
            (Texts{"a|2|1,2@2;3,4@3;|"}));
}

TEST(BatchInput, ReadsTheWideFormWithAbsentStudies) {
  EXPECT_EQ(
      read("id,y1,se1,y2,se2,y3,se3\nA,1,2,,,5,6\nB,NA,NA,3,4,,\n,1,2,3,4,5,6\n", wide()).data_sets,
      (Texts{"A|2|1,2@2;5,6@2;|", "B|1|3,4@3;|", "|3|1,2@4;3,4@4;5,6@4;|"}));
  // Numbered where they have no names.
  BatchInputOptions numbered = wide();
  numbered.by = "";
  EXPECT_EQ(read("y1,se1,y2,se2,y3,se3\n1,2,,,5,6\n\n,,3,4,,\n", numbered).data_sets,
            (Texts{"1|2|1,2@2;5,6@2;|", "2|1|3,4@4;|"}));
}

TEST(BatchInput, TakesWhatIsMetInPractice) {
  const Texts expected = {"a b|2|1,2@3;3,4@5;|", "b|1|5,6@6;|"};
  EXPECT_EQ(
      read("\xEF\xBB\xBF# note\r\ngroup,y,sigma\r\na b,1,2\r\n# x\r\n a b , +3 ,4\r\nb,5,6", kLong)
          .data_sets,
      expected);
  EXPECT_EQ(read("\ngroup,y,sigma\r\"a b\",1,2\r\r\"a b\",\"3\",4\rb,5,6\r", kLong).data_sets,
            expected);
}

TEST(BatchInput, FollowsRfc4180InQuotes) {
  EXPECT_EQ(read("group,y,sigma\n\"a,\"\"x\"\"\n2\",1,2\n\"a,\"\"x\"\"\n2\",3,4\nb,5,6\n", kLong)
                .data_sets,
            (Texts{"a,\"x\"\n2|2|1,2@2;3,4@4;|", "b|1|5,6@6;|"}));
}

TEST(BatchInput, NamesTheRowLineAndQuantityOfABadRow) {
  EXPECT_EQ(read("group,beta,se\na,1,2\na,x,2\na,1,y\nb,1,\nc,1e999,1\nd,1\ne,1,2,3\nf,1,2\n",
                 {"", "beta", "se"})
                .data_sets,
            (Texts{"a|3|1,2@2;|row 2 (line 3): beta is 'x', not a number",
                   "b|1||row 1 (line 5): se is empty, not a number",
                   "c|1||row 1 (line 6): beta is 1e999, outside the range of double precision",
                   "d|1||row 1 (line 7): 2 fields, but the header has 3",
                   "e|1||row 1 (line 8): 4 fields, but the header has 3", "f|1|1,2@9;|"}));
  EXPECT_EQ(
      read("id,y1,se1,y2,se2,y3,se3\nA,1,2,x,1,5,6\nB,1,2,,1,5,6\nC,,NA,,,,\nD,1\n", wide())
          .data_sets,
      (Texts{"A|3|1,2@2;5,6@2;|line 2: y2 is 'x', not a number",
             "B|3|1,2@3;5,6@3;|line 3: y2 is absent, but se2 is 1",
             "C|0||line 4: every study is absent", "D|0||line 5: 2 fields, but the header has 7"}));
}

TEST(BatchInput, GivesARowWithoutANameToTheDataSetBeforeIt) {
  EXPECT_EQ(read("y,sigma,group\n1,2,a\n1\n3,4,b\n", kLong).data_sets,
            (Texts{"a|2|1,2@2;|row 2 (line 3): 1 fields, but the header has 3", "b|1|3,4@4;|"}));
}

TEST(BatchInput, FindsItsWayBackAfterABadQuote) {
  EXPECT_EQ(
      read("group,y,sigma\na,1,2\n\"b\"x,1,2\nc,5,6\n", kLong).data_sets,
      (Texts{"a|1|1,2@2;|", "b|1||line 3: there is text after a closing quote", "c|1|5,6@4;|"}));
  EXPECT_EQ(refusal([] {
              read("group,y,sigma\na,1,2\n\"b,1,2\nc,5,6\n", kLong);
            }).find("line 3: a quoted field has no closing quote") != std::string::npos,
            true);
}

// Whatever the size of blocks, quotes and line ends, the same data sets: no group is ever cut.
TEST(BatchInput, BlocksOfAnySizeHoldTheSameDataSets) {
  std::mt19937_64 random(3);
  for (const char* line_end : {"\n", "\r\n", "\r"})
    for (const bool quotes : {false, true}) {
      std::string text = std::string("group,y,sigma") + line_end;
      std::string wide_text = std::string("id,y1,se1,y2,se2,y3,se3") + line_end;
      Texts expected, expected_wide;
      int line = 2;
      for (int g = 0; g < 60; ++g) {
        const std::string name = "g" + std::to_string(random() % 1000 * 100 + g);
        const std::string written = quotes && g % 3 == 0 ? "\"" + name + "\"" : name;
        const int rows = 1 + static_cast<int>(random() % 9);
        std::string of_group;
        if (g % 7 == 0) {
          text += std::string("# comment") + line_end + line_end;
          line += 2;
        }
        for (int j = 0; j < rows; ++j) {
          text += written + "," + std::to_string(j) + ",1" + line_end;
          of_group += std::to_string(j) + ",1@" + std::to_string(line++) + ";";
        }
        expected.push_back(name + "|" + std::to_string(rows) + "|" + of_group + "|");
        wide_text += written + ",1,2,,,3,4" + line_end;
        const std::string at = "@" + std::to_string(g + 2) + ";";
        expected_wide.push_back(name + "|2|1,2" + at + "3,4" + at + "|");
      }
      int64_t most_blocks = 0;
      for (const size_t size : {16, 40, 100, 333, 1000, 1 << 17}) {
        BatchInputOptions options = kLong;
        options.block_bytes = size;
        const Read result = read(text, options);
        EXPECT_EQ(result.data_sets, expected) << size << (quotes ? " quotes" : "");
        most_blocks = std::max(most_blocks, result.n_blocks);
        EXPECT_EQ(read(wide_text, wide(size)).data_sets, expected_wide) << size;
      }
      EXPECT_GT(most_blocks, 10);
    }
}

TEST(BatchInput, FindsTheMostRowsOfADataSet) {
  const ScratchFolder folder;
  EXPECT_EQ(
      BatchInput::most_schools(
          folder.write("in.csv", "group,y,sigma\na,1,2\nb,1,2\nb,1,x\nb,1,2\nc,1,2\n"), kLong),
      3);
}

TEST(BatchInput, RefusesAFileThatMakesNoSense) {
  const auto refused = [](const std::string& text, const BatchInputOptions& options) {
    const std::string why = refusal([&] { read(text, options); });
    return why.substr(std::min(why.find("in.csv"), why.size()));
  };
  EXPECT_EQ(refused("", kLong), "in.csv: the file is empty");
  EXPECT_EQ(refused("# c\n", kLong), "in.csv: the file has comments only");
  EXPECT_EQ(refused("group,y\n", kLong),
            "in.csv: there is no column sigma; the header has: group, y");
  EXPECT_EQ(
      refused("y,sigma\n", kLong),
      "in.csv: there is no column group; name the column of the data sets with --by, or the "
      "columns of one row a data set with --y y1..yk --se se1..sek; the header has: y, sigma");
  EXPECT_EQ(refused("id,y1,se1,y2,se2\n", wide()),
            "in.csv: there is no column y3; the header has: id, y1, se1, y2, se2");
  EXPECT_EQ(refusal([] {
              read("a,b\n", {"", "a,b", "a"});
            }),
            "--y names 2 columns and --se 1; their numbers must be equal");
  EXPECT_EQ(refusal([] {
              read("a,b\n", {"", "a,b", "b,a"});
            }),
            "column b is named twice by --y and --se");
  EXPECT_EQ(refusal([] { BatchInput("/nowhere/x.csv", kLong); }),
            "cannot read /nowhere/x.csv: No such file or directory");
  EXPECT_EQ(refusal([] { BatchInput("/tmp", kLong); }), "cannot read /tmp: it is a directory");
}

TEST(BatchInput, ExpandsRangesOfColumns) {
  EXPECT_EQ(expand_columns("y1..y3", "--y"), (Texts{"y1", "y2", "y3"}));
  EXPECT_EQ(expand_columns("a, b,c09..c11", "--y"), (Texts{"a", "b", "c09", "c10", "c11"}));
  EXPECT_EQ(expand_columns("1..2", "--y"), (Texts{"1", "2"}));
  for (const char* bad : {"y1..", "y..y3", "y3..y1", "y1..z3", "..", "y1..y999999999", "y1...y3"})
    EXPECT_EQ(refusal([&] { expand_columns(bad, "--y"); }).substr(0, 3), "--y") << bad;
  EXPECT_EQ(refusal([] { expand_columns("a,,b", "--se"); }), "--se is 'a,,b', must name columns");
}

}  // namespace
}  // namespace taugrid

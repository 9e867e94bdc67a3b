#include "host/taugrid/readers.h"

#include <gtest/gtest.h>

#include <clocale>
#include <cmath>

#include "tests/refusal.h"
#include "tests/scratch_folder.h"

namespace taugrid {
namespace {

ReadResult parse(const std::string& text) { return parse_data(text, "f"); }

std::string refused(const std::string& text) {
  return refusal([&] { parse(text); });
}

using Numbers = std::vector<double>;
using Texts = std::vector<std::string>;

TEST(CsvReader, ReadsColumnsInAnyOrder) {
  const ReadResult result = parse("sigma,label,y\n15,A,28\n10,B,8\n");
  EXPECT_EQ(result.data.y, (Numbers{28, 8}));
  EXPECT_EQ(result.data.sigma, (Numbers{15, 10}));
  EXPECT_EQ(result.data.labels, (Texts{"A", "B"}));
  EXPECT_TRUE(result.notices.empty());
}

TEST(CsvReader, NeedsNoLabels) { EXPECT_TRUE(parse("y,sigma\n1,2\n").data.labels.empty()); }

TEST(CsvReader, TakesWhatIsMetInPractice) {
  // Byte order mark, CRLF, comments, blank lines before, between and after, spaces, no last line
  // break.
  const ReadResult result = parse(
      "\xEF\xBB\xBF# note\r\n\r\n y , sigma \r\n 1 ,\t2\r\n  # no\r\n\r\n+3,4e0\r\n \r\n5,.5");
  EXPECT_EQ(result.data.y, (Numbers{1, 3, 5}));
  EXPECT_EQ(result.data.sigma, (Numbers{2, 4, 0.5}));
  EXPECT_EQ(parse("y,sigma\r1,2\r3,4\r").data.y, (Numbers{1, 3}));
}

TEST(CsvReader, FollowsRfc4180InQuotes) {
  const ReadResult result = parse(
      "\"label\",\"y\",\"sigma\"\n\"Hart, \"\"H\"\" \nand co\", \"1\" ,2\n\"\",3,4\n,5,6\n\" # x "
      "\",7,8\n");
  EXPECT_EQ(result.data.labels, (Texts{"Hart, \"H\" \nand co", "", "", " # x "}));
  EXPECT_EQ(result.data.y, (Numbers{1, 3, 5, 7}));
}

TEST(CsvReader, CountsLinesThroughQuotedBreaks) {
  EXPECT_EQ(refused("label,y,sigma\n\"a\nb\r\nc\",1,2\n\nd,x,2\n"),
            "f: row 2 (line 6): y is 'x', not a number");
}

TEST(CsvReader, ReadsColumnsOfOtherNames) {
  const DataColumns metafor = {"yi", "sei", "study", ""};
  const ReadResult result =
      parse_data("study,label,yi,sei,y\nA,a,28,15,1\nB,b,8,10,2\n", "f", metafor);
  EXPECT_EQ(result.data.y, (Numbers{28, 8}));
  EXPECT_EQ(result.data.sigma, (Numbers{15, 10}));
  EXPECT_EQ(result.data.labels, (Texts{"A", "B"}));
  EXPECT_EQ(result.notices, (Texts{"f: ignored column label", "f: ignored column y"}));
  // A column `group` that was asked for names no data sets.
  EXPECT_EQ(
      parse_data("y,sigma,group\n1,2,a\n3,4,b\n", "f", {"y", "sigma", "group", ""}).data.labels,
      (Texts{"a", "b"}));
}

TEST(CsvReader, KnowsTheLineOfARow) {
  const ReadResult result =
      parse("# note\nlabel,y,sigma\n\n\"two\nlines\",1,2\nB,3,-1\nC,5,1e30\n");
  EXPECT_EQ(result.lines, (std::vector<int64_t>{4, 6, 7}));
  EXPECT_EQ(refusal([&] { validate(result); }),
            "f: row 2 (line 6): sigma is -1, must be positive and finite");
  EXPECT_EQ(refusal([&] { validate(parse("y,sigma\n1,1\n2,1e30\n")); }),
            "f: row 2 (line 3): sigma is 1e+30, must be at most 1e+24 times the smallest (1 in row "
            "1)");
}

TEST(CsvReader, TellsIgnoredColumns) {
  const ReadResult result = parse("study,y,sigma,Y\nA,1,2,3\n");
  EXPECT_EQ(result.notices, (Texts{"f: ignored column study", "f: ignored column Y"}));
}

TEST(CsvReader, NamesWhatTextIsNoNumber) {
  EXPECT_EQ(refused("y,sigma\n1,2\n2,abc\n"), "f: row 2 (line 3): sigma is 'abc', not a number");
  EXPECT_EQ(refused("# c\ny,sigma\n1e,2\n"), "f: row 1 (line 3): y is '1e', not a number");
  EXPECT_EQ(refused("y,sigma\n,2\n"), "f: row 1 (line 2): y is empty, not a number");
  EXPECT_EQ(refused("y,sigma\n\"1,5\",2\n"), "f: row 1 (line 2): y is '1,5', not a number");
  EXPECT_EQ(refused("y,sigma\n0x10,2\n"), "f: row 1 (line 2): y is '0x10', not a number");
  EXPECT_EQ(refused("y,sigma\n+-1,2\n"), "f: row 1 (line 2): y is '+-1', not a number");
  EXPECT_EQ(refused("y,sigma\n1e999,2\n"),
            "f: row 1 (line 2): y is 1e999, outside the range of double precision");
}

TEST(CsvReader, LeavesNanAndInfinityToValidation) {
  const ReadResult result = parse("y,sigma\nnan,inf\n-Infinity,NaN\n");
  EXPECT_TRUE(std::isnan(result.data.y[0]));
  EXPECT_EQ(result.data.sigma[0], HUGE_VAL);
  EXPECT_EQ(result.data.y[1], -HUGE_VAL);
  EXPECT_EQ(refusal([&] { validate(result.data); }), "row 1: y is nan, must be finite");
  EXPECT_EQ(refusal([&] { validate(result); }), "f: row 1 (line 2): y is nan, must be finite");
}

TEST(CsvReader, RefusesBadShape) {
  EXPECT_EQ(refused(""), "f: the file is empty");
  EXPECT_EQ(refused("\xEF\xBB\xBF \r\n\n"), "f: the file is empty");
  EXPECT_EQ(refused("# only\n"), "f: the file has comments only");
  EXPECT_EQ(refused("y,sigma\n"), "f: there is a header, but no rows");
  EXPECT_EQ(refused("y,se\n1,2\n"), "f: there is no column sigma; the header has: y, se");
  EXPECT_EQ(refused("Y,sigma\n1,2\n"), "f: there is no column y; the header has: Y, sigma");
  EXPECT_EQ(refused("28,15\n8,10\n"), "f: there is no column y; the header has: 28, 15");
  EXPECT_EQ(
      refused("y;sigma\n1;2\n"),
      "f: there is no column y; the header has: y;sigma (columns are separated by commas here)");
  EXPECT_EQ(refused("y,sigma,y\n1,2,3\n"), "f: there are two columns y");
  EXPECT_EQ(refused("y,sigma\n1,2\n1,2,3\n"), "f: row 2 (line 3): 3 fields, but the header has 2");
  EXPECT_EQ(refused("y,sigma\n1\n"), "f: row 1 (line 2): 1 fields, but the header has 2");
  EXPECT_EQ(refused("label,y,sigma\n\"A,1,2\n"), "f: line 2: a quoted field has no closing quote");
  EXPECT_EQ(refused("label,y,sigma\n\"A\"b,1,2\n"),
            "f: line 2: there is text after a closing quote");
  EXPECT_EQ(refused(std::string("\xFF\xFEy\0,\0", 6)), "f: the text is UTF-16; save it as UTF-8");
}

TEST(CsvReader, TakesOneGroupAndPointsManyToBatch) {
  const ReadResult result = parse("group,y,sigma\na,1,2\na,3,4\n");
  EXPECT_EQ(result.data.y, (Numbers{1, 3}));
  EXPECT_TRUE(result.notices.empty());
  EXPECT_EQ(refused("group,y,sigma\na,1,2\nb,3,4\n"),
            "f: row 2 (line 3): group is 'b', and was 'a' before; a file of many data sets is for "
            "`taugrid batch`");
}

TEST(StanJsonReader, ReadsDataWithAndWithoutJ) {
  const ReadResult with =
      parse("\xEF\xBB\xBF\n {\"J\": 2, \"y\": [28, -8.5], \"sigma\": [15, 1e1]}");
  EXPECT_EQ(with.data.y, (Numbers{28, -8.5}));
  EXPECT_EQ(with.data.sigma, (Numbers{15, 10}));
  EXPECT_TRUE(with.notices.empty());
  EXPECT_EQ(parse("{\"sigma\":[15,10],\"y\":[28,8]}").data.y, (Numbers{28, 8}));
  EXPECT_EQ(parse("{\"y\": 28, \"sigma\": [15]}").data.y, (Numbers{28}));
}

TEST(StanJsonReader, ReadsKeysOfOtherNames) {
  const ReadResult result =
      parse_data("{\"y\":[9],\"yi\":[1,2],\"sei\":[3,-4]}", "f", {"yi", "sei", "", ""});
  EXPECT_EQ(result.data.y, (Numbers{1, 2}));
  EXPECT_EQ(result.notices, (Texts{"f: ignored \"y\""}));
  EXPECT_EQ(refusal([&] { validate(result); }),
            "f: row 2: sigma is -4, must be positive and finite");
}

TEST(StanJsonReader, TellsIgnoredKeys) {
  EXPECT_EQ(parse("{\"N\":1,\"y\":[1],\"sigma\":[2],\"tau\":3}").notices,
            (Texts{"f: ignored \"N\"", "f: ignored \"tau\""}));
}

TEST(StanJsonReader, RefusesBadShape) {
  EXPECT_EQ(refused("{\"y\":[1,2],\"sigma\":[1]}"),
            "f: y has 2 values and sigma has 1; their numbers must be equal");
  EXPECT_EQ(refused("{\"J\":3,\"y\":[1,2],\"sigma\":[1,1]}"),
            "f: J is 3, but y and sigma have 2 values");
  EXPECT_EQ(refused("{\"J\":1,\"y\":[1]}"), "f: there is no \"sigma\"; the keys are: J, y");
  EXPECT_EQ(refused("{}"), "f: there is no \"y\"; the keys are: none");
  EXPECT_EQ(refused("{\"y\":[1,\"abc\"],\"sigma\":[1,1]}"), "f: row 2: y is 'abc', not a number");
  EXPECT_EQ(refused("{\"y\":[1,null],\"sigma\":[1,1]}"), "f: row 2: y is null, not a number");
  EXPECT_EQ(refused("{\"y\":[[1]],\"sigma\":[1]}"), "f: row 1: y is [1], not a number");
  EXPECT_EQ(refused("{\"y\":[1,2").substr(0, 13), "f: not JSON: ");
  EXPECT_EQ(refused("{\"y\":[1e999],\"sigma\":[1]}").substr(0, 13), "f: not JSON: ");
}

TEST(StanJsonReader, ReadsStansSpellingOfNanAndInfinity) {
  const Data data = parse("{\"y\":[\"NaN\",1],\"sigma\":[1,\"+inf\"]}").data;
  EXPECT_EQ(refusal([&] { validate(data); }), "row 1: y is nan, must be finite");
  EXPECT_EQ(data.sigma[1], HUGE_VAL);
}

TEST(Readers, DecideByContentAndNotByName) {
  const ScratchFolder folder;
  EXPECT_EQ(read_data(folder.write("a.csv", "{\"y\":[1],\"sigma\":[2]}")).data.y, (Numbers{1}));
  EXPECT_EQ(read_data(folder.write("a.json", "y,sigma\n3,4\n")).data.y, (Numbers{3}));
}

TEST(Readers, NameTheFileThatCannotBeRead) {
  const ScratchFolder folder;
  const std::string path = folder.file("none.csv");
  EXPECT_EQ(refusal([&] { read_data(path); }),
            "cannot read " + path + ": No such file or directory");
  EXPECT_EQ(refusal([&] { read_data(folder.file("")); }),
            "cannot read " + folder.file("") + ": it is a directory");
}

TEST(Readers, NumbersDoNotDependOnTheLocale) {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  bool changed = false;
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR"}) {
    changed = changed || std::setlocale(LC_ALL, name) != nullptr;
  }
  const Data data = parse("y,sigma\n1.5,2.25\n").data;
  std::setlocale(LC_ALL, before.c_str());
  EXPECT_EQ(data.y, (Numbers{1.5}));
  if (!changed) GTEST_SKIP() << "no locale with a decimal comma on this machine";
}

TEST(Readers, ParseNumberIsExact) {
  EXPECT_EQ(parse_number("0.1", "x"), 0.1);
  EXPECT_EQ(parse_number("6.575483346721606", "x"), 6.575483346721606);
  EXPECT_EQ(parse_number("+5e-324", "x"), 5e-324);
  EXPECT_EQ(refusal([] { parse_number("+", "x"); }), "x is '+', not a number");
}

}  // namespace
}  // namespace taugrid

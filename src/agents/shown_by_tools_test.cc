// What tools answer becomes passages with places, and sentences over them are borne out by what stands there alone.
#include "agents/shown_by_tools.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/support.h"
#include "agents/testing/fleet_library.h"

namespace docmind::agents {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class ShownByTools : public FleetLibrary {
 protected:
  Result<ToolShown> called(std::string_view tool, std::string_view arguments, const retrieval::Filter& filter = {}) {
    return use({.tool = tool, .arguments = arguments, .passages = so_far_}, filter, *box_, library_.library(),
               Deadline::never(), {});
  }
  // Its passages are shown from now on.
  ToolShown call(std::string_view tool, std::string_view arguments, const retrieval::Filter& filter = {}) {
    const auto shown = called(tool, arguments, filter);
    EXPECT_TRUE(shown) << tool << ": " << (shown ? "" : shown.error().message);
    if (!shown) return {};
    for (const NumberedPassage& one : shown->passages) {
      so_far_.push_back(one);
      so_far_.back().number = static_cast<std::uint32_t>(so_far_.size());
    }
    return *shown;
  }
  // What is wrong with a sentence that cites the last passage.
  std::string fault(const std::string& sentence) {
    std::vector<CitedPassage> passages;
    for (const NumberedPassage& one : so_far_) passages.push_back({.text = one.text, .document = one.document});
    const auto last = static_cast<std::uint32_t>(so_far_.size());
    const Verdict verdict = check_sentence({.text = sentence, .marks = {last}}, passages);
    return std::string(name(verdict.fault)) + (verdict.detail.empty() ? "" : ": " + verdict.detail);
  }
  // Every stored passage is what stands in its place.
  void expect_true(const ToolShown& shown) {
    library::Snapshot at = library_.read();
    for (const NumberedPassage& one : shown.passages) {
      ASSERT_THAT(one.places, Not(IsEmpty()));
      for (const Place& place : one.places) {
        const auto words = at.text_of_version(place.document_id, place.version, place.span);
        ASSERT_TRUE(words) << words.error().message;
        if (one.wording == Wording::kStored) EXPECT_EQ(*words, one.text);
      }
    }
  }

  std::vector<NumberedPassage> so_far_;
};

TEST_F(ShownByTools, PlacesAreShownAsTheyStand) {
  for (const auto& [tool, arguments] : std::vector<std::pair<std::string, std::string>>{
           {"search", R"({"query":"ropes","k":50})"},
           {"exact_find", R"({"phrase":"coil the ropes"})"},
           {"read_page", R"({"document":"/d/rules.md","page":1})"},
           {"compare", R"({"query":"ropes","documents":["/d/fleet.md","/d/rules.md"]})"}}) {
    const ToolShown shown = call(tool, arguments);
    EXPECT_THAT(shown.passages, Not(IsEmpty())) << tool;
    expect_true(shown);
  }
  EXPECT_THAT(call("exact_find", R"({"phrase":"titanic"})").note, HasSubstr("0 places"));
}

TEST_F(ShownByTools, RowsAreCountedBesideTheirWords) {
  const ToolShown shown = call("count", R"({"name":"ships","where":[{"column":"port","test":"is","value":"Bergen"}]})");
  EXPECT_EQ(shown.note, "Counted: 2.");
  ASSERT_THAT(shown.passages, SizeIs(1));
  expect_true(shown);
  EXPECT_THAT(shown.passages.front().places, SizeIs(2));
  EXPECT_EQ(fault("2 ships have the port Bergen."), "none");
  EXPECT_EQ(fault("5 ships have the port Bergen."), "number: 5");
  EXPECT_THAT(call("table_query", R"({"name":"ships","columns":["ship","port"]})").passages.front().text,
              HasSubstr("3 of 3 rows (Ship | Port): Aurora | Bergen; Bris | Bergen; Corvina | New Haven"));
  EXPECT_THAT(call("count", R"({"name":"ships","different":"port"})").passages.front().text,
              HasSubstr("2 different values"));
}

TEST_F(ShownByTools, WhatAModelAsksForBearsNothingOut) {
  const ToolShown none = call("count", R"({"name":"ships","where":[{"column":"ship","test":"is","value":"Titanic"}]})");
  EXPECT_THAT(none.passages, IsEmpty());
  const ToolShown others =
      call("table_query", R"({"name":"ships","where":[{"column":"length","test":"less","value":"1924"}]})");
  EXPECT_THAT(others.passages.front().text, Not(HasSubstr("1924")));
}

TEST_F(ShownByTools, OnlyTheDocumentsNumbersAreComputedWith) {
  EXPECT_THAT(called("arithmetic", R"({"expression":"31.5 + 44"})").error().message, HasSubstr("no passage"));
  call("table_query", R"({"name":"ships"})");
  const ToolShown sum = call("arithmetic", R"({"expression":"31.5 + 44"})");
  ASSERT_THAT(sum.passages, SizeIs(1));
  expect_true(sum);
  EXPECT_THAT(sum.passages.front().text, HasSubstr("75.5 is computed from"));
  EXPECT_EQ(fault("The ships have together a length of 75.5 m."), "none");
  EXPECT_EQ(call("arithmetic", R"x({"expression":"(31.5 + 44) / 2"})x").passages.size(), 1U);
  // 1924 must not come out of what a model makes up.
  EXPECT_FALSE(called("arithmetic", R"({"expression":"1924"})"));
  EXPECT_FALSE(called("arithmetic", R"({"expression":"44 + 1880"})"));
  EXPECT_FALSE(called("arithmetic", R"({"expression":"44 + 2"})"));
  EXPECT_FALSE(called("arithmetic", R"({"expression":"44"})"));
  EXPECT_FALSE(called("arithmetic", R"({"expression":"44 * 43.7272"})"));
}

TEST_F(ShownByTools, TheFilterHoldsWhateverIsAskedFor) {
  const retrieval::Filter fleet{.documents = {"/d/fleet.md"}};
  for (const auto& [tool, arguments] : std::vector<std::pair<std::string, std::string>>{
           {"search", R"({"query":"ropes"})"},
           {"search", R"({"query":"ropes","documents":["/d/rules.md"]})"},
           {"exact_find", R"({"phrase":"coil the ropes"})"},
           {"read_page", R"({"document":"/d/rules.md","page":1})"},
           {"compare", R"({"query":"ropes","documents":["/d/fleet.md","/d/rules.md"]})"}}) {
    for (const NumberedPassage& one : call(tool, arguments, fleet).passages) EXPECT_EQ(one.document, "/d/fleet.md");
  }
  EXPECT_THAT(call("table_query", R"({"name":"ships"})", {.types = {"pdf"}}).passages, IsEmpty());
}

TEST_F(ShownByTools, WhatIsLongIsCut) {
  std::vector<std::string> lines{"# Long", "## Ledger", "= Entry | Sum"};
  for (int i = 0; i < 500; ++i) lines.push_back("Entry " + std::string(300, 'x') + std::to_string(i) + " | 1");
  library_.put("/d/long.md", lines);
  const ToolShown rows = call("table_query", R"({"name":"ledger","limit":1000})");
  ASSERT_THAT(rows.passages, SizeIs(1));
  EXPECT_LE(rows.passages.front().text.size(), 2048U);
  EXPECT_LE(rows.passages.front().places.size(), 10U);
  const ToolShown page = call("read_page", R"({"document":"/d/long.md","page":1})");
  EXPECT_LE(page.passages.front().text.size(), 6144U);
  expect_true(page);
}

TEST_F(ShownByTools, HostileArgumentsAreRefused) {
  const std::string deep = R"({"query":)" + std::string(5000, '[') + "}";
  for (const std::string& arguments :
       {std::string(), std::string("null"), std::string("{"), std::string(R"({"query":""})"), deep,
        std::string("\xff\xfe"), std::string("{\"query\":\"a\0b\"}", 15), std::string(R"({"query":"x","k":-1})")}) {
    EXPECT_FALSE(called("search", arguments)) << arguments.substr(0, 40);
  }
  EXPECT_EQ(called("rm_rf", "{}").error().code, Code::kNotFound);
}

}  // namespace
}  // namespace docmind::agents

#include "agents/toolbox.h"

#include <gtest/gtest.h>

#include <boost/json/value.hpp>

#include "agents/testing/fleet_library.h"
#include "base/json.h"
#include "base/json_members.h"

namespace docmind::agents {
namespace {

class ToolboxTest : public FleetLibrary {
 protected:
  // The result, which the tool's own schema holds.
  boost::json::value call(const std::string& tool, const std::string& arguments) {
    const auto text = box_->call(tool, arguments, Deadline::never(), {});
    EXPECT_TRUE(text) << tool << ": " << (text ? "" : text.error().message);
    if (!text) return nullptr;
    for (const Tool& one : tools()) {
      if (one.name != tool) continue;
      const auto schema = library::testing::must(grammar::Grammar::of_schema(*parse_json(one.result)));
      const auto valid = schema->validate(*text);
      EXPECT_TRUE(valid) << tool << ": " << (valid ? "" : valid.error().message) << "\n" << *text;
    }
    return *parse_json(*text);
  }

  Code failure(std::string_view tool, std::string_view arguments) {
    const auto text = box_->call(tool, arguments, Deadline::never(), {});
    return text ? Code::kInternal : text.error().code;
  }
};

std::uint64_t number(const boost::json::value& in, std::string_view key) { return json_count(json_member(in, key)); }

TEST_F(ToolboxTest, SearchesAndCompares) {
  const auto found = call("search", R"({"query":"ropes","k":5})");
  ASSERT_FALSE(json_list(json_member(found, "hits")).empty());
  EXPECT_EQ(json_text(json_member(json_list(json_member(found, "hits"))[0], "document")), "/d/rules.md");
  const auto sides = call("compare", R"({"query":"ropes","documents":["/d/fleet.md","/d/rules.md"]})");
  EXPECT_EQ(json_list(json_member(sides, "sides")).size(), 2U);
  EXPECT_EQ(failure("compare", R"({"query":"ropes","documents":["/d/fleet.md","/d/gone.md"]})"), Code::kNotFound);
}

TEST_F(ToolboxTest, FindsEveryPlace) {
  const auto found = call("exact_find", R"({"phrase":"BERGEN","limit":1})");
  EXPECT_EQ(number(found, "total"), 2U);
  EXPECT_EQ(json_list(json_member(found, "places")).size(), 1U);
  EXPECT_TRUE(json_flag(json_member(found, "complete")));
  EXPECT_EQ(number(found, "documents_total"), 2U);
  EXPECT_EQ(number(call("exact_find", R"({"phrase":"bergen","documents":["/d/rules.md"]})"), "total"), 0U);
}

TEST_F(ToolboxTest, ReadsAPage) {
  const auto page = call("read_page", R"({"document":"/d/rules.md","page":1})");
  EXPECT_EQ(number(page, "pages"), 1U);
  EXPECT_NE(json_text(json_member(page, "text")).find("Coil the ropes."), std::string_view::npos);
  EXPECT_EQ(failure("read_page", R"({"document":"/d/rules.md","page":2})"), Code::kNotFound);
  EXPECT_EQ(failure("read_page", R"({"document":"/d/gone.md","page":1})"), Code::kNotFound);
}

TEST_F(ToolboxTest, QueriesTables) {
  const auto found = call("table_query", R"({"name":"ships of the fleet","columns":["ship"],)"
                                         R"("where":[{"column":"length","test":"more","value":"20"}]})");
  const auto& sets = json_list(json_member(found, "sets"));
  ASSERT_EQ(sets.size(), 1U);
  EXPECT_EQ(number(sets[0], "read"), 3U);
  EXPECT_EQ(number(sets[0], "matching"), 2U);
  const auto& rows = json_list(json_member(sets[0], "rows"));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(json_list(json_member(rows[1], "cells"))[0].as_string(), "Bris");
  const auto at = library_.read().find("/d/fleet.md");
  const auto text = library_.read().text(at->key, {number(rows[1], "start"), number(rows[1], "end")});
  EXPECT_EQ(*text, "Bris | Bergen | 44");
  EXPECT_EQ(json_list(json_member(call("table_query", R"({"name":"ships","columns":["wings"]})"), "sets")).size(), 0U);
}

TEST_F(ToolboxTest, Counts) {
  EXPECT_EQ(number(call("count", R"({"name":"ships"})"), "count"), 3U);
  EXPECT_EQ(number(call("count", R"({"name":"ships","different":"port"})"), "count"), 2U);
  EXPECT_EQ(number(call("count", R"({"name":"ships","where":[{"column":"","test":"has","value":"haven"}]})"), "count"),
            1U);
  EXPECT_EQ(number(call("count", R"({"name":"ships","where":[{"column":"port","test":"is_not","value":"Bergen"}]})"),
                   "count"),
            1U);
  EXPECT_EQ(number(call("count", R"({"name":"rules"})"), "count"), 2U);
  EXPECT_EQ(number(call("count", R"({"name":"parrots"})"), "count"), 0U);
}

TEST_F(ToolboxTest, Computes) {
  const auto value = call("arithmetic", R"({"expression":"(1,200 + 35.5) * 2"})");
  EXPECT_EQ(json_text(json_member(value, "value")), "2471");
  EXPECT_TRUE(json_flag(json_member(value, "exact")));
  EXPECT_FALSE(json_flag(json_member(call("arithmetic", R"({"expression":"1/3"})"), "exact")));
  EXPECT_EQ(failure("arithmetic", R"({"expression":"1/0"})"), Code::kInvalidArgument);
}

TEST_F(ToolboxTest, RefusesWhatTheSchemaRefuses) {
  EXPECT_EQ(failure("shell", "{}"), Code::kNotFound);
  for (const char* arguments : {"", "{", "[]", "null", "{}", R"({"query":1})", R"({"query":""})",
                                R"({"query":"a","k":0})", R"({"query":"a","k":1e9})", R"({"query":"a","extra":true})",
                                R"({"query":"a","query":"b"})", "{\"query\":\"\xff\"}"}) {
    EXPECT_EQ(failure("search", arguments), Code::kInvalidArgument) << arguments;
  }
  EXPECT_EQ(failure("table_query", R"({"name":"ships","where":[{"column":"length","test":"more","value":"long"}]})"),
            Code::kInvalidArgument);
  EXPECT_EQ(failure("table_query", R"({"name":"?!"})"), Code::kInvalidArgument);
  EXPECT_EQ(failure("exact_find", R"({"phrase":"..."})"), Code::kInvalidArgument);
}

TEST_F(ToolboxTest, EndsWhenToldOrWhenItsTimeIsOver) {
  std::stop_source stop;
  stop.request_stop();
  const Deadline over = Deadline::in(std::chrono::seconds(0), library_.clock());
  for (const auto& [tool, arguments] : std::vector<std::pair<std::string, std::string>>{
           {"search", R"({"query":"a"})"},
           {"exact_find", R"({"phrase":"a"})"},
           {"read_page", R"({"document":"/d/rules.md","page":1})"},
           {"table_query", R"({"name":"a"})"},
           {"count", R"({"name":"a"})"},
           {"compare", R"({"query":"a","documents":["/d/fleet.md","/d/rules.md"]})"},
           {"arithmetic", R"({"expression":"1"})"}}) {
    EXPECT_EQ(box_->call(tool, arguments, Deadline::never(), stop.get_token()).error().code, Code::kCancelled) << tool;
    EXPECT_EQ(box_->call(tool, arguments, over, {}).error().code, Code::kDeadlineExceeded) << tool;
  }
}

}  // namespace
}  // namespace docmind::agents

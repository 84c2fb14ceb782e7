#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grammar/testing/walk.h"

namespace docmind::grammar {
namespace {

using ::testing::HasSubstr;
using testing::writes;

std::vector<Tool> weather_and_time() {
  return {
      {"get_weather",
       *parse_json(
           R"({"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":1,"maximum":7}},)"
           R"("required":["city"]})")},
      {"get_time", {}}};
}

constexpr const char* kWeather =
    "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"中\", \"days\": 3}}\n</tool_call>";
constexpr const char* kTime =
    "<tool_call>\n{\"name\": \"get_time\", \"arguments\": {\"any\": [1, null]}}\n</tool_call>";

TEST(Tools, TextAndCalls) {
  const auto grammar = *Grammar::of_tools(weather_and_time());
  const std::string text = std::string("Let me see <tool>.\n") + kWeather + "\nand " + kTime;
  EXPECT_TRUE(writes(grammar, text));
  const auto read = grammar->read_tools(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->text, "Let me see <tool>.\n\nand ");
  ASSERT_EQ(read->calls.size(), 2U);
  EXPECT_EQ(read->calls[0].name, "get_weather");
  EXPECT_EQ(read->calls[0].arguments, R"({"city":"中","days":3})");
  EXPECT_EQ(read->calls[1].arguments, R"({"any":[1,null]})");
  EXPECT_TRUE(writes(grammar, "No call at all, < even <tool_cal"));
  EXPECT_TRUE(grammar->validate(""));
  EXPECT_TRUE(writes(grammar, ""));
}

TEST(Tools, ForcesTheFrameOfACall) {
  Matcher m(*Grammar::of_tools(weather_and_time()));
  ASSERT_TRUE(m.advance("<<tool_call>"));
  EXPECT_EQ(m.forced(), "\n{\"name\": \"get_");
  ASSERT_TRUE(m.advance(m.forced() + "w"));
  EXPECT_EQ(m.forced(), "eather\", \"arguments\": {\"city\": \"");
  ASSERT_TRUE(m.advance(m.forced() + "x\"}"));
  EXPECT_EQ(m.forced(), "}\n</tool_call>");
}

TEST(Tools, RequiredAndNamed) {
  const std::vector<Tool> tools = weather_and_time();
  const auto required = *Grammar::of_tools(tools, {.use = ToolUse::kRequired, .calls = 2});
  EXPECT_TRUE(writes(required, kWeather));
  EXPECT_TRUE(writes(required, std::string(kTime) + "\n" + kTime));
  EXPECT_FALSE(writes(required, std::string(kTime) + "\n" + kTime + "\n" + kTime));
  EXPECT_FALSE(writes(required, "text"));
  EXPECT_FALSE(writes(required, ""));
  EXPECT_TRUE(required->validate(kWeather));
  EXPECT_THAT(required->validate("text").error().message, HasSubstr("calls no tool"));
  EXPECT_THAT(required->validate(std::string("text") + kTime).error().message, HasSubstr("text beside"));

  const auto named = *Grammar::of_tools(std::span(tools).first(1), {.use = ToolUse::kRequired, .calls = 1});
  EXPECT_TRUE(writes(named, kWeather));
  EXPECT_FALSE(writes(named, kTime));
  EXPECT_THAT(named->validate(kTime).error().message, HasSubstr("there is no tool \"get_time\""));
  EXPECT_THAT(named->validate(std::string(kWeather) + "\n" + kWeather).error().message, HasSubstr("more than 1 calls"));
  EXPECT_EQ(Matcher(named).forced(), "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"");
}

TEST(Tools, ACallEndsTheTextWhenOnlyOneIsAllowed) {
  const auto grammar = *Grammar::of_tools(weather_and_time(), {.calls = 1});
  Matcher m(grammar);
  ASSERT_TRUE(m.advance(std::string("Well: ") + kTime));
  EXPECT_TRUE(m.finished());
}

TEST(Tools, WhatIsWrongWithACallIsSaid) {
  const auto grammar = *Grammar::of_tools(weather_and_time());
  const auto said = [&](std::string_view text) {
    const auto result = grammar->validate(text);
    return result ? "fine" : result.error().message;
  };
  EXPECT_THAT(said("<tool_call>\n{\"name\": \"get_time\""), HasSubstr("no complete JSON object"));
  EXPECT_THAT(said("<tool_call>{\"name\": \"get_time\", \"arguments\": {}}"), HasSubstr("not closed"));
  EXPECT_THAT(said("<tool_call>{\"name\": \"get_time\"}</tool_call>"), HasSubstr("\"name\" and \"arguments\""));
  EXPECT_THAT(said("<tool_call>{\"name\": 1, \"arguments\": {}}</tool_call>"), HasSubstr("\"name\" and \"arguments\""));
  EXPECT_THAT(said("<tool_call>{\"name\": \"x\", \"arguments\": {}}</tool_call>"), HasSubstr("no tool \"x\""));
  EXPECT_THAT(said("<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"a\", \"days\": 9}}</tool_call>"),
              HasSubstr("\"/0/arguments/days\": it is above the maximum"));
  EXPECT_THAT(said("<tool_call>\n</tool_call>"), HasSubstr("no complete JSON object"));
  // The closing mark inside a string closes nothing.
  EXPECT_EQ(said("<tool_call>{\"name\": \"get_time\", \"arguments\": {\"a\": \"}</tool_call>\"}}</tool_call>"), "fine");
}

TEST(Tools, WhatCannotBeAskedFor) {
  EXPECT_FALSE(Grammar::of_tools({}));
  EXPECT_FALSE(Grammar::of_tools(std::vector<Tool>{{"", {}}}));
  EXPECT_FALSE(Grammar::of_tools(std::vector<Tool>{{"a", {}}, {"a", {}}}));
  const auto bad = Grammar::of_tools(std::vector<Tool>{{"a", {}}, {"b", *parse_json(R"({"not":{}})")}});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message, R"(tool b: the schema's "not" at # is not supported)");
  const std::vector<Tool> tools = weather_and_time();
  EXPECT_FALSE(Grammar::of_tools(tools, {.begin = " \n"}));
  EXPECT_FALSE(Grammar::of_tools(tools, {.end = ""}));
  EXPECT_FALSE(Grammar::of_tools(tools, {.between = "x"}));
  EXPECT_FALSE(Grammar::of_tools(tools, {.calls = 0}));
  EXPECT_FALSE(Grammar::of_tools(tools, {.calls = 257}));
}

TEST(Tools, NamesAreQuoted) {
  const auto grammar = *Grammar::of_tools(std::vector<Tool>{{"a\"\n中", {}}}, {.use = ToolUse::kRequired});
  const std::string text = "<tool_call>\n{\"name\": \"a\\\"\\n中\", \"arguments\": {}}\n</tool_call>";
  EXPECT_TRUE(writes(grammar, text));
  EXPECT_EQ(grammar->read_tools(text)->calls.front().name, "a\"\n中");
}

}  // namespace
}  // namespace docmind::grammar

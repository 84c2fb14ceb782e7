#include "engine/tool_calls.h"

#include <gtest/gtest.h>

namespace docmind::engine {
namespace {

struct Read {
  AnswerDelta all;
  std::string error;
};

Read read(AnswerSyntax syntax, std::string_view text, std::size_t piece) {
  AnswerParser parser(syntax);
  Read out;
  const auto take = [&](AnswerDelta delta) {
    out.all.content += delta.content;
    out.all.reasoning += delta.reasoning;
    out.all.calls.insert(out.all.calls.end(), delta.calls.begin(), delta.calls.end());
  };
  for (std::size_t i = 0; i < text.size(); i += piece) take(parser.push(text.substr(i, piece)));
  take(parser.finish());
  out.error = parser.parse_error();
  return out;
}

// In whatever pieces it comes.
Read read(AnswerSyntax syntax, std::string_view text) {
  const Read whole = read(syntax, text, text.size() + 1);
  for (std::size_t piece = 1; piece < 20; ++piece) {
    const Read cut = read(syntax, text, piece);
    EXPECT_EQ(cut.all.content, whole.all.content) << piece;
    EXPECT_EQ(cut.all.reasoning, whole.all.reasoning) << piece;
    EXPECT_EQ(cut.all.calls, whole.all.calls) << piece;
    EXPECT_EQ(cut.error, whole.error) << piece;
  }
  return whole;
}

constexpr AnswerSyntax kTools{.tools = true};
constexpr AnswerSyntax kBoth{.tools = true, .thoughts = true};

TEST(AnswerParser, PlainTextIsContent) {
  EXPECT_EQ(read({}, "a <tool_call> b </think> ").all.content, "a <tool_call> b </think> ");
  EXPECT_EQ(read(kBoth, " Just text.\n\n").all.content, " Just text.\n\n");
}

TEST(AnswerParser, ReadsCallsAndTheTextBefore) {
  const Read r = read(kTools,
                      "I look.\n\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": [1, \"<x>\"]}}\n</tool_call>\n"
                      "<tool_call>{\"name\":\"g\"}</tool_call>\n");
  EXPECT_EQ(r.all.content, "I look.");
  ASSERT_EQ(r.all.calls.size(), 2U);
  EXPECT_EQ(r.all.calls[0], (ToolCall{.name = "f", .arguments = R"({"a":[1,"<x>"]})"}));
  EXPECT_EQ(r.all.calls[1], (ToolCall{.name = "g", .arguments = "{}"}));
  EXPECT_EQ(r.error, "");
}

TEST(AnswerParser, ACallWithoutItsEndIsReadIfItIsWhole) {
  EXPECT_EQ(read(kTools, R"(<tool_call>{"name":"f","arguments":{}})").all.calls.size(), 1U);
  EXPECT_EQ(read(kTools, "<tool_call>{\"name\":\"f\",\"arguments\":{}}\n</tool").all.calls.size(), 0U);
}

TEST(AnswerParser, ACallThatCannotBeReadIsTextWithAReason) {
  for (const char* text : {"a <tool_call>{\"name\": \"f\", \"argu</tool_call> b", "a <tool_call></tool_call> b",
                           "a <tool_call>[1]</tool_call> b", "a <tool_call>{\"name\": 3}</tool_call> b",
                           "a <tool_call>{\"name\": \"f\"", "a <tool_call>"}) {
    const Read r = read(kTools, text);
    EXPECT_EQ(r.all.content, text);
    EXPECT_TRUE(r.all.calls.empty());
    EXPECT_NE(r.error, "") << text;
  }
}

TEST(AnswerParser, AnEndlessCallIsBounded) {
  const std::string text = "<tool_call>" + std::string(3U << 20U, 'x') + "</tool_call>";
  const Read r = read(kTools, text, 1000);
  EXPECT_EQ(r.all.content, text);
  EXPECT_NE(r.error, "");
}

TEST(AnswerParser, TellsThoughtsFromTheAnswer) {
  const Read r = read(kBoth, "<think>\nLine one.\n\nLine two.\n</think>\n\nThe answer.");
  EXPECT_EQ(r.all.reasoning, "Line one.\n\nLine two.");
  EXPECT_EQ(r.all.content, "The answer.");
  EXPECT_EQ(read({.thoughts = true, .thinking = true}, "A thought.\n</think>\n\nSaid.").all.reasoning, "A thought.");
  EXPECT_EQ(read({.thoughts = true, .thinking = true}, "A thought.\n</think>\n\nSaid.").all.content, "Said.");
}

TEST(AnswerParser, ThoughtsAreOnlyAtTheBeginning) {
  EXPECT_EQ(read(kBoth, "Not a <think>thought</think>.").all.content, "Not a <think>thought</think>.");
  EXPECT_EQ(read(kBoth, "<think>Never ends").all.reasoning, "Never ends");
  EXPECT_EQ(read(kBoth, "<think></think>x").all.content, "x");
  EXPECT_EQ(read(kBoth, "<thi").all.content, "<thi");
}

TEST(AnswerParser, ACallAfterThoughts) {
  const Read r =
      read(kBoth, "<think>\nI call.\n</think>\n\n<tool_call>\n{\"name\":\"f\",\"arguments\":{}}\n</tool_call>");
  EXPECT_EQ(r.all.reasoning, "I call.");
  EXPECT_EQ(r.all.content, "");
  EXPECT_EQ(r.all.calls.size(), 1U);
}

}  // namespace
}  // namespace docmind::engine

#include "supervisor/history.h"

#include <boost/json/array.hpp>

#include "supervisor/testing/stage.h"

namespace docmind::supervisor {
namespace {

using testing::call;
using testing::Lines;
using testing::lines_of;

TEST(History, S33EveryCallGetsItsAnswerRightAfterIt) {
  const Array messages{user_message("q"),
                       assistant_message("", "a", {call("x", "1"), call("y", "2"), call("z", "3")}),
                       tool_message(call("y", "2"), "two"),
                       user_message("never mind"),
                       tool_message(call("x", "1"), "one"),
                       tool_message(call("gone", "9"), "to nobody")};
  EXPECT_EQ(lines_of(repaired(messages)),
            (Lines{"human: q", "ai a:  -> x{}#1 -> y{}#2 -> z{}#3", "tool x: one <- 1", "tool y: two <- 2",
                   "tool z: Error: this call was not carried out. <- 3", "human: never mind"}));
}

TEST(History, AnIdUsedTwiceBelongsToTheLaterCall) {
  const Array messages{assistant_message("", "a", {call("x", "1")}), assistant_message("", "a", {call("x", "1")}),
                       tool_message(call("x", "1"), "second"), tool_message(call("x", "1"), "one too many")};
  EXPECT_EQ(lines_of(repaired(messages)),
            (Lines{"ai a:  -> x{}#1", "tool x: Error: this call was not carried out. <- 1", "ai a:  -> x{}#1",
                   "tool x: second <- 1"}));
}

TEST(History, NothingEmptyIsShown) {
  const Array messages{user_message(""),
                       assistant_message("", "a"),
                       "no message",
                       nullptr,
                       Object{{"role", 7}},
                       assistant_message("", "a", {call("x", "1")}),
                       tool_message(call("x", "1"), "")};
  EXPECT_EQ(lines_of(repaired(messages)), (Lines{"ai a:  -> x{}#1", "tool x: (no output) <- 1"}));
}

TEST(History, ARepairedHistoryIsLeftAlone) {
  const Array messages{user_message("问题"), assistant_message("", "a", {call("x", "1")}),
                       tool_message(call("x", "1"), "\n")};
  EXPECT_EQ(repaired(messages), messages);
  EXPECT_EQ(repaired(repaired(messages)), messages);
}

TEST(History, TrimmingKeepsTheNewestAndSplitsNoPair) {
  const Array messages{system_message("s"),
                       user_message("first"),
                       assistant_message("one"),
                       user_message("second"),
                       assistant_message("", "a", {call("x", "1"), call("y", "2")}),
                       tool_message(call("x", "1"), "1"),
                       tool_message(call("y", "2"), "2"),
                       assistant_message("two")};
  EXPECT_EQ(trimmed(messages, 8), messages);
  EXPECT_EQ(lines_of(trimmed(messages, 6)),
            lines_of({messages[0], messages[3], messages[4], messages[5], messages[6], messages[7]}));
  // The question stays; the calls do not fit beside it and go with their answers.
  EXPECT_EQ(lines_of(trimmed(messages, 5)), lines_of({messages[0], messages[3], messages[7]}));
  EXPECT_EQ(lines_of(trimmed(messages, 3)), lines_of({messages[0], messages[3], messages[7]}));
}

TEST(History, TheNewestGroupStaysEvenIfItIsTooLong) {
  const Array messages{user_message("q"), assistant_message("", "a", {call("x", "1"), call("y", "2")}),
                       tool_message(call("x", "1"), "1"), tool_message(call("y", "2"), "2")};
  EXPECT_EQ(trimmed(messages, 2), messages);
}

// Ten thousand random histories, whole and broken: what is shown never breaks a rule.
TEST(History, RandomHistoriesAreAlwaysWholeAndShort) {
  SeededRng rng(7);
  const auto below = [&](std::uint64_t n) { return rng.next() % n; };
  for (int round = 0; round < 10'000; ++round) {
    Array messages;
    for (std::uint64_t n = below(12); n > 0; --n) {
      const std::string id = std::to_string(below(4));
      const std::string text = below(4) == 0 ? "" : "t";
      switch (below(4)) {
        case 0:
          messages.push_back(user_message(text));
          break;
        case 1:
          messages.push_back(tool_message(call("x", id), text));
          break;
        default:
          messages.push_back(assistant_message(
              text, "a",
              below(2) == 0 ? std::vector<llm::ToolCall>{} : std::vector{call("x", id), call("y", id + "'")}));
      }
    }
    const std::size_t most = 1 + below(6);
    const Array whole = repaired(messages);
    for (const Array& shown : {whole, trimmed(whole, most)}) {
      std::vector<std::string> open;
      for (const Value& one : shown) {
        if (is_tool(one)) {
          ASSERT_FALSE(open.empty());
          ASSERT_EQ(open.front(), answers_of(one));
          open.erase(open.begin());
          ASSERT_FALSE(text_of(one).empty());
          continue;
        }
        ASSERT_TRUE(open.empty());
        ASSERT_FALSE(is_empty(one));
        for (const llm::ToolCall& made : calls_of(one)) open.push_back(made.id);
      }
      ASSERT_TRUE(open.empty());
    }
    if (!whole.empty()) {
      const Array shown = trimmed(whole, most);
      ASSERT_EQ(shown.back(), whole.back());
      ASSERT_LE(shown.size(), std::max<std::size_t>(most, 4));  // A group has three messages, and its question.
    }
  }
}

}  // namespace
}  // namespace docmind::supervisor

#include "agents/asked_set.h"

#include <gtest/gtest.h>

namespace docmind::agents {
namespace {

// "operation: subject / measure / other words", comparisons behind "|".
std::string read(std::string_view question) {
  const auto asked = asked_set(question);
  if (!asked) return "none";
  std::string subject;
  std::string measure;
  std::string other;
  for (const AskedWord& word : asked->words) {
    std::string* to = word.purpose == Purpose::kSubject   ? &subject
                      : word.purpose == Purpose::kMeasure ? &measure
                                                          : &other;
    if (word.purpose < Purpose::kSubject) continue;
    *to += (to->empty() || word.token.character ? "" : " ") + std::string(word.negated ? "!" : "") + word.token.lower;
  }
  std::string out = std::string(name(asked->operation)) + ": " + subject + " / " + measure + " / " + other;
  for (const Comparison& one : asked->comparisons) {
    out += " | " + one.word + " " + one.low.text();
    if (one.relation == Relation::kBetween) out += " " + one.high.text();
  }
  return out;
}

TEST(AskedSet, ReadsCountsAndLists) {
  EXPECT_EQ(read("How many ships are in the fleet?"), "count: ships /  / fleet");
  EXPECT_EQ(read("How many Norwegian ships are there?"), "count: norwegian ships /  / ");
  EXPECT_EQ(read("What is the number of rooms in the annex?"), "count: rooms /  / annex");
  EXPECT_EQ(read("List all ports of the ferry."), "list: ports /  / ferry");
  EXPECT_EQ(read("Which ports are there?"), "list: ports /  / ");
  EXPECT_EQ(read("What are the exit codes?"), "list: exit codes /  / ");
  EXPECT_EQ(read("Wie viele Schiffe gibt es?"), "count: schiffe /  / ");
  EXPECT_EQ(read("\u6709\u591a\u5c11\u8258\u8239\uff1f"), "count: \u8239 /  / ");
}

TEST(AskedSet, ReadsSumsAndExtremes) {
  EXPECT_EQ(read("What is the total weight of all crates?"), "sum:  / weight / crates");
  EXPECT_EQ(read("What is the average crew of the ships?"), "average:  / crew / ships");
  EXPECT_EQ(read("Which ship is the longest?"), "highest: ship /  / ");
  EXPECT_EQ(read("Which crate has the lowest price?"), "lowest: crate / price / ");
  EXPECT_EQ(read("What is the average number of passengers?"), "average:  / passengers / ");
  EXPECT_EQ(read("Which is the oldest ship?").substr(0, 6), "lowest");
}

TEST(AskedSet, ReadsComparisons) {
  EXPECT_EQ(read("How many ships are longer than 20 m?"), "count: ships /  /  | longer 20");
  EXPECT_EQ(read("How many crates weigh more than 1,200 kg?"), "count: crates weigh /  / kg | more 1200");
  EXPECT_EQ(read("How many ships were launched between 1990 and 2000?"),
            "count: ships /  / launched | between 1990 2000");
  EXPECT_EQ(read("How many ships carry at most 12 people?"), "count: ships carry /  / people | at 12");
  EXPECT_EQ(read("How many ships have no engine?"), "count: ships /  / !engine");
}

TEST(AskedSet, LeavesOtherQuestionsAlone) {
  for (const char* question :
       {"", "?", "Who keeps the log?", "Which command builds a package?", "What is the default runlevel?",
        "How do I list files?", "What does the average mean?", "For how many days may I keep it?", "How much is it?",
        "What is a list?", "What does the -T option do?", "Name the author.", "\xff\xfe how many",
        "Show me how it works."}) {
    EXPECT_EQ(read(question), "none") << question;
  }
  std::string long_one = "How many ships";
  for (int i = 0; i < 100; ++i) long_one += " are there";
  EXPECT_EQ(read(long_one), "none");
}

TEST(AskedPhrase, FindsThePhrase) {
  const auto phrase = [](std::string_view question) {
    const auto asked = asked_phrase(question);
    return asked ? asked->phrase + (asked->documents ? " in documents" : "") : "none";
  };
  EXPECT_EQ(phrase("How often is the bilge pump mentioned?"), "bilge pump");
  EXPECT_EQ(phrase("How many times does \"bilge pump\" occur?"), "bilge pump");
  EXPECT_EQ(phrase("In how many documents is Bergen named?"), "Bergen in documents");
  EXPECT_EQ(phrase("Which documents mention the bilge pump?"), "bilge pump in documents");
  EXPECT_EQ(phrase("How many files contain \u201cfive larch planks\u201d?"), "five larch planks in documents");
  for (const char* question : {"How often should I pump?", "How often is the pump cleaned?", "Which documents?", "",
                               "In how many documents is mentioned?", "How many times may I ask?"}) {
    EXPECT_EQ(phrase(question), "none") << question;
  }
}

}  // namespace
}  // namespace docmind::agents

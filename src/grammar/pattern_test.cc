#include "grammar/impl/pattern.h"

#include <gtest/gtest.h>

#include <array>
#include <boost/json/object.hpp>
#include <regex>

#include "base/utf8.h"
#include "grammar/testing/walk.h"

namespace docmind::grammar {
namespace {

bool matches(const Pattern& pattern, std::string_view text) {
  std::size_t steps = 10'000'000;
  return pattern.matches(text, steps);
}

TEST(Pattern, MatchesAsAnotherEngineDoes) {
  SeededRng rng(7);
  constexpr std::array<const char*, 14> kParts = {"a",  "b",  "[ab]", "[^a]",       ".",   "(a|bc)", "(?:ab)?",
                                                  "a*", "b+", "c{2}", "(a|b){1,3}", "\\d", "\\w?",   "[a-c]+"};
  for (int i = 0; i < 400; ++i) {
    std::string text = rng.next() % 2 == 0 ? "^" : "";
    for (auto n = rng.next() % 4 + 1; n > 0; --n) text += kParts.at(rng.next() % kParts.size());
    if (rng.next() % 2 == 0) text += "$";
    if (rng.next() % 4 == 0) text += "|b$";
    const auto pattern = Pattern::parse(text);
    ASSERT_TRUE(pattern) << text << pattern.error().message;
    const std::regex other(text);
    const auto grammar =
        *Grammar::of_schema(*parse_json("{\"type\":\"string\",\"pattern\":" + json_quoted(text) + "}"));
    for (int k = 0; k < 40; ++k) {
      std::string subject;
      for (auto n = rng.next() % 7; n > 0; --n) subject += "abc1 "[rng.next() % 5];
      ASSERT_EQ(matches(*pattern, subject), std::regex_search(subject, other)) << text << " on \"" << subject << '"';
      ASSERT_EQ(testing::writes(grammar, "\"" + subject + "\""), matches(*pattern, subject))
          << text << " on \"" << subject << '"';
    }
  }
}

TEST(Pattern, CharactersBeyondAscii) {
  const auto pattern = *Pattern::parse("^[\\u00e0-\\u9fff]\\s.$");
  EXPECT_TRUE(matches(pattern, "中\xe3\x80\x80\xf0\x9f\x98\x80"));
  EXPECT_FALSE(matches(pattern, "a b"));
}

TEST(Pattern, RangesAgreeWithTheirBytes) {
  const auto grammar = *Grammar::of_schema(*parse_json(
      "{\"type\":\"string\",\"pattern\":\"^[\\\\x21-\\\\u0101\\\\u07ff-\\\\u0801\\\\uffff-\xf0\x90\x80\x81]$\"}"));
  for (const char32_t c : std::initializer_list<char32_t>{
           0x20,  0x21,  0x22,  0x5c,   0x7f,   0x80,   0xff,   0x100,   0x101,   0x102,   0x7fe,   0x7ff,
           0x800, 0x801, 0x802, 0xd7ff, 0xe000, 0xfffe, 0xffff, 0x10000, 0x10001, 0x10002, 0x10ffff}) {
    std::string raw;
    append_utf8(raw, c);
    const std::string quoted = c == '"' || c == '\\' ? "\"\\" + raw + "\"" : "\"" + raw + "\"";
    const bool in = (c >= 0x21 && c <= 0x101) || (c >= 0x7ff && c <= 0x801) || (c >= 0xffff && c <= 0x10001);
    EXPECT_EQ(testing::writes(grammar, quoted), in) << static_cast<unsigned>(c);
    EXPECT_EQ(static_cast<bool>(grammar->validate(quoted)), in) << static_cast<unsigned>(c);
  }
}

TEST(Pattern, TakesTimeInProportion) {
  const auto pattern = *Pattern::parse("^(a|a)*(a|a)*(a|a)*b$");  // Backtracking would take for ever.
  EXPECT_FALSE(matches(pattern, std::string(20000, 'a')));
}

TEST(Integers, AreThoseOfTheRange) {
  for (const auto& [low, high] : std::vector<std::pair<int, int>>{
           {0, 0}, {-5, 5}, {7, 1234}, {-1234, -7}, {99, 101}, {100, 999}, {-1000, 20}, {1, 10}, {345, 543}}) {
    const auto grammar =
        *Grammar::of_schema(boost::json::object{{"type", "integer"}, {"minimum", low}, {"maximum", high}});
    for (int i = -2100; i <= 2100; ++i) {
      ASSERT_EQ(testing::writes(grammar, std::to_string(i)), low <= i && i <= high)
          << i << " of " << low << " to " << high;
    }
    EXPECT_FALSE(testing::writes(grammar, "-0"));
    EXPECT_FALSE(testing::writes(grammar, "00"));
    EXPECT_FALSE(testing::writes(grammar, "01"));
  }
}

}  // namespace
}  // namespace docmind::grammar

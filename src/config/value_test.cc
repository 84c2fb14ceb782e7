#include "config/value.h"

#include <gtest/gtest.h>

#include <limits>

namespace docmind::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Value, Booleans) {
  for (const char* text : {"true", "Yes", "ON", "1"}) EXPECT_TRUE(*to_bool(text)) << text;
  for (const char* text : {"false", "no", "off", "0"}) EXPECT_FALSE(*to_bool(text)) << text;
  for (const char* text : {"", "maybe", "2", " true", "tru"}) EXPECT_FALSE(to_bool(text)) << text;
}

TEST(Value, IntegersAreWholeAndInRange) {
  EXPECT_EQ(*to_integer("0", 0, 10), 0);
  EXPECT_EQ(*to_integer("10", 0, 10), 10);
  EXPECT_EQ(*to_integer("-5", -5, 10), -5);
  for (const char* text : {"", "11", "-1", "1.0", "1e1", "0x1", " 1", "1 ", "99999999999999999999", "十"}) {
    EXPECT_FALSE(to_integer(text, 0, 10)) << text;
  }
  EXPECT_EQ(to_integer("11", 0, 10).error().message, "must be a whole number from 0 to 10, not \"11\"");
}

TEST(Value, RealsAreFiniteAndInRange) {
  EXPECT_EQ(*to_real("1.62", 0, 2), 1.62);
  EXPECT_EQ(*to_real("1e-3", 0, 2), 0.001);
  for (const char* text : {"", "nan", "inf", "2.01", "-0.1", "1,5", "1.5x"}) EXPECT_FALSE(to_real(text, 0, 2)) << text;
}

TEST(Value, DurationsHaveUnits) {
  EXPECT_EQ(*to_duration("90", seconds(1), hours(1)), seconds(90));
  EXPECT_EQ(*to_duration("90s", seconds(1), hours(1)), seconds(90));
  EXPECT_EQ(*to_duration("1.5m", seconds(1), hours(1)), seconds(90));
  EXPECT_EQ(*to_duration("1h", seconds(1), hours(1)), hours(1));
  EXPECT_EQ(*to_duration("250ms", milliseconds(0), hours(1)), milliseconds(250));
  for (const char* text : {"", "s", "0", "2h", "1d", "-1s", "1 s", "1..5s", "nan", "1e99"}) {
    EXPECT_FALSE(to_duration(text, seconds(1), hours(1))) << text;
  }
  for (const Duration value : {Duration(hours(2)), Duration(minutes(90)), Duration(milliseconds(1500)), Duration(0)}) {
    EXPECT_EQ(*to_duration(text_of(value), seconds(0), hours(24)), value) << text_of(value);
  }
  EXPECT_EQ(text_of(Duration(minutes(90))), "90m");
  EXPECT_EQ(text_of(Duration(milliseconds(1500))), "1500ms");
}

TEST(Value, LinesAreCleanText) {
  EXPECT_EQ(*to_line("/数据/a b"), "/数据/a b");
  EXPECT_EQ(*to_line(""), "");
  EXPECT_FALSE(to_line("a\nb"));
  EXPECT_FALSE(to_line("\x1b[31m"));
  EXPECT_FALSE(to_line("\xff"));
  EXPECT_FALSE(to_line(std::string("a\0b", 3)));
  EXPECT_FALSE(to_line(std::string(5000, 'x')));
}

TEST(Value, WhatIsQuotedIsShortAndHarmless) {
  EXPECT_EQ(in_quotes("a\nb"), "\"a\\nb\"");
  const std::string cut = in_quotes(std::string(59, 'x') + "中中中");
  EXPECT_EQ(cut, "\"" + std::string(59, 'x') + "…\"");
}

}  // namespace
}  // namespace docmind::config

#include "agents/arithmetic.h"

#include <gtest/gtest.h>

namespace docmind::agents {
namespace {

std::string value(std::string_view expression) {
  const auto result = evaluate(expression);
  if (!result) return std::string(name(result.error().code));
  return result->value.text() + (result->unit.empty() ? "" : " " + result->unit);
}

TEST(Arithmetic, ComputesExactly) {
  EXPECT_EQ(value("0.1 + 0.2"), "0.3");
  EXPECT_EQ(value("1,200.50 * 3"), "3601.5");
  EXPECT_EQ(value("2 + 3 * 4"), "14");
  EXPECT_EQ(value("(2 + 3) * 4"), "20");
  EXPECT_EQ(value("10 - 4 - 3"), "3");
  EXPECT_EQ(value("1 / 3"), "0.333333");
  EXPECT_EQ(value("1 / 3 * 3"), "1");
  EXPECT_EQ(value("-(3 - 5)"), "2");
  EXPECT_EQ(value("6 \u00d7 7 \u2212 2 \u00f7 4"), "41.5");
  EXPECT_EQ(value("80 * 25 %"), "20");
}

TEST(Arithmetic, KeepsUnits) {
  EXPECT_EQ(value("5 km + 3 km"), "8 km");
  EXPECT_EQ(value("3 * 4.5 kg"), "13.5 kg");
  EXPECT_EQ(value("9 km / 3 km"), "3");
  EXPECT_EQ(value("\u20ac5.50 * 2"), "11 \u20ac");
  EXPECT_EQ(value("5 km + 3 m"), "invalid_argument");
  EXPECT_EQ(value("5 km + 3"), "invalid_argument");
  EXPECT_EQ(value("5 km * 3 km"), "invalid_argument");
  EXPECT_EQ(value("5 / 3 km"), "invalid_argument");
}

TEST(Arithmetic, RefusesWhatItCannotRead) {
  for (const char* text :
       {"", "1 +", "(1", "1)", "* 2", "1 2", "two", "1.2.3", "1 / 0", "1 / (2 - 2)", "1 +* 2", "\xff"}) {
    EXPECT_EQ(value(text), "invalid_argument") << text;
  }
  EXPECT_EQ(value(std::string("1\0+1", 4)), "invalid_argument");
}

TEST(Arithmetic, IsBounded) {
  EXPECT_EQ(value(std::string(2000, '1')), "resource_exhausted");
  EXPECT_EQ(value(std::string(400, '(') + "1" + std::string(400, ')')), "resource_exhausted");
  EXPECT_EQ(value(std::string(400, '-') + "1"), "resource_exhausted");
  EXPECT_EQ(value(std::string(60, '(') + "1" + std::string(60, ')')), "1");
  EXPECT_EQ(value("99999999999999999999 * 99999999999999999999 * 99999999999999999999"), "resource_exhausted");
}

}  // namespace
}  // namespace docmind::agents

#include "agents/exact_number.h"

#include <gtest/gtest.h>

#include <vector>

namespace docmind::agents {
namespace {

Exact number(std::string_view text) {
  const auto read = read_quantity(text);
  EXPECT_TRUE(read) << text;
  return read ? read->value : Exact();
}

std::string read(std::string_view text, DecimalMark mark = DecimalMark::kPoint) {
  const auto quantity = read_quantity(text, mark);
  return quantity ? quantity->value.text() + "|" + quantity->unit : "none";
}

TEST(ExactNumber, ReadsWhatPeopleWrite) {
  EXPECT_EQ(read("42"), "42|");
  EXPECT_EQ(read("1,234.50 km"), "1234.5|km");
  EXPECT_EQ(read("1.234,50 \u20ac"), "1234.5|\u20ac");
  EXPECT_EQ(read("$1,200"), "1200|$");
  EXPECT_EQ(read("EUR 7.5"), "7.5|EUR");
  EXPECT_EQ(read("12 %"), "12|%");
  EXPECT_EQ(read("1 234 567"), "1234567|");
  EXPECT_EQ(read("1\u202f234"), "1234|");
  EXPECT_EQ(read("1'234'567.25"), "1234567.25|");
  EXPECT_EQ(read("\u22125"), "-5|");
  EXPECT_EQ(read("(350)"), "-350|");
  EXPECT_EQ(read("3 m2"), "3|m2");
  EXPECT_EQ(read("17 (estimated)"), "17|");
  EXPECT_EQ(read("25\u6b27\u5143"), "25|\u6b27\u5143");
}

TEST(ExactNumber, RefusesWhatIsNoNumber) {
  for (const char* text : {"", " ", "twelve", "5-10", "5\u201310", "1.2.3", "10:30", "2024-05-01", "3/4", "v2",
                           "1,23,4", "12 of 40 in the end of it", "-", "1,234,56", "3 and 5"}) {
    EXPECT_EQ(read(text), "none") << text;
  }
  EXPECT_EQ(read(std::string(60, '9')), "none");
  EXPECT_EQ(read(std::string("1\0", 2) + "2"), "none");
}

TEST(ExactNumber, AColumnSaysWhatAPointMeans) {
  EXPECT_EQ(decimal_mark(std::vector<std::string>{"1.234", "12,5"}), DecimalMark::kComma);
  EXPECT_EQ(decimal_mark(std::vector<std::string>{"1.234", "12.5"}), DecimalMark::kPoint);
  EXPECT_EQ(decimal_mark(std::vector<std::string>{"1,234"}), DecimalMark::kPoint);
  EXPECT_EQ(read("1.234", DecimalMark::kComma), "1234|");
  EXPECT_EQ(read("1.234", DecimalMark::kPoint), "1.234|");
  EXPECT_EQ(read("0,125", DecimalMark::kPoint), "0.125|");
}

TEST(ExactNumber, ComputesExactlyOrFails) {
  Exact sum;
  for (int i = 0; i < 10; ++i) sum = *sum.plus(number("0.1"));
  EXPECT_EQ(sum, Exact(1));
  const Exact third = *Exact(1).over(Exact(3));
  EXPECT_FALSE(third.ends());
  EXPECT_EQ(third.text(), "0.333333");
  EXPECT_EQ(*third.times(Exact(3)), Exact(1));
  EXPECT_EQ(Exact(2).over(Exact(3))->text(), "0.666667");
  EXPECT_EQ(Exact(-2).over(Exact(3))->text(2), "-0.67");
  EXPECT_EQ(Exact(1).over(Exact(0)).error().code, Code::kInvalidArgument);
  Exact large(INT64_MAX);
  large = *large.times(large);
  EXPECT_EQ(large.times(large).error().code, Code::kResourceExhausted);
  EXPECT_EQ(large.text(), "85070591730234615847396907784232501249");
  EXPECT_EQ(Exact(999).over(Exact(1000))->text(), "0.999");
}

TEST(ExactNumber, OrdersWithoutOverflow) {
  const Exact large = *Exact(INT64_MAX).times(Exact(INT32_MAX));
  const Exact near = *large.minus(*Exact(1).over(Exact(3)));
  EXPECT_LT(near, large);
  EXPECT_GT(number("-1"), number("-1.5"));
  EXPECT_LT(number("-0.5"), number("0.25"));
  EXPECT_EQ(number("2.50") <=> number("2.5"), std::strong_ordering::equal);
  EXPECT_LT(number("0.3333"), *Exact(1).over(Exact(3)));
}

}  // namespace
}  // namespace docmind::agents

#include "base/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/rng.h"
#include "base/utf8.h"

namespace docmind {
namespace {

std::string round_trip(std::string_view text) {
  const auto value = parse_json(text);
  return value ? to_text(*value) : "error: " + value.error().message;
}

TEST(Json, ReadsAndWritesTheSameText) {
  const std::string text = R"({"a":[1,-2,0.5,true,false,null,"x"],"b":{},"c":[],"":"中文"})";
  EXPECT_EQ(round_trip(text), text);
  EXPECT_EQ(round_trip(" \n[ 1 , 2 ]\t"), "[1,2]");
  EXPECT_EQ(round_trip("18446744073709551615"), "18446744073709551615");
}

TEST(Json, NumbersAreTheShortestThatReadBackEqual) {
  EXPECT_EQ(json_number(0.5), "0.5");
  EXPECT_EQ(json_number(100000.0), "100000");
  EXPECT_EQ(json_number(-3.0), "-3");
  EXPECT_EQ(json_number(0.1), "0.1");
  EXPECT_EQ(json_number(1e300), "1e+300");
  EXPECT_EQ(json_number(std::nan("")), "null");
  EXPECT_EQ(json_number(std::numeric_limits<double>::infinity()), "null");
  SeededRng rng(1);
  for (int i = 0; i < 20000; ++i) {
    const auto number = std::bit_cast<double>(rng.next());
    if (!std::isfinite(number)) continue;
    const auto back = parse_json(json_number(number));
    ASSERT_TRUE(back) << json_number(number);
    ASSERT_EQ(back->to_number<double>(), number) << json_number(number);
  }
}

TEST(Json, AKeyNamedTwiceIsRefused) {
  const auto value = parse_json(R"({"a":{"k":1,"b":2,"k":3}})");
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, Code::kInvalidArgument);
  EXPECT_NE(value.error().message.find("\"k\""), std::string::npos);
  EXPECT_FALSE(parse_json(R"({"k":1,"\u006b":2})"));  // The same key spelt in two ways.
  EXPECT_FALSE(parse_json(R"({"":1,"":2})"));
  EXPECT_TRUE(parse_json(R"([{"k":1},{"k":2,"l":{"k":3}}])"));
  EXPECT_EQ(round_trip(R"({"":1,"":2})"), "error: the JSON names \"\" twice in one object");
}

TEST(Json, DepthAndSizeAreBounded) {
  const std::string deep = std::string(65, '[') + std::string(65, ']');
  ASSERT_FALSE(parse_json(deep));
  EXPECT_EQ(parse_json(deep).error().code, Code::kResourceExhausted);
  EXPECT_TRUE(parse_json(deep.substr(1, 128)));
  EXPECT_FALSE(parse_json(std::string(10'000'000, '[')));
  EXPECT_EQ(parse_json("[1,2,3]", {.depth = 8, .bytes = 6}).error().code, Code::kResourceExhausted);
}

TEST(Json, WhatIsNotOneValueIsRefused) {
  for (const char* text : {"", " ", "{", "[1,]", "{\"a\":1,}", "nul", "1 2", "{}{}", "'a'", "// x\n1", "NaN", "01",
                           "1e999", "\"\\ud800\"", "\"\xff\"", "\"a\nb\"", "\"\xc0\xaf\""}) {
    EXPECT_FALSE(parse_json(text)) << text;
  }
}

TEST(Json, WhatIsWrittenIsOneLineOfUtf8) {
  EXPECT_EQ(json_quoted("a\"\\\n\r\t\x01\x7f"), R"("a\"\\\n\r\t\u0001\u007f")");
  EXPECT_EQ(json_quoted("\xc2\x9b[31m"), R"("\u009b[31m")");  // C1 CSI
  EXPECT_EQ(json_quoted(std::string_view("\0", 1)), R"("\u0000")");
  EXPECT_TRUE(is_utf8(json_quoted("\xff\xfe broken \xc2")));
  SeededRng rng(2);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes;
    for (std::uint64_t n = rng.next() % 40; n > 0; --n) bytes += static_cast<char>(rng.next());
    const std::string text = json_quoted(bytes);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    std::uint64_t replaced = 0;
    const auto back = parse_json(text);
    ASSERT_TRUE(back) << text;
    ASSERT_EQ(std::string_view(back->get_string().data(), back->get_string().size()), to_utf8(bytes, replaced));
  }
}

}  // namespace
}  // namespace docmind

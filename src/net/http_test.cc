#include "net/http.h"

#include <gtest/gtest.h>

namespace docmind::net {
namespace {

TEST(Target, SplitsPathAndQuery) {
  const Result<Target> target = Target::parse("/api/search?q=two+words%21&k=5&&empty&x=a=b");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/api/search");
  ASSERT_EQ(target->query.size(), 4U);
  EXPECT_EQ(target->parameter("q"), "two words!");
  EXPECT_EQ(target->parameter("k"), "5");
  EXPECT_EQ(target->parameter("empty"), "");
  EXPECT_EQ(target->parameter("x"), "a=b");
  EXPECT_EQ(target->parameter("none"), std::nullopt);
}

TEST(Target, RefusesWhatIsNotStrict) {
  for (const char* text : {"", "x", "*", "http://evil.test/", "/%", "/%4", "/%zz", "/a%00b", "/a%0ab", "/%ff%fe",
                           "/%c0%af", "/../etc", "/a/../b", "/a/%2e%2e/b", "/a/.", "/#x", "/?q=%gg", "/?q=%00"}) {
    EXPECT_FALSE(Target::parse(text)) << text;
  }
  EXPECT_TRUE(Target::parse("/a/...")) << "three dots are a name like any other";
}

TEST(Target, TextParsesBackToItself) {
  const Target target{.path = "/a b/\xE6\x96\x87\xE4\xBB\xB6%/+&?=#",
                      .query = {{"q", "1+1=2 & \xC3\xA9?"}, {"", ""}, {"a&b", "%41"}}};
  const Result<Target> again = Target::parse(target.text());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->path, target.path);
  EXPECT_EQ(again->query, target.query);
}

TEST(PercentDecode, IntoTextOrIntoAnyBytes) {
  EXPECT_EQ(*percent_decode("a%20b+c"), "a b+c");
  EXPECT_EQ(*percent_decode("a%20b+c", Plus::kSpace), "a b c");
  EXPECT_EQ(*percent_decode_bytes("%00%fF+"), std::string("\0\xff+", 3));
  EXPECT_EQ(*percent_decode_bytes("%2B+", Plus::kSpace), "+ ");
  EXPECT_FALSE(percent_decode("%ff"));
  EXPECT_FALSE(percent_decode("%00"));
  for (const char* broken : {"%", "%4", "%4g", "%%41", "a%"}) EXPECT_FALSE(percent_decode_bytes(broken)) << broken;
}

TEST(Headers, CompareWithoutCase) {
  Headers headers{{"Content-Type", "a"}, {"X", "1"}, {"content-TYPE", "b"}};
  EXPECT_EQ(headers.find("CONTENT-type"), "a");
  EXPECT_EQ(headers.count("content-type"), 2U);
  headers.set("content-type", "c");
  EXPECT_EQ(headers.count("Content-Type"), 1U);
  EXPECT_EQ(headers.find("Content-Type"), "c");
}

TEST(MediaType, LosesItsParametersAndCase) {
  EXPECT_EQ(media_type("Text/HTML ; charset=utf-8"), "text/html");
  EXPECT_EQ(media_type(""), "");
}

TEST(ErrorResponse, GoesThereAndBack) {
  const Error error{Code::kConflict, "two \"things\" at once", "Wait."};
  const Response response = error_response(error);
  EXPECT_EQ(response.status, 409);
  const Error back = error_of(response);
  EXPECT_EQ(back.code, Code::kConflict);
  EXPECT_EQ(back.message, error.message);
  EXPECT_EQ(back.hint, error.hint);
}

TEST(ErrorResponse, EveryCodeSurvivesItsStatus) {
  for (int i = 0; i <= static_cast<int>(Code::kInternal); ++i) {
    const auto code = static_cast<Code>(i);
    EXPECT_EQ(error_of(error_response({code, "m"})).code, code);
    if (code == Code::kDataLoss) continue;  // Shares 500 with kInternal.
    EXPECT_EQ(code_of(status_of(code)), code);
  }
}

TEST(ErrorResponse, ForeignBodiesFallBackToTheStatus) {
  for (const std::string& body :
       {std::string(), std::string("<html>"), std::string("{\"error\":7}"), std::string("[]"),
        std::string("{\"error\":{\"code\":\"conflict\"}}"), std::string(100'000, '['), std::string(20'000, '['),
        "{\"error\":{\"message\":\"" + std::string(70'000, 'x') + "\"}}"}) {
    const Error error = error_of({.status = 503, .body = body});
    EXPECT_EQ(error.code, Code::kUnavailable);
    EXPECT_NE(error.message.find("503"), std::string::npos);
  }
  const Error openai = error_of({.status = 429, .body = R"({"error":{"message":"slow down","type":"x","code":7}})"});
  EXPECT_EQ(openai.code, Code::kRateLimited);
  EXPECT_EQ(openai.message, "slow down");
}

}  // namespace
}  // namespace docmind::net

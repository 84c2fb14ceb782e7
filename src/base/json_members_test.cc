#include "base/json_members.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace docmind {
namespace {

namespace json = boost::json;

TEST(JsonMembers, AreReadWhereTheyAreOfTheirKind) {
  const json::value whole = json::parse(R"({"text":"a","count":3,"flag":true,"list":[1],"object":{"text":"b"}})");
  EXPECT_EQ(json_text(json_member(whole, "text")), "a");
  EXPECT_EQ(json_count(json_member(whole, "count")), 3U);
  EXPECT_TRUE(json_flag(json_member(whole, "flag")));
  EXPECT_EQ(json_list(json_member(whole, "list")).size(), 1U);
  EXPECT_EQ(json_text(json_member(json_object(json_member(whole, "object")), "text")), "b");
}

TEST(JsonMembers, CountAsNothingElsewhere) {
  const json::value whole = json::parse(R"({"text":7,"count":-3,"flag":1,"list":{},"object":[]})");
  for (const char* key : {"text", "count", "flag", "list", "object", "missing"}) {
    const json::value& value = json_member(whole, key);
    EXPECT_EQ(json_text(value), "") << key;
    EXPECT_FALSE(json_flag(value)) << key;
    EXPECT_TRUE(json_object(value).empty()) << key;
    EXPECT_EQ(json_list(value).size(), 0U) << key;
  }
  EXPECT_EQ(json_count(json_member(whole, "count")), 0U);
  EXPECT_EQ(json_count(18446744073709551615ULL), 18446744073709551615ULL);
  EXPECT_TRUE(json_member(json::value("no object"), "text").is_null());
}

}  // namespace
}  // namespace docmind

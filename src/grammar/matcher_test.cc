#include "grammar/matcher.h"

#include <gtest/gtest.h>

#include "grammar/testing/walk.h"

namespace docmind::grammar {
namespace {

using testing::made;

TEST(Matcher, ForcesWhatIsTheOnlyWay) {
  Matcher m(made(
      R"({"type":"object","properties":{"title":{"type":"string"},"kind":{"enum":["paper","page"]},"ok":{"const":true}},)"
      R"("required":["title","kind","ok"],"additionalProperties":false})",
      Spacing::kSingle));
  EXPECT_EQ(m.forced(), R"({"title": ")");
  EXPECT_EQ(m.forced(3), "{\"t");
  ASSERT_TRUE(m.advance(m.forced()));
  EXPECT_EQ(m.forced(), "");
  ASSERT_TRUE(m.advance("x\""));
  EXPECT_EQ(m.forced(), R"(, "kind": "pa)");
  ASSERT_TRUE(m.advance(m.forced() + "g"));
  EXPECT_EQ(m.forced(), R"(e", "ok": true})");
  ASSERT_TRUE(m.advance(m.forced()));
  EXPECT_TRUE(m.finished());
  EXPECT_EQ(m.forced(), "");
  EXPECT_FALSE(m.advance(" "));
}

TEST(Matcher, ForcesNothingWhereTheTextMayEnd) {
  Matcher m(*Grammar::of_choice(std::vector<std::string>{"ab", "abc"}));
  EXPECT_EQ(m.forced(), "ab");
}

TEST(Matcher, ARefusedTextLeavesItWhereItWas) {
  Matcher m(made(R"({"type":"array","items":{"type":"integer"}})"));
  ASSERT_TRUE(m.advance("[1,2"));
  EXPECT_FALSE(m.accepts("3]x"));
  EXPECT_FALSE(m.advance("3]x"));
  EXPECT_TRUE(m.accepts("3]"));
  EXPECT_TRUE(m.advance(""));
  EXPECT_FALSE(m.may_end());
  EXPECT_TRUE(m.advance("]"));
  EXPECT_TRUE(m.finished());
}

TEST(Matcher, CopiesGoTheirOwnWay) {
  Matcher m(made("{}"));
  ASSERT_TRUE(m.advance(R"({"a":[[{"b":)"));
  Matcher fork = m;
  EXPECT_TRUE(fork.advance("1}]]}"));
  EXPECT_TRUE(fork.finished());
  EXPECT_FALSE(m.may_end());
  EXPECT_TRUE(m.advance("null,\"c\":2}]]}"));
  EXPECT_TRUE(m.finished());
}

TEST(Matcher, CharactersMayBeCutAnywhere) {
  const auto grammar = made(R"({"type":"string","maxLength":2})");
  const std::string text = "\"中😀\"";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Matcher m(grammar);
    EXPECT_TRUE(m.advance(text.substr(0, cut))) << cut;
    EXPECT_TRUE(m.advance(text.substr(cut))) << cut;
    EXPECT_TRUE(m.finished());
  }
  Matcher m(grammar);
  ASSERT_TRUE(m.advance("\"\xe4\xb8"));
  EXPECT_FALSE(m.accepts("\""));
  EXPECT_FALSE(m.accepts("\xe4"));
  EXPECT_TRUE(m.accepts("\xad\\u00e9\""));
  ASSERT_TRUE(m.advance("\xad\\ud83d"));
  EXPECT_FALSE(m.accepts("\""));
  EXPECT_FALSE(m.accepts("x"));
  EXPECT_EQ(m.forced(), "\\u");
  EXPECT_TRUE(m.accepts("\\ude00\""));
  EXPECT_FALSE(m.accepts("\\u0041"));
}

TEST(Matcher, TheStackHasABoundAndNoDeadEnd) {
  Options options{.spacing = Spacing::kNone};
  options.limits.stack = 8;
  const auto grammar = *Grammar::of_schema(true, options);
  Matcher m(grammar);
  std::size_t depth = 0;
  while (m.advance("[")) ++depth;
  EXPECT_EQ(depth, 8U);
  EXPECT_EQ(m.forced(), "]");  // The innermost has no room for an item, the one around it has.
  EXPECT_FALSE(m.accepts("null"));
  EXPECT_TRUE(m.accepts("],null"));
  EXPECT_TRUE(m.advance(std::string(8, ']')));
  EXPECT_TRUE(m.finished());
}

TEST(Matcher, TheStackBoundLeavesRoomForWhatMustFollow) {
  // Every node needs one more call for its name, which is a string.
  Options options{.spacing = Spacing::kNone};
  options.limits.stack = 5;
  const auto grammar = *Grammar::of_schema(
      *parse_json(R"({"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"next":{"$ref":"#/$defs/n"},)"
                  R"("name":{"type":"string"}},"required":["name"]}}})"),
      options);
  Matcher m(grammar);
  int depth = 0;
  while (m.advance("{\"next\":")) ++depth;
  EXPECT_EQ(depth, 3);
  EXPECT_EQ(m.forced(), "{\"name\":\"");
  ASSERT_TRUE(m.advance("{\"name\":\"x\"}"));
  EXPECT_TRUE(m.advance(",\"name\":\"\"},\"name\":\"\"},\"name\":\"\"}"));
  EXPECT_TRUE(m.finished());
}

TEST(Matcher, AmbiguityCostsNoMoreThanPlaces) {
  // At each depth two ways are open; their combinations would be 2^40.
  const auto grammar =
      made(R"({"$ref":"#/$defs/n","$defs":{"n":{"anyOf":[{"type":"array","prefixItems":[{"$ref":"#/$defs/n"}]},)"
           R"({"type":"array","prefixItems":[{"$ref":"#/$defs/n"},{"$ref":"#/$defs/n"}]},{"type":"null"}]}}})");
  Matcher m(grammar);
  ASSERT_TRUE(m.advance(std::string(40, '[')));
  EXPECT_LT(m.heads().list().size(), 40U);
  EXPECT_LT(m.heads().stacks().size(), 100U);
  ASSERT_TRUE(m.advance("null" + std::string(40, ']')));
  EXPECT_TRUE(m.finished());
}

TEST(Matcher, LongTextsKeepItSmall) {
  Matcher m(
      made(R"({"type":"array","items":{"type":"object","properties":{"s":{"type":"string"}},"required":["s"]}})"));
  ASSERT_TRUE(m.advance("["));
  for (int i = 0; i < 2000; ++i) {
    ASSERT_TRUE(m.advance(i == 0 ? "" : ","));
    ASSERT_TRUE(m.advance("{\"s\":\"word \\\" more\"}"));
  }
  EXPECT_LT(m.heads().stacks().size(), 200U);
  EXPECT_TRUE(m.advance("]"));
}

}  // namespace
}  // namespace docmind::grammar

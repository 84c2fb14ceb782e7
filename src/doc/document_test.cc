#include "doc/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace docmind::doc {
namespace {

Parsed two_pages() {
  Parsed parsed;
  parsed.text = "One.\n\nZw\xc3\xb6lf.";  // "One." | "Zwölf."
  parsed.pages = {{{0, 4}, "i", 595, 842}, {{6, 13}, "1", 595, 842}};
  parsed.blocks = {{.span = {0, 4}}, {.span = {6, 13}}};
  parsed.words = {{{0, 4}, 0, 10, 10, 40, 20}, {{6, 13}, 1, 10, 10, 60, 20}};
  return parsed;
}

TEST(Valid, AcceptsAWholeDocument) { EXPECT_TRUE(valid(two_pages())); }

TEST(Valid, NamesEachBrokenInvariant) {
  const auto broken = [](auto&& change) {
    Parsed parsed = two_pages();
    change(parsed);
    const auto result = valid(parsed);
    return result ? std::string("accepted") : result.error().message;
  };
  EXPECT_THAT(broken([](Parsed& p) { p.text[8] = '\xff'; }), testing::HasSubstr("UTF-8"));
  EXPECT_THAT(broken([](Parsed& p) { p.text[1] = '\0'; }), testing::HasSubstr("NUL"));
  EXPECT_THAT(broken([](Parsed& p) { p.blocks[1].span.end = 99; }), testing::HasSubstr("block outside"));
  EXPECT_THAT(broken([](Parsed& p) { p.blocks[1].span.start = 9; }), testing::HasSubstr("block outside the text"));
  EXPECT_THAT(broken([](Parsed& p) { std::swap(p.blocks[0], p.blocks[1]); }), testing::HasSubstr("out of order"));
  EXPECT_THAT(broken([](Parsed& p) { p.blocks[0].span.end = 5; }), testing::HasSubstr("outside its page"));
  EXPECT_THAT(broken([](Parsed& p) { p.blocks[0].header = 7; }), testing::HasSubstr("header"));
  EXPECT_THAT(broken([](Parsed& p) { p.words[0].page = 2; }), testing::HasSubstr("no page"));
}

TEST(PageAt, FindsThePageThatHoldsAByte) {
  const Parsed parsed = two_pages();
  EXPECT_EQ(page_at(parsed.pages, 0), 0);
  EXPECT_EQ(page_at(parsed.pages, 5), 0);
  EXPECT_EQ(page_at(parsed.pages, 6), 1);
  EXPECT_EQ(page_at({}, 6), -1);
}

}  // namespace
}  // namespace docmind::doc

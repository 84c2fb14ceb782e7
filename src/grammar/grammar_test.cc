#include "grammar/grammar.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "grammar/matcher.h"

namespace docmind::grammar {
namespace {

std::shared_ptr<const Grammar> made(std::string_view schema, Spacing spacing = Spacing::kNone) {
  const auto grammar = Grammar::of_schema(*parse_json(schema), {.spacing = spacing});
  EXPECT_TRUE(grammar) << schema << ": " << grammar.error().message;
  return *grammar;
}

TEST(Grammar, First) {
  const auto g =
      made(R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["a"]})");
  Matcher m(g);
  EXPECT_EQ(m.forced(), "{\"a\":");
  EXPECT_TRUE(m.advance("{\"a\":12"));
  EXPECT_TRUE(m.accepts(",\"b\":\"\xe4\xb8\xad\"}"));
  EXPECT_TRUE(m.advance("}"));
  EXPECT_TRUE(m.finished());
}

}  // namespace
}  // namespace docmind::grammar

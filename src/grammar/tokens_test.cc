#include "grammar/tokens.h"

#include <gtest/gtest.h>

#include <limits>

#include "grammar/testing/walk.h"

namespace docmind::grammar {
namespace {

using testing::drawn;
using testing::end_token;
using testing::made;
using testing::small_trie;

// The mask is what trying each token alone says, all along a text.
void expect_masks_are_exact(const std::shared_ptr<const Grammar>& grammar, std::string_view text, Masker& masker) {
  const auto size = static_cast<Token>(masker.trie().size());
  TokenMask mask(masker.trie().size());
  Matcher matcher(grammar);
  for (std::size_t i = 0; i <= text.size(); ++i) {
    masker.allowed(matcher, mask);
    for (Token token = 0; token < size; ++token) {
      ASSERT_EQ(mask.test(token), masker.allowed(matcher, token))
          << "token \"" << masker.trie().bytes(token) << "\" after " << text.substr(0, i);
    }
    if (i < text.size()) ASSERT_TRUE(matcher.advance(text.substr(i, 1))) << text.substr(0, i + 1);
  }
  EXPECT_TRUE(matcher.may_end());
}

TEST(Masks, AreWhatEachTokenAloneSays) {
  Masker masker(small_trie());
  const auto object = made(
      R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"array","items":{"type":"number"}},)"
      R"("ab":{"type":["string","null"],"maxLength":9}},"required":["b"],"additionalProperties":{"type":"string"}})");
  expect_masks_are_exact(object, R"({"a":"x\n中文\u00e9","b":[1.5,-2e3],"ab":"abcdefghi","abc":"z"})", masker);
  expect_masks_are_exact(object, R"({"b":[]})", masker);
  const auto choices =
      made(R"({"anyOf":[{"type":"string","minLength":3},{"type":"string","pattern":"^a*$"},{"enum":["the","then"]},)"
           R"({"type":"object"}]})");
  expect_masks_are_exact(choices, "\"aaaa\"", masker);
  expect_masks_are_exact(choices, "\"then\"", masker);
  expect_masks_are_exact(choices, R"({"a":{"b":[[{}],"x"]}})", masker);
  expect_masks_are_exact(made("{}", Spacing::kFlexible), "{\n  \"a\": [1,\n 2]\n}", masker);
  EXPECT_GT(masker.counts().remembered, masker.counts().walked);
}

TEST(Masks, NearTheStackLimit) {
  Options options{.spacing = Spacing::kNone};
  options.limits.stack = 4;
  const auto grammar = *Grammar::of_schema(true, options);
  Masker masker(small_trie());
  expect_masks_are_exact(grammar, R"([[{"a":[]}]])", masker);
  expect_masks_are_exact(grammar, R"([["x"]])", masker);
  SeededRng rng(1);
  for (int i = 0; i < 200; ++i) {
    const std::string text = drawn(grammar, masker, rng);
    const auto valid = grammar->validate(text.empty() ? "0" : text);
    if (!valid) EXPECT_NE(valid.error().message.find(" twice "), std::string::npos) << text;  // Of free names.
  }
}

TEST(Masks, InTextWithToolCalls) {
  const std::vector<Tool> tools = {{"a", *parse_json(R"({"type":"object","properties":{"a":{"type":"string"}}})")},
                                   {"the", {}}};
  Masker masker(small_trie());
  const auto grammar = *Grammar::of_tools(tools, {.calls = 2});
  expect_masks_are_exact(
      grammar,
      "the <tool<tool_call>\n{\"name\": \"a\", \"arguments\": {\"a\": \"x</tool_call>\"}}\n</tool_call> "
      "and<tool_call>\n{\"name\": \"the\", \"arguments\": {}}\n</tool_call>",
      masker);
}

TEST(Masks, EndTokensOnlyWhereTheTextMayEnd) {
  Masker masker(small_trie());
  const auto grammar = made(R"({"type":"integer"})");
  TokenMask mask(masker.trie().size());
  Matcher matcher(grammar);
  masker.allowed(matcher, mask);
  EXPECT_FALSE(mask.test(end_token()));
  EXPECT_FALSE(masker.allowed(matcher, end_token()));
  ASSERT_TRUE(matcher.advance("1"));
  masker.allowed(matcher, mask);
  EXPECT_TRUE(mask.test(end_token()));
  EXPECT_TRUE(masker.allowed(matcher, end_token()));
  ASSERT_TRUE(matcher.advance(std::string(17, '0')));
  EXPECT_TRUE(matcher.finished());
  masker.allowed(matcher, mask);
  EXPECT_EQ(mask.count(), 1U);
}

TEST(Masks, TokensOfNoBytesAndOutOfRangeAreNeverAllowed) {
  Masker masker(small_trie());
  const auto grammar = made("true");
  const Matcher matcher(grammar);
  EXPECT_FALSE(masker.allowed(matcher, end_token() - 1));
  EXPECT_FALSE(masker.allowed(matcher, -1));
  EXPECT_FALSE(masker.allowed(matcher, end_token() + 1));
}

TEST(Masks, RememberedMasksAreBoundedAndSurviveTheirGrammar) {
  const std::size_t few = 4096;
  Masker masker(small_trie(), few);
  TokenMask first(masker.trie().size());
  TokenMask mask(masker.trie().size());
  for (int i = 0; i < 50; ++i) {
    auto grammar = made(R"({"type":"string","maxLength":)" + std::to_string(i + 1) + "}");
    Matcher matcher(grammar);
    ASSERT_TRUE(matcher.advance("\""));
    masker.allowed(matcher, mask);
    for (Token t = 0; t < static_cast<Token>(mask.size()); ++t) ASSERT_EQ(mask.test(t), masker.allowed(matcher, t));
  }
  EXPECT_GE(masker.counts().walked, 20U);
}

TEST(TokenMask, ForbidsWhatIsNotSet) {
  for (const std::size_t size : {1, 63, 64, 65, 200}) {
    TokenMask mask(size);
    for (std::size_t t = 0; t < size; ++t) {
      if (t % 3 == 0 || (t >= 64 && t < 128)) mask.set(static_cast<Token>(t));
    }
    std::vector<float> logits(size, 1.5F);
    mask.forbid(logits);
    for (std::size_t t = 0; t < size; ++t) {
      EXPECT_EQ(logits[t], mask.test(static_cast<Token>(t)) ? 1.5F : -std::numeric_limits<float>::infinity());
    }
  }
}

TEST(TokenTrie, TwinsStandForTheSameBytes) {
  const std::vector<std::string> tokens = {"a", "", "ab", "a", "b", "a"};
  const auto trie = *TokenTrie::build(tokens, {});
  EXPECT_EQ(trie->nodes().size(), 3U);
  EXPECT_EQ(trie->twins(0).size(), 2U);
  Masker masker(trie);
  TokenMask mask(6);
  masker.allowed(Matcher(*Grammar::of_choice(std::vector<std::string>{"ab"})), mask);
  EXPECT_EQ(mask.words()[0], 0b101101U);
}

TEST(TokenTrie, HoldsAnyBytes) {
  const std::vector<std::string> tokens = {std::string(1, '\0'), "\xff\xfe", std::string(2000, 'x'),
                                           std::string("\0a", 2)};
  const auto trie = *TokenTrie::build(tokens, {});
  EXPECT_EQ(trie->bytes(3), std::string_view("\0a", 2));
  EXPECT_EQ(trie->bytes(2), "");  // Too long to be one.
  EXPECT_EQ(trie->longest(), 2U);
  EXPECT_FALSE(TokenTrie::build(tokens, std::vector<Token>{4}));
  EXPECT_FALSE(TokenTrie::build(tokens, std::vector<Token>{-1}));
  EXPECT_EQ((*TokenTrie::build({}, {}))->nodes().size(), 0U);
}

}  // namespace
}  // namespace docmind::grammar

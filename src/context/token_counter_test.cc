#include "context/token_counter.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "context/testing/word_model.h"

namespace docmind::context {
namespace {

using testing::model_of;
using testing::WordTokenizer;

std::vector<std::uint64_t> counted(TokenCounter& counter, const llm::Capabilities& model,
                                   std::vector<std::string_view> texts) {
  auto counts = counter.count(model, texts, Deadline::never(), {});
  EXPECT_TRUE(counts) << (counts ? "" : counts.error().message);
  return counts ? counts->tokens : std::vector<std::uint64_t>();
}

TEST(TokenCounter, EachTextIsAskedForOnce) {
  WordTokenizer words;
  TokenCounter counter(words);
  const auto model = model_of(1000);
  EXPECT_EQ(counted(counter, model, {"one two", "", "three", "one two"}), (std::vector<std::uint64_t>{2, 0, 2, 2}));
  EXPECT_EQ(words.calls, 1U);
  EXPECT_EQ(counter.stats().asked, 3U);
  EXPECT_EQ(counted(counter, model, {"three", "one two", "four"}), (std::vector<std::uint64_t>{2, 2, 1}));
  EXPECT_EQ(words.calls, 2U);
  EXPECT_EQ(counter.stats().asked, 4U);
  EXPECT_EQ(counted(counter, model, {"three", "four"}), (std::vector<std::uint64_t>{2, 1}));
  EXPECT_EQ(words.calls, 2U);
}

TEST(TokenCounter, AnotherModelCountsAnew) {
  WordTokenizer words;
  TokenCounter counter(words);
  auto model = model_of(1000);
  counted(counter, model, {"one"});
  model.hash = "other";
  counted(counter, model, {"one"});
  model.model = "other";
  counted(counter, model, {"one"});
  EXPECT_EQ(words.calls, 3U);
}

TEST(TokenCounter, RequestsAreBoundedAndLongTextsCut) {
  WordTokenizer words;
  TokenCounter counter(words, {.batch_texts = 3, .batch_bytes = 100, .piece_bytes = 40});
  std::vector<std::string> texts;
  std::vector<std::string_view> views;
  for (int i = 0; i < 10; ++i) texts.push_back("text " + std::to_string(i));
  texts.push_back(std::string(500, 'x'));
  std::string spaced;
  for (int i = 0; i < 50; ++i) spaced += "word ";
  texts.push_back(spaced);
  std::string han;
  for (int i = 0; i < 60; ++i) han += "灯";
  texts.push_back(han);
  for (const std::string& text : texts) views.push_back(text);
  const auto tokens = counted(counter, model_of(1000), views);
  EXPECT_LE(words.most_texts, 3U);
  EXPECT_LE(words.largest, 40U);
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_GE(tokens[i], WordTokenizer::tokens_of(texts[i])) << texts[i];
  EXPECT_EQ(tokens[0], 2U);
  EXPECT_LE(tokens[11], 50U + 7 * 8);
}

TEST(TokenCounter, ForgetsTheLeastRecentlyUsed) {
  WordTokenizer words;
  TokenCounter counter(words, {.kept = 2});
  const auto model = model_of(1000);
  counted(counter, model, {"a"});
  counted(counter, model, {"b"});
  counted(counter, model, {"a"});
  counted(counter, model, {"c"});  // b goes.
  EXPECT_EQ(counter.stats().kept, 2U);
  counted(counter, model, {"a", "c"});
  EXPECT_EQ(words.calls, 3U);
  counted(counter, model, {"b"});
  EXPECT_EQ(words.calls, 4U);
  EXPECT_EQ(counted(counter, model, {"d", "e", "f", "g"}), (std::vector<std::uint64_t>{1, 1, 1, 1}));
  EXPECT_EQ(counter.stats().kept, 2U);
}

TEST(TokenCounter, WithoutATokenizerNeverUnder) {
  WordTokenizer words;
  TokenCounter counter(words);
  auto model = model_of(1000);
  model.counts_tokens = false;
  const std::string nul(3, '\0');
  // U+1D160 becomes three characters of four bytes in NFC; what is no UTF-8 is sent as U+FFFD.
  const std::vector<std::string_view> texts{"", "abc", "灯塔", "\xF0\x9D\x85\xA0", "\xFF\xFF", nul};
  const auto counts = counter.count(model, texts, Deadline::never(), {});
  ASSERT_TRUE(counts);
  EXPECT_FALSE(counts->exact);
  EXPECT_EQ(counts->tokens, (std::vector<std::uint64_t>{0, 4, 7, 13, 7, 4}));
  EXPECT_EQ(words.calls, 0U);
}

TEST(TokenCounter, FailuresArePassedOnAndNotKept) {
  WordTokenizer words;
  TokenCounter counter(words);
  const std::string_view text = "abc";
  words.error = Error{Code::kUnavailable, "gone"};
  EXPECT_EQ(counter.count(model_of(9), std::span(&text, 1), Deadline::never(), {}).error().code, Code::kUnavailable);
  words.error.reset();
  words.forgets = true;
  EXPECT_EQ(counter.count(model_of(9), std::span(&text, 1), Deadline::never(), {}).error().code, Code::kDataLoss);
  words.forgets = false;
  EXPECT_EQ(counted(counter, model_of(9), {text}), (std::vector<std::uint64_t>{1}));
}

TEST(TokenCounter, ManyThreads) {
  class Locked final : public llm::Tokenizer {
   public:
    Result<std::vector<std::uint32_t>> count(std::span<const std::string> texts, Deadline, std::stop_token) override {
      std::vector<std::uint32_t> out;
      for (const std::string& text : texts) out.push_back(WordTokenizer::tokens_of(text));
      return out;
    }
  } tokenizer;
  TokenCounter counter(tokenizer, {.kept = 50});
  std::vector<std::jthread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        const std::string text(static_cast<std::size_t>((i * 7 + t) % 90 + 1), 'x');
        const std::string_view view = text;
        const auto counts = counter.count(model_of(9), std::span(&view, 1), Deadline::never(), {});
        if (!counts || counts->tokens[0] != (text.size() + 3) / 4) ++wrong;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(counter.stats().kept, 50U);
}

}  // namespace
}  // namespace docmind::context

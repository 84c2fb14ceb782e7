#include "engine/embed_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>

#include "engine/testing/tiny_encoder.h"

namespace docmind::engine {
namespace {

class EmbedQueueTest : public testing::Test {
 protected:
  TokenisedText tokens(const std::string& text, std::vector<doc::Span> spans = {}) {
    return *encoder_->tokenise({.text = text, .spans = std::move(spans)});
  }
  // A text of some windows.
  static std::string long_text(int words) {
    std::string text;
    for (int i = 0; i < words; ++i) text += i % 3 == 0 ? "the " : i % 3 == 1 ? "cat " : "sat ";
    return text;
  }
  static void expect_near(const llm::Embedding& a, const llm::Embedding& b) {
    ASSERT_EQ(a.vector.size(), b.vector.size());
    for (std::size_t i = 0; i < a.vector.size(); ++i) EXPECT_NEAR(a.vector[i], b.vector[i], 2e-3);
    EXPECT_EQ(a.tokens, b.tokens);
  }

  // A queue with one context for batches and one, of two threads, for questions.
  EmbedQueue queue_for_both(std::function<std::size_t()> free_processors) {
    auto context = EncoderContext::open_short(*encoder_, 2);
    DM_CHECK(static_cast<bool>(context));
    return {*encoder_, contexts_of(*encoder_, 1), 64, {*std::move(context), std::move(free_processors)}};
  }

  TinyModel model_;
  std::unique_ptr<Encoder> encoder_ = model_.load();
};

TEST_F(EmbedQueueTest, ASpanOverAllIsTheMeanOfItsTokens) {
  EmbedQueue queue(*encoder_, contexts_of(*encoder_, 1), 4);
  const auto vectors = queue.embed({tokens("the cat sat", {{0, 11}}), tokens("")}, Deadline::never(), {});
  ASSERT_TRUE(vectors);
  ASSERT_EQ(vectors->size(), 2U);
  // The same by hand, from the rows themselves.
  const auto context = std::move(contexts_of(*encoder_, 1)[0]);
  const auto rows = context->encode(std::vector<std::vector<TokenId>>{{2, 5, 6, 7, 3}});
  ASSERT_TRUE(rows);
  std::vector<float> whole(32, 0);
  std::vector<float> inner(32, 0);
  for (std::size_t i = 0; i < 5 * 32; ++i) {
    whole[i % 32] += (*rows)[i];
    if (i >= 32 && i < 4 * 32) inner[i % 32] += (*rows)[i];
  }
  normalise(whole);
  normalise(inner);
  for (std::size_t i = 0; i < 32; ++i) {
    EXPECT_NEAR((*vectors)[0].vector[i], whole[i], 2e-3);
    EXPECT_NEAR((*vectors)[0].spans[0][i], inner[i], 2e-3);
  }
  EXPECT_EQ((*vectors)[1].tokens, 2U);
}

TEST_F(EmbedQueueTest, ManyCallersGetTheirOwnVectors) {
  const std::vector<std::string> texts{"the cat", "a dog sat on the mat", long_text(90), "", "cats, cats. cats"};
  EmbedQueue queue(*encoder_, contexts_of(*encoder_, 3), 64);
  std::vector<llm::Embedding> alone;
  for (const auto& text : texts) alone.push_back((*queue.embed({tokens(text)}, Deadline::never(), {}))[0]);
  std::vector<std::jthread> callers;
  for (std::size_t c = 0; c < 6; ++c) {
    callers.emplace_back([&, c] {
      std::vector<TokenisedText> batch;
      for (std::size_t i = 0; i < texts.size(); ++i) batch.push_back(tokens(texts[(i + c) % texts.size()]));
      const auto vectors = queue.embed(std::move(batch), Deadline::never(), {});
      ASSERT_TRUE(vectors);
      for (std::size_t i = 0; i < texts.size(); ++i) expect_near((*vectors)[i], alone[(i + c) % texts.size()]);
    });
  }
}

TEST_F(EmbedQueueTest, TheSameRequestHasTheSameVectorsInAnyCompany) {
  EmbedQueue queue(*encoder_, contexts_of(*encoder_, 2), 64);
  constexpr std::size_t kCallers = 6;
  const auto ask = [&](std::size_t caller) {
    std::vector<TokenisedText> batch;
    for (std::size_t i = 0; i < 12; ++i) batch.push_back(tokens(long_text(static_cast<int>(caller + 5 * i))));
    return *queue.embed(std::move(batch), Deadline::never(), {});
  };
  std::vector<std::vector<llm::Embedding>> alone;
  for (std::size_t c = 0; c < kCallers; ++c) alone.push_back(ask(c));
  std::vector<std::jthread> callers;
  for (std::size_t c = 0; c < kCallers; ++c) {
    callers.emplace_back([&, c] {
      const auto together = ask(c);
      for (std::size_t i = 0; i < together.size(); ++i) EXPECT_EQ(together[i].vector, alone[c][i].vector);
    });
  }
}

TEST_F(EmbedQueueTest, FewerThreadsGiveTheSameVectors) {
  EmbedQueue queue(*encoder_, contexts_of(*encoder_, 3), 64);
  std::vector<TokenisedText> batch;
  for (int i = 0; i < 300; ++i) batch.push_back(tokens(long_text(i % 30)));
  const auto all = *queue.embed(batch, Deadline::never(), {});
  for (const std::uint32_t threads : {1U, 2U, 0U, 3U}) {
    queue.use_threads(threads);
    const auto now = *queue.embed(batch, Deadline::never(), {});
    for (std::size_t i = 0; i < batch.size(); ++i) ASSERT_EQ(now[i].vector, all[i].vector) << threads;
  }
}

TEST_F(EmbedQueueTest, AShortTextAloneIsAShortPass) {
  std::atomic<int> asked = 0;
  EmbedQueue queue = queue_for_both([&] { return ++asked, 0; });
  const int most = static_cast<int>(std::min(EncoderContext::kShortPass, encoder_->facts().window)) - 2;
  const auto is_short = [&](std::vector<TokenisedText> texts) {
    const int before = asked;
    EXPECT_TRUE(queue.embed(std::move(texts), Deadline::never(), {}));
    return asked != before;
  };
  EXPECT_TRUE(is_short({tokens("the cat sat", {{0, 3}})}));
  EXPECT_TRUE(is_short({tokens("")}));
  EXPECT_TRUE(is_short({tokens(long_text(most))}));
  EXPECT_FALSE(is_short({tokens(long_text(most + 1))})) << "long";
  EXPECT_FALSE(is_short({tokens("the cat"), tokens("a dog")})) << "a batch";
}

TEST_F(EmbedQueueTest, ABatchDoesNotWaitForAQuestion) {
  std::latch batch_is_done(1);
  EmbedQueue queue = queue_for_both([&] { return batch_is_done.wait(), 1; });
  std::jthread asking([&] { EXPECT_TRUE(queue.embed({tokens("the cat")}, Deadline::never(), {})); });
  EXPECT_TRUE(queue.embed({tokens("the cat"), tokens(long_text(90))}, Deadline::never(), {}));
  batch_is_done.count_down();
}

// Threads that wait for each other are slow on a busy machine, so only a few passes here have two.
TEST_F(EmbedQueueTest, TheSameQuestionHasTheSameVectorHoweverManyProcessorsAreFree) {
  std::atomic<std::size_t> free = 0;
  EmbedQueue queue = queue_for_both([&] { return free.load(); });
  const auto ask = [&](std::size_t i) {
    const char* text = i % 2 == 0 ? "the cat sat on the mat" : "cats, cats. cats";
    return (*queue.embed({tokens(text)}, Deadline::never(), {}))[0].vector;
  };
  const std::vector<std::vector<float>> alone{ask(0), ask(1)};
  free = 1;
  EXPECT_EQ(ask(0), alone[0]);
  free = 7;
  EXPECT_EQ(ask(1), alone[1]);
  free = 0;
  std::vector<std::jthread> callers;
  for (std::size_t c = 0; c < 6; ++c) {
    callers.emplace_back([&, c] {
      for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(ask(c + i), alone[(c + i) % 2]);
      EXPECT_TRUE(queue.embed({tokens(long_text(90)), tokens("the")}, Deadline::never(), {}));
    });
  }
}

TEST_F(EmbedQueueTest, NothingInNothingOut) {
  EmbedQueue queue(*encoder_, contexts_of(*encoder_, 1), 1);
  const auto vectors = queue.embed({}, Deadline::never(), {});
  ASSERT_TRUE(vectors);
  EXPECT_TRUE(vectors->empty());
}

TEST_F(EmbedQueueTest, ACallerThatLeavesFreesTheModel) {
  EmbedQueue queue(*encoder_, contexts_of(*encoder_, 1), 8);
  std::stop_source gone;
  gone.request_stop();
  std::vector<TokenisedText> endless(100, tokens(long_text(2000)));
  EXPECT_EQ(queue.embed(endless, Deadline::never(), gone.get_token()).error().code, Code::kCancelled);
  ManualClock clock;
  EXPECT_EQ(queue.embed(endless, Deadline::in(Duration::zero(), clock), {}).error().code, Code::kDeadlineExceeded);
  EXPECT_TRUE(queue.embed({tokens("the cat")}, Deadline::never(), {}));
}

TEST_F(EmbedQueueTest, RefusesMoreThanItsBound) {
  EmbedQueue queue(*encoder_, contexts_of(*encoder_, 1), 1);
  std::stop_source leave;
  std::atomic<bool> ended = false;
  std::jthread first([&] {
    const std::vector<TokenisedText> endless(100, tokens(long_text(2000)));
    Code code = Code::kResourceExhausted;  // While the other one is inside.
    while (code == Code::kResourceExhausted) {
      code = queue.embed(endless, Deadline::never(), leave.get_token()).error().code;
    }
    EXPECT_EQ(code, Code::kCancelled);
    ended = true;
  });
  Result<std::vector<llm::Embedding>> second = std::vector<llm::Embedding>{};
  while (second) second = queue.embed({tokens("the cat")}, Deadline::never(), {});  // Until the first is inside.
  EXPECT_EQ(second.error().code, Code::kResourceExhausted);
  EXPECT_FALSE(ended);
  leave.request_stop();
}

}  // namespace
}  // namespace docmind::engine

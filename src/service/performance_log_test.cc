#include "service/performance_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/testing/one_line.h"
#include "base/testing/threaded_seams.h"
#include "sys/testing/temp_folder.h"

namespace docmind::service {
namespace {

using testing::DoubleEq;
using testing::HasSubstr;
using testing::Not;
using testing::Optional;

struct PerformanceLogTest : testing::Test {
  void SetUp() override { open(); }
  void open() {
    library::LibraryOptions options;
    options.path = (folder / "library.db").string();
    library = *library::Library::open(std::move(options), clock, rng);
    log.emplace(*library, clock, quiet, metrics);
  }
  // What waits is written when it goes.
  Performance after_a_restart() {
    log.reset();
    library.reset();
    open();
    return *log->summary(Deadline::never(), {});
  }
  static Generation reply(double seconds, std::uint32_t tokens = 20) {
    return {.at_ms = 0,
            .backend = "llamacpp",
            .model = "tiny",
            .usage = {.prompt = 100, .cached = 60, .completion = tokens},
            .seconds = seconds,
            .prefill_seconds = 0.5,
            .decode_seconds = 0.25};
  }

  sys::TempFolder folder;
  SteadyClock clock;
  SeededRng rng{1};
  obs::Log quiet;
  obs::Metrics metrics;
  std::unique_ptr<library::Library> library;
  std::optional<PerformanceLog> log;
};

TEST_F(PerformanceLogTest, NothingYetIsNothing) {
  const auto now = log->summary(Deadline::never(), {});
  ASSERT_TRUE(now);
  EXPECT_FALSE(now->newest);
  EXPECT_EQ(now->generations.count, 0U);
  EXPECT_FALSE(now->generations.latency || now->generations.decode_rate || now->answers.given_again_share);
}

TEST_F(PerformanceLogTest, TheLastHundredAreSummedUp) {
  for (int i = 0; i < 50; ++i) log->add(reply(1000));  // Forgotten by then.
  for (int i = 1; i <= 99; ++i) log->add(reply(i));
  Generation untold = reply(100);
  untold.prefill_seconds.reset();
  untold.decode_seconds.reset();
  log->add(untold);
  agents::Answer answer;
  answer.coordination_seconds = 0.004;
  log->add(answer, 0.5);
  answer.given_again = agents::GivenAgain{.layer = "semantic"};
  log->add(answer, 0.001);
  const Performance now = after_a_restart();
  EXPECT_EQ(now.generations.count, 100U);
  ASSERT_TRUE(now.generations.latency);
  EXPECT_EQ(now.generations.latency->p50, 50'000);
  EXPECT_EQ(now.generations.latency->p95, 95'000);
  EXPECT_EQ(now.generations.latency->p99, 99'000);
  EXPECT_THAT(now.generations.prefill_rate, Optional(DoubleEq(80)));
  EXPECT_THAT(now.generations.decode_rate, Optional(DoubleEq(80)));
  EXPECT_THAT(now.generations.cached_share, Optional(DoubleEq(0.6)));
  ASSERT_TRUE(now.newest);
  EXPECT_EQ(now.newest->seconds, 100);
  EXPECT_EQ(now.newest->backend, "llamacpp");
  EXPECT_FALSE(now.newest->decode_rate());
  EXPECT_EQ(now.answers.count, 2U);
  EXPECT_THAT(now.answers.given_again_share, Optional(DoubleEq(0.5)));
  EXPECT_THAT(now.answers.coordination_ms, Optional(DoubleEq(4)));
  EXPECT_EQ(now.answers.latency->p99, 500);
}

TEST_F(PerformanceLogTest, ManyAtOnceAreDroppedAndCounted) {
  // No more than wait, and those that the thread has taken away meanwhile.
  for (std::size_t i = 0; i < 5 * PerformanceLog::kMostWaiting; ++i) log->add(reply(1));
  const double dropped = metrics.counter("docmind_performance_rows_dropped_total", "").value();
  EXPECT_GT(dropped, 0);
  log.reset();
  auto at = library->read(Deadline::never(), {});
  const auto rows = at->performance("generate", 1'000'000);
  EXPECT_EQ(static_cast<double>(rows->size()) + dropped, 5.0 * PerformanceLog::kMostWaiting);
}

TEST_F(PerformanceLogTest, AModelsRepliesAreMeasuredAndItsWordsAreNot) {
  agents::OneLine model;
  model.says("It is 24 metres.");
  MeasuredModel measured(model, clock, *log);
  struct Stream final : llm::TokenStream {
    Result<> text(std::string_view piece) override {
      got += piece;
      return {};
    }
    std::string got;
  } stream;
  llm::ChatRequest request{.messages = {{.role = llm::Role::kUser, .content = "a secret question"}}};
  const auto reply = measured.chat(request, &stream, Deadline::never(), {});
  ASSERT_TRUE(reply);
  EXPECT_EQ(stream.got, reply->content);
  request.priority = llm::ChatPriority::kBackground;
  ASSERT_TRUE(measured.chat(request, nullptr, Deadline::never(), {}));
  const Performance now = after_a_restart();
  EXPECT_EQ(now.generations.count, 1U);
  ASSERT_TRUE(now.newest);
  EXPECT_EQ(now.newest->usage.prompt, reply->usage.prompt);
  EXPECT_EQ(now.newest->usage.completion, reply->usage.completion);
  EXPECT_TRUE(now.newest->prefill_seconds);
  auto at = library->read(Deadline::never(), {});
  for (const library::PerformanceRow& row : *at->performance("generate", 10)) {
    EXPECT_THAT(row.metrics, Not(HasSubstr("secret")));
    EXPECT_THAT(row.metrics, Not(HasSubstr(reply->content)));
  }
}

}  // namespace
}  // namespace docmind::service

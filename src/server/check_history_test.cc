#include "server/check_history.h"

#include <gtest/gtest.h>

namespace docmind::server {
namespace {

using service::Check;
using service::CheckStatus;

struct CheckHistoryTest : testing::Test {
  Check seen(CheckStatus status, std::string message = "", std::optional<Failure> last = {}) {
    std::vector<Check> checks{
        {.name = "part", .status = status, .message = std::move(message), .last = std::move(last)}};
    history.note(checks);
    return checks.at(0);
  }
  std::int64_t after(Duration by) {
    clock.advance(by);
    return clock.wall().time_since_epoch().count();
  }

  ManualClock clock;
  CheckHistory history{clock};
};

TEST_F(CheckHistoryTest, AStatusHasItsBeginningAndAFailureOutlivesIt) {
  const std::int64_t start = after(std::chrono::seconds(1));
  EXPECT_EQ(seen(CheckStatus::kOk).since_ms, start);
  EXPECT_FALSE(seen(CheckStatus::kOk, "in use").last);
  const std::int64_t failed = after(std::chrono::seconds(5));
  EXPECT_EQ(seen(CheckStatus::kDegraded, "it is away").since_ms, failed);
  after(std::chrono::seconds(5));
  const Check still = seen(CheckStatus::kDegraded, "it is away");
  EXPECT_EQ(still.since_ms, failed);
  ASSERT_TRUE(still.last);
  EXPECT_EQ(still.last->at_ms, failed);
  EXPECT_EQ(still.last->error.message, "it is away");
  const std::int64_t back = after(std::chrono::seconds(5));
  const Check well = seen(CheckStatus::kOk);
  EXPECT_EQ(well.since_ms, back);
  ASSERT_TRUE(well.last);
  EXPECT_EQ(well.last->at_ms, failed);
}

TEST_F(CheckHistoryTest, TheSameFailureAgainIsALaterOne) {
  seen(CheckStatus::kDegraded, "it is away");
  after(std::chrono::seconds(5));
  seen(CheckStatus::kOk);
  const std::int64_t again = after(std::chrono::seconds(5));
  EXPECT_EQ(seen(CheckStatus::kDegraded, "it is away").last->at_ms, again);
  after(std::chrono::seconds(5));
  EXPECT_EQ(seen(CheckStatus::kOk).last->at_ms, again);
}

TEST_F(CheckHistoryTest, WhatThePartItselfTellsOfItsFailureCounts) {
  const Failure own{{Code::kDeadlineExceeded, "no answer within 1 s", ""}, 42};
  const Check failing = seen(CheckStatus::kDegraded, "it is away", own);
  ASSERT_TRUE(failing.last);
  EXPECT_EQ(failing.last->at_ms, 42);
  EXPECT_EQ(failing.last->error.code, Code::kDeadlineExceeded);
  EXPECT_EQ(seen(CheckStatus::kOk).last->at_ms, 42);
}

}  // namespace
}  // namespace docmind::server

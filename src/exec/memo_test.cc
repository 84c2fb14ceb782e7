#include "exec/memo.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "base/testing/threaded_seams.h"

namespace docmind::exec {
namespace {

TEST(Memo, MakesOnceForAllWhoCome) {
  Memo<int> memo;
  std::atomic<int> made = 0;
  std::latch together(8);
  std::vector<std::jthread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      together.arrive_and_wait();
      const auto got = memo.get("making", Deadline::never(), {}, [&] { return Result<int>(++made); });
      EXPECT_TRUE(got && *got == 1);
    });
  }
  callers.clear();
  EXPECT_EQ(made, 1);
}

TEST(Memo, AFailureIsNotKept) {
  Memo<int> memo;
  EXPECT_FALSE(memo.get("making", Deadline::never(), {}, [] { return Result<int>(Error{Code::kUnavailable, "no"}); }));
  EXPECT_EQ(*memo.get("making", Deadline::never(), {}, [] { return Result<int>(2); }), 2);
  EXPECT_EQ(*memo.get("making", Deadline::never(), {}, [] { return Result<int>(3); }), 2);
}

TEST(Memo, WhatIsForgottenIsMadeAgain) {
  Memo<int> memo;
  ASSERT_TRUE(memo.get("making", Deadline::never(), {}, [] { return Result<int>(1); }));
  memo.forget();
  EXPECT_EQ(*memo.get("making", Deadline::never(), {}, [] { return Result<int>(2); }), 2);
  // Forgotten while it is made: returned, not kept.
  memo.forget();
  EXPECT_EQ(*memo.get("making", Deadline::never(), {},
                      [&] {
                        memo.forget();
                        return Result<int>(3);
                      }),
            3);
  EXPECT_EQ(*memo.get("making", Deadline::never(), {}, [] { return Result<int>(4); }), 4);
}

TEST(Memo, WaitingEndsAtTheDeadlineAndWithAStop) {
  Memo<int> memo;
  const SteadyClock clock;
  std::latch begun(1);
  std::latch go_on(1);
  std::jthread maker([&] {
    (void)memo.get("making", Deadline::never(), {}, [&] {
      begun.count_down();
      go_on.wait();
      return Result<int>(1);
    });
  });
  begun.wait();
  const auto never_called = [] { return Result<int>(9); };
  EXPECT_EQ(memo.get("making", Deadline::in(Duration::zero(), clock), {}, never_called).error().code,
            Code::kDeadlineExceeded);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(memo.get("making", Deadline::never(), stop.get_token(), never_called).error().code, Code::kCancelled);
  go_on.count_down();
}

}  // namespace
}  // namespace docmind::exec

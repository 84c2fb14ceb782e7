#include "exec/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/request_id.h"
#include "base/trace_context.h"

namespace docmind::exec {
namespace {

std::unique_ptr<Pool> open(PoolOptions options) {
  auto pool = Pool::open(options);
  EXPECT_TRUE(pool);
  return *std::move(pool);
}

TEST(Pool, EveryAcceptedTaskRunsOnce) {
  std::atomic<int> ran = 0;
  {
    const auto pool = open({.threads = 4, .queue_bound = 8});
    for (int i = 0; i < 1000; ++i) {
      EXPECT_TRUE(
          pool->submit([&ran] { ++ran; }, i % 2 == 0 ? Lane::kBatch : Lane::kInteractive, Deadline::never(), {}));
    }
  }
  EXPECT_EQ(ran, 1000);
}

// A pool of one thread that is held until release() is called.
class HeldPool {
 public:
  explicit HeldPool(std::size_t bound) : pool(open({.threads = 1, .queue_bound = bound})) {
    EXPECT_TRUE(pool->try_submit([this] {
      started_.count_down();
      hold_.wait();
    }));
    started_.wait();
  }
  void release() { hold_.count_down(); }

 private:
  std::latch started_{1};
  std::latch hold_{1};

 public:
  std::unique_ptr<Pool> pool;
};

TEST(Pool, SomebodyWaitingGoesFirst) {
  std::string order;
  {
    HeldPool held(8);
    for (const char c : {'b', 'c'}) ASSERT_TRUE(held.pool->try_submit([&order, c] { order += c; }, Lane::kBatch));
    for (const char c : {'i', 'j'}) ASSERT_TRUE(held.pool->try_submit([&order, c] { order += c; }, Lane::kInteractive));
    EXPECT_EQ(held.pool->waiting(), 4U);
    held.release();
  }
  EXPECT_EQ(order, "ijbc");
}

TEST(Pool, TheQueueIsBoundedInEachLane) {
  HeldPool held(2);
  EXPECT_TRUE(held.pool->try_submit([] {}));
  EXPECT_TRUE(held.pool->try_submit([] {}));
  EXPECT_EQ(held.pool->try_submit([] {}).error().code, Code::kResourceExhausted);
  EXPECT_TRUE(held.pool->try_submit([] {}, Lane::kInteractive));
  ManualClock clock;
  const Deadline passed = Deadline::in(Duration::zero(), clock);
  EXPECT_EQ(held.pool->submit([] {}, Lane::kBatch, passed, {}).error().code, Code::kDeadlineExceeded);
  std::stop_source stop;
  std::jthread stopper([&stop] { stop.request_stop(); });
  EXPECT_EQ(held.pool->submit([] {}, Lane::kBatch, Deadline::never(), stop.get_token()).error().code, Code::kCancelled);
  std::jthread releaser([&held] { held.release(); });
  EXPECT_TRUE(held.pool->submit([] {}, Lane::kBatch, Deadline::never(), {}));
  releaser.join();
}

TEST(Pool, AsManyRunAtOnceAsItMayHave) {
  constexpr int kThreads = 5;
  std::latch all(kThreads);  // Opens when that many run at the same time.
  const auto pool = open({.threads = kThreads, .queue_bound = 2 * kThreads});
  std::latch done(2 * kThreads);
  for (int i = 0; i < kThreads; ++i) {
    ASSERT_TRUE(pool->try_submit([&] {
      all.arrive_and_wait();
      done.count_down();
    }));
  }
  all.wait();
  for (int i = 0; i < kThreads; ++i) ASSERT_TRUE(pool->try_submit([&] { done.count_down(); }));
  done.wait();
}

TEST(Pool, ATaskMaySubmitMore) {
  std::atomic<int> ran = 0;
  std::latch done(1);
  const auto pool = open({.threads = 1, .queue_bound = 4});
  ASSERT_TRUE(pool->try_submit([&] {
    EXPECT_TRUE(pool->try_submit([&] {
      ++ran;
      done.count_down();
    }));
  }));
  done.wait();
  EXPECT_EQ(ran, 1);
}

TEST(Pool, ATaskWorksForTheRequestOfWhoSubmittedIt) {
  std::vector<std::string> seen;
  {
    const auto pool = open({.threads = 1});
    const auto look = [&seen] { seen.push_back(request_id()); };
    ASSERT_TRUE(pool->try_submit(look));
    {
      const RequestScope scope("r1");
      ASSERT_TRUE(pool->try_submit(look));
    }
    ASSERT_TRUE(pool->try_submit(look));
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"", "r1", ""}));
}

TEST(Pool, ATaskWorksInTheTraceOfWhoSubmittedIt) {
  std::vector<std::uint64_t> seen;
  {
    const auto pool = open({.threads = 1});
    const auto look = [&seen] { seen.push_back(trace_context().span); };
    {
      const TraceScope scope({.high = 1, .span = 7});
      ASSERT_TRUE(pool->try_submit(look));
    }
    ASSERT_TRUE(pool->try_submit(look));
  }
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{7, 0}));
}

TEST(Pool, WhatATaskHoldsGoesWithIt) {
  const auto held = std::make_shared<int>(1);
  {
    const auto pool = open({.threads = 1});
    ASSERT_TRUE(pool->try_submit([copy = held] { EXPECT_EQ(*copy, 1); }));
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace docmind::exec

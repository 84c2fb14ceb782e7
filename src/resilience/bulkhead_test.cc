#include "resilience/bulkhead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "base/testing/threaded_seams.h"

namespace docmind::resilience {
namespace {

std::unique_ptr<Bulkhead> open(BulkheadOptions options, const Clock& clock) {
  auto opened = Bulkhead::open("ollama", options, clock);
  EXPECT_TRUE(opened);
  return *std::move(opened);
}

// Until so many wait: they are on their way, nothing else can happen.
void until_waiting(const Bulkhead& bulkhead, std::uint32_t count) {
  while (bulkhead.waiting() < count) std::this_thread::yield();
}

TEST(Bulkhead, TheNextOneIsRefusedAtOnceWithAnEstimate) {
  ManualClock clock;
  const auto bulkhead = open({.running = 2, .waiting = 0}, clock);
  auto a = bulkhead->enter({}, {});
  auto b = bulkhead->enter({}, {});
  EXPECT_TRUE(a && b);
  const auto refused = bulkhead->enter({}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kRateLimited);
  EXPECT_EQ(refused.error().message, "ollama has 2 calls running and 0 waiting, which is all it takes.");
  EXPECT_EQ(refused.error().hint, "Ask again in 1 s.");
}

TEST(Bulkhead, TheEstimateGoesByWhatCallsTook) {
  ManualClock clock;
  const auto bulkhead = open({.running = 1, .waiting = 0}, clock);
  {
    const auto permit = bulkhead->enter({}, {});
    clock.advance(std::chrono::seconds(8));
  }
  EXPECT_EQ(bulkhead->estimate(), std::chrono::seconds(16));
  {
    const auto permit = bulkhead->enter({}, {});
    clock.advance(std::chrono::hours(1));
  }
  EXPECT_EQ(bulkhead->estimate(), std::chrono::minutes(1));
}

TEST(Bulkhead, APlaceIsGivenBack) {
  ManualClock clock;
  const auto bulkhead = open({.running = 1, .waiting = 0}, clock);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bulkhead->enter({}, {}));
  EXPECT_EQ(bulkhead->running(), 0U);
}

TEST(Bulkhead, FirstComeFirstServed) {
  SteadyClock clock;
  const auto bulkhead = open({.running = 1, .waiting = 8}, clock);
  std::vector<int> order;
  {
    std::vector<std::jthread> threads;
    std::optional<Bulkhead::Permit> held(*bulkhead->enter({}, {}));
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        const auto permit = bulkhead->enter({}, {});
        EXPECT_TRUE(permit);
        order.push_back(i);  // One at once: no lock.
      });
      until_waiting(*bulkhead, static_cast<std::uint32_t>(i) + 1);
    }
    EXPECT_EQ(bulkhead->enter({}, {}).error().code, Code::kRateLimited);
    held.reset();
  }
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(Bulkhead, NobodyOvertakesWhoWaits) {
  SteadyClock clock;
  const auto bulkhead = open({.running = 1, .waiting = 8}, clock);
  std::vector<int> order;
  for (int i = 0; i < 20; ++i) {
    std::optional<Bulkhead::Permit> held(*bulkhead->enter({}, {}));
    const std::jthread waiter([&] {
      const auto permit = bulkhead->enter({}, {});
      order.push_back(0);
    });
    until_waiting(*bulkhead, 1);
    held.reset();
    const auto newcomer = bulkhead->enter({}, {});  // Here before the waiter has woken up.
    order.push_back(1);
    EXPECT_EQ(order, (std::vector<int>{0, 1}));
    order.clear();
  }
}

TEST(Bulkhead, WhoWaitsGoesAtItsStopAndAtItsDeadline) {
  SteadyClock clock;
  const auto bulkhead = open({.running = 1, .waiting = 8}, clock);
  const auto held = bulkhead->enter({}, {});
  EXPECT_EQ(bulkhead->enter(Deadline::in(std::chrono::milliseconds(1), clock), {}).error().code,
            Code::kDeadlineExceeded);
  std::stop_source stop;
  Code code = Code::kInternal;
  {
    const std::jthread waiter([&] { code = bulkhead->enter({}, stop.get_token()).error().code; });
    until_waiting(*bulkhead, 1);
    stop.request_stop();
  }
  EXPECT_EQ(code, Code::kCancelled);
  EXPECT_EQ(bulkhead->waiting(), 0U);
}

TEST(Bulkhead, NeverMoreThanItsPlacesAmongThreads) {
  SteadyClock clock;
  const auto bulkhead = open({.running = 3, .waiting = 100}, clock);
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  std::atomic<int> done = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 100; ++i) {
          const auto permit = bulkhead->enter({}, {});
          if (!permit) continue;
          const int now = ++inside;
          int seen = most.load();
          while (now > seen && !most.compare_exchange_weak(seen, now)) {
          }
          ++done;
          --inside;
        }
      });
    }
  }
  EXPECT_EQ(done, 800);
  EXPECT_LE(most, 3);
}

TEST(Bulkhead, RangesAreChecked) {
  EXPECT_TRUE(check(BulkheadOptions{}));
  EXPECT_FALSE(check(BulkheadOptions{.running = 0}));
  EXPECT_FALSE(check(BulkheadOptions{.running = 1001}));
  EXPECT_FALSE(check(BulkheadOptions{.waiting = 10'001}));
}

}  // namespace
}  // namespace docmind::resilience

#include "exec/bounded_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace docmind::exec {
namespace {

TEST(BoundedQueue, KeepsOrderAndItsBound) {
  BoundedQueue<std::unique_ptr<int>> queue(2);
  EXPECT_TRUE(queue.try_push(std::make_unique<int>(1)));
  EXPECT_TRUE(queue.push(std::make_unique<int>(2), Deadline::never(), {}));
  EXPECT_EQ(queue.try_push(nullptr).error().code, Code::kResourceExhausted);
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_EQ(**queue.pop(Deadline::never(), {}), 1);
  EXPECT_EQ(**queue.pop(Deadline::never(), {}), 2);
}

TEST(BoundedQueue, WaitsEndByDeadlineAndStop) {
  BoundedQueue<int> queue(1);
  ManualClock clock;
  const Deadline passed = Deadline::in(Duration::zero(), clock);
  EXPECT_EQ(queue.pop(passed, {}).error().code, Code::kDeadlineExceeded);
  EXPECT_TRUE(queue.push(1, passed, {}));  // No wait needed, so no deadline missed.
  EXPECT_EQ(queue.push(2, passed, {}).error().code, Code::kDeadlineExceeded);
  std::stop_source stop;
  std::jthread stopper([&stop] { stop.request_stop(); });
  EXPECT_EQ(queue.push(2, Deadline::never(), stop.get_token()).error().code, Code::kCancelled);
  EXPECT_EQ(*queue.pop(Deadline::never(), stop.get_token()), 1);  // What is there comes out all the same.
  EXPECT_EQ(queue.pop(Deadline::never(), stop.get_token()).error().code, Code::kCancelled);
}

TEST(BoundedQueue, CloseDrainsAndWakesTheWaiting) {
  BoundedQueue<int> queue(1);
  ASSERT_TRUE(queue.try_push(1));
  std::jthread closer([&queue] { queue.close(); });
  EXPECT_EQ(queue.push(2, Deadline::never(), {}).error().code, Code::kCancelled);
  EXPECT_EQ(queue.try_push(2).error().code, Code::kCancelled);
  EXPECT_EQ(*queue.pop(Deadline::never(), {}), 1);
  EXPECT_EQ(queue.pop(Deadline::never(), {}).error().code, Code::kCancelled);
}

TEST(BoundedQueue, NothingIsLostOrDoubledBetweenThreads) {
  BoundedQueue<int> queue(3);
  std::atomic<long> sum = 0;
  std::atomic<int> count = 0;
  {
    std::vector<std::jthread> takers;
    for (int i = 0; i < 3; ++i) {
      takers.emplace_back([&] {
        while (true) {
          const auto item = queue.pop(Deadline::never(), {});
          if (!item) return;
          sum += *item;
          ++count;
        }
      });
    }
    {
      std::vector<std::jthread> givers;
      for (int g = 0; g < 3; ++g) {
        givers.emplace_back([&queue, g] {
          for (int i = 0; i < 1000; ++i) EXPECT_TRUE(queue.push(g * 1000 + i, Deadline::never(), {}));
        });
      }
    }
    queue.close();
  }
  EXPECT_EQ(count, 3000);
  EXPECT_EQ(sum, 2999L * 3000 / 2);
}

}  // namespace
}  // namespace docmind::exec

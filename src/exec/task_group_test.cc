#include "exec/task_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <string>
#include <thread>

namespace docmind::exec {
namespace {

std::unique_ptr<Pool> open(std::size_t threads, std::size_t bound = 4) {
  auto pool = Pool::open({.threads = threads, .queue_bound = bound});
  EXPECT_TRUE(pool);
  return *std::move(pool);
}

void wait_for(const std::stop_token& token) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait(lock, token, [] { return false; });
}

TEST(TaskGroup, JoinMeansAllHaveRun) {
  const auto pool = open(3);
  std::atomic<int> ran = 0;
  TaskGroup group(*pool);
  for (int i = 0; i < 2000; ++i) {  // Far more than the pool's queue and the group's own take.
    group.run([&ran](const std::stop_token& /*stop*/) -> Result<> {
      ++ran;
      return {};
    });
  }
  EXPECT_TRUE(group.join());
  EXPECT_EQ(ran, 2000);
  EXPECT_TRUE(group.join());
}

TEST(TaskGroup, TheFirstErrorWinsAndStopsTheOthers) {
  const auto pool = open(2);
  TaskGroup group(*pool);
  std::latch up(1);
  group.run([&up](const std::stop_token& stop) -> Result<> {
    up.count_down();
    wait_for(stop);
    return Error{Code::kCancelled, "because of the other"};
  });
  group.run([&up](const std::stop_token& /*stop*/) -> Result<> {
    up.wait();
    return Error{Code::kDataLoss, "first"};
  });
  const auto result = group.join();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "first");
}

TEST(TaskGroup, AStopOfTheCallerReachesTasksAndLeavesOutTheRest) {
  const auto pool = open(1);
  std::stop_source stop;
  TaskGroup group(*pool, stop.get_token());
  std::atomic<int> ran = 0;
  std::latch up(1);
  group.run([&](const std::stop_token& mine) -> Result<> {
    up.count_down();
    wait_for(mine);
    ++ran;
    return {};
  });
  up.wait();
  for (int i = 0; i < 10; ++i) {
    group.run([&ran](const std::stop_token& /*stop*/) -> Result<> {
      ++ran;
      return {};
    });
  }
  stop.request_stop();
  EXPECT_EQ(group.join().error().code, Code::kCancelled);
  EXPECT_EQ(ran, 1);
}

TEST(TaskGroup, ATokenStoppedBeforehandLeavesOutAll) {
  const auto pool = open(1);
  std::stop_source stop;
  stop.request_stop();
  TaskGroup group(*pool, stop.get_token());
  group.run([](const std::stop_token& /*stop*/) -> Result<> { return Error{Code::kInternal, "must not run"}; });
  EXPECT_EQ(group.join().error().code, Code::kCancelled);
}

TEST(TaskGroup, TheDestructorStopsAndWaits) {
  const auto pool = open(2);
  std::atomic<bool> ended = false;
  std::latch up(1);
  {
    TaskGroup group(*pool);
    group.run([&](const std::stop_token& stop) -> Result<> {
      up.count_down();
      wait_for(stop);
      ended = true;
      return {};
    });
    up.wait();
  }
  EXPECT_TRUE(ended);
}

// Every task of a small pool opens groups of its own; whoever only waited for pool threads would wait for ever.
std::atomic<int>& count_leaves(Pool& pool, std::atomic<int>& leaves, int depth) {
  TaskGroup group(pool);
  for (int i = 0; i < 4; ++i) {
    group.run([&pool, &leaves, depth](const std::stop_token& /*stop*/) -> Result<> {
      if (depth == 0) {
        ++leaves;
      } else {
        count_leaves(pool, leaves, depth - 1);
      }
      return {};
    });
  }
  EXPECT_TRUE(group.join());
  return leaves;
}

TEST(TaskGroup, GroupsInsideGroupsDoNotStarve) {
  const auto pool = open(2, 2);
  std::atomic<int> leaves = 0;
  EXPECT_EQ(count_leaves(*pool, leaves, 4), 1024);
}

TEST(TaskGroup, ALateNoteToThePoolFindsNothing) {
  std::latch hold(1);
  const auto pool = open(1, 64);
  ASSERT_TRUE(pool->try_submit([&hold] { hold.wait(); }));
  {
    int local = 0;  // Dead when the pool gets to its notes.
    TaskGroup group(*pool);
    for (int i = 0; i < 10; ++i) {
      group.run([&local](const std::stop_token& /*stop*/) -> Result<> {
        ++local;
        return {};
      });
    }
    EXPECT_TRUE(group.join());
    EXPECT_EQ(local, 10);
  }
  hold.count_down();
}

}  // namespace
}  // namespace docmind::exec

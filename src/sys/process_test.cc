#include "sys/process.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <set>
#include <string>
#include <thread>

#include "sys/clock.h"
#include "sys/rng.h"
#include "sys/testing/temp_folder.h"

namespace docmind::sys {
namespace {

TEST(Process, MemoryIsMeasured) {
  const auto before = memory_use();
  ASSERT_TRUE(before);
  EXPECT_GT(before->resident, 1U << 20U);
  std::string block(64U << 20U, 'x');
  block[block.size() / 2] = 'y';
  EXPECT_GE(memory_use()->resident, before->resident + (32U << 20U));
  EXPECT_GE(memory_use()->peak, memory_use()->resident / 2);
}

TEST(Process, MemoryOfItsOwnGrowsWithWhatIsWritten) {
  const std::uint64_t before = memory_of_its_own(process_id());
  EXPECT_GT(before, 0U);
  std::string block(64U << 20U, 'x');
  block[block.size() / 2] = 'y';
  EXPECT_GE(memory_of_its_own(process_id()), before + (32U << 20U));
  EXPECT_LE(memory_of_its_own(process_id()), memory_use()->resident);
  EXPECT_EQ(memory_of_its_own(0), 0U);
}

TEST(Process, CpuCountHonoursTheAffinity) {
  EXPECT_GE(cpu_count(), 1U);
  std::size_t pinned = 0;
  std::thread([&pinned] {
    cpu_set_t mine;
    ASSERT_EQ(::sched_getaffinity(0, sizeof mine, &mine), 0);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &mine) && CPU_COUNT(&one) == 0) CPU_SET(cpu, &one);
    }
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    pinned = cpu_count();
  }).join();
  EXPECT_EQ(pinned, 1U);
}

TEST(Process, MemoryLeftIsTheLeastOnTheWayUp) {
  const TempFolder mount;
  EXPECT_FALSE(memory_left("0::/a/b\n", mount.path()));
  mount.write("a/memory.max", "1000000\n");
  mount.write("a/memory.current", "400000\n");
  mount.write("a/b/memory.max", "max\n");
  mount.write("a/b/memory.current", "400000\n");
  EXPECT_EQ(memory_left("0::/a/b\n", mount.path()), 600000U);
  mount.write("a/memory.stat", "anon 5\ninactive_file 100000\n");
  EXPECT_EQ(memory_left("0::/a/b\n", mount.path()), 700000U);
  mount.write("a/b/memory.max", "410000\n");
  EXPECT_EQ(memory_left("0::/a/b\n", mount.path()), 10000U);
  mount.write("a/b/memory.current", "999999\n");
  EXPECT_EQ(memory_left("0::/a/b\n", mount.path()), 0U);
  EXPECT_FALSE(memory_left("4:memory:/a\nnonsense\n", mount.path()));
  EXPECT_EQ(memory_limit("0::/a/b\n", mount.path()), 410000U);
  EXPECT_GT(available_memory(), 1U << 20U);
}

TEST(Process, ProcessesEndedForMemoryAreCounted) {
  EXPECT_EQ(memory_kills_in("nr_free_pages 1\noom_kill 17\ndrop_pagecache 0\n"), 17U);
  EXPECT_EQ(memory_kills_in("oom_kill_disable 3\nnr 1\n"), 0U);
  EXPECT_EQ(memory_kills_in("a 1\noom_kill -4\n"), 0U);
  EXPECT_EQ(memory_kills_in(""), 0U);
}

TEST(Process, MemoryLimitsOfTheFirstVersionCountToo) {
  const TempFolder mount;
  mount.write("memory/memory.limit_in_bytes", "9223372036854771712\n");
  mount.write("memory/memory.usage_in_bytes", "5\n");
  EXPECT_FALSE(memory_left("4:memory:/\n", mount.path())) << "that is how it says: none";
  EXPECT_FALSE(memory_limit("4:memory:/\n", mount.path()));
  mount.write("memory/docker/1/memory.limit_in_bytes", "1000000\n");
  mount.write("memory/docker/1/memory.usage_in_bytes", "700000\n");
  mount.write("memory/docker/1/memory.stat", "inactive_file 7\ntotal_inactive_file 100000\n");
  EXPECT_EQ(memory_left("9:cpu:/docker/1\n4:memory:/docker/1\n", mount.path()), 400000U);
  EXPECT_EQ(memory_limit("4:memory:/docker/1\n", mount.path()), 1000000U);
  EXPECT_FALSE(memory_limit("9:cpu:/docker/1\n", mount.path())) << "another controller's group";
  mount.write("memory/docker/1/memory.limit_in_bytes", "\xff");
  EXPECT_FALSE(memory_left("4:memory:/docker/1\n", mount.path()));
}

TEST(Process, CpuQuotaIsTheLeastOnTheWayUp) {
  const TempFolder mount;
  mount.write("a/cpu.max", "350000 100000\n");
  mount.write("a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(cpu_quota("0::/a/b\n", mount.path()), 4U);
  EXPECT_EQ(cpu_quota_exact("0::/a/b\n", mount.path()), 3.5);
  mount.write("a/b/cpu.max", "20000 100000\n");
  EXPECT_EQ(cpu_quota("0::/a/b\n", mount.path()), 1U);
  EXPECT_EQ(cpu_quota("0::/\n", mount.path()), 0U);
  mount.write("cpu.max", "200000 100000\n");
  EXPECT_EQ(cpu_quota("0::/../../not/here\n", mount.path()), 2U);
  mount.write("cpu,cpuacct/x/cpu.cfs_quota_us", "300000\n");
  mount.write("cpu,cpuacct/x/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cpu_quota("4:cpu,cpuacct:/x\n1:name=systemd:/x\n", mount.path()), 3U);
  mount.write("cpu,cpuacct/x/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(cpu_quota("4:cpu,cpuacct:/x\n", mount.path()), 0U);
  mount.write("a/cpu.max", "\xff\xff garbage");
  mount.write("cpu.max", "");
  EXPECT_EQ(cpu_quota("0::/a\nnonsense\n:::\n", mount.path()), 0U);
}

TEST(Process, CountsThoseThatWantAProcessor) {
  EXPECT_EQ(running_threads_in("0.20 0.18 0.12 1/80 11206\n"), 1U);
  EXPECT_EQ(running_threads_in("90.20 0.18 0.12 117/8000 11206\n"), 117U);
  for (const char* text :
       {"", "1", " ", "0.2 0.1", "0.2 0.1 0.1 ", "0.2 0.1 0.1 x/1 2", "0.2 0.1 0.1 1", "1 2 3 -4/5"}) {
    EXPECT_EQ(running_threads_in(text), 0U) << text;
  }
}

TEST(Process, TellsWorkFromIdleness) {
  const auto time = processor_time_in("cpu  100 20 30 4000 500 6 7 8 90 1\ncpu0 1 2 3 4 5 6 7 8 9 10\n");
  ASSERT_TRUE(time);
  EXPECT_EQ(time->worked, 171U);
  EXPECT_EQ(time->whole, 4671U);
  for (const char* text :
       {"", "cpu", "cpu ", "cpu  1 2 3 4 5 6 7\n", "cpu0 1 2 3 4 5 6 7 8\n", "cpu  1 2 3 x 5 6 7 8\n"}) {
    EXPECT_FALSE(processor_time_in(text)) << text;
  }
}

TEST(Process, ProcessorsHaveWorkedSinceTheStart) {
  const auto time = processor_time();
  ASSERT_TRUE(time);
  EXPECT_GT(time->worked, 0U);
  EXPECT_LE(time->worked, time->whole);
}

TEST(Process, TheAskingThreadHasAProcessorItself) {
  EXPECT_LT(free_processors(), static_cast<std::size_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN))));
}

TEST(Process, KnowsItsOwnFile) {
  EXPECT_EQ(executable_path()->filename(), "sys_test");
  EXPECT_EQ(process_id(), ::getpid());
}

TEST(Process, APipeIsNoTerminal) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_FALSE(is_terminal(ends[0]));
  EXPECT_FALSE(is_terminal(-1));
  EXPECT_EQ(terminal_width(ends[0], 123), 123U);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(RealClock, GoesForward) {
  const RealClock clock;
  const TimePoint a = clock.now();
  EXPECT_LE(a, clock.now());
  EXPECT_GT(clock.wall().time_since_epoch(), std::chrono::hours(24 * 365 * 50));
}

TEST(RealRng, DoesNotRepeat) {
  RealRng rng;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(rng.next());
  EXPECT_EQ(seen.size(), 1000U);
}

}  // namespace
}  // namespace docmind::sys

#include "sys/subprocess.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fstream>
#include <thread>

#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/files.h"
#include "sys/process.h"
#include "sys/testing/temp_folder.h"

namespace docmind::sys {
namespace {

SubprocessOptions shell(std::string script) {
  return {.argv = {"/bin/sh", "-c", std::move(script)}, .env = {"PATH=/usr/bin:/bin"}};
}

Finished run(SubprocessOptions options) {
  auto done = run_process(std::move(options), Deadline::never(), {});
  EXPECT_TRUE(done) << (done ? "" : done.error().message);
  return done ? *std::move(done) : Finished{};
}

// Once its parent has reaped it, a process id is nobody's (or, for a grandchild, a zombie until init looks).
bool runs(int pid) {
  const auto status = RealFiles().read("/proc/" + std::to_string(pid) + "/stat", 4096);
  return status && status->find(") Z") == std::string::npos && status->find(") X") == std::string::npos;
}

void expect_ends(int pid) {
  const RealClock clock;
  const Deadline patience = Deadline::in(std::chrono::seconds(20), clock);
  while (runs(pid) && !patience.expired()) std::this_thread::yield();
  EXPECT_FALSE(runs(pid)) << pid;
}

TEST(Subprocess, MemoryOfTheFamilyCountsChildrenOfChildren) {
  const std::uint64_t before = memory_of_family();
  EXPECT_GE(before, memory_of_its_own(process_id()) / 2);
  auto child = Subprocess::start(shell(
      "/usr/bin/python3 -c \"b = b'x' * (64 << 20); print('ready', flush=True); import time; time.sleep(600)\"; true"));
  ASSERT_TRUE(child) << child.error().message;
  const RealClock clock;
  ASSERT_TRUE((*child)->next_line(Deadline::in(std::chrono::seconds(60), clock), {}));
  EXPECT_GE(memory_of_family(), before + (48U << 20U));
}

TEST(Subprocess, TakesBothOutputsAndTheStatus) {
  const Finished done = run(shell("printf out; printf err >&2; exit 3"));
  EXPECT_EQ(done.out, "out");
  EXPECT_EQ(done.err, "err");
  EXPECT_EQ(done.exit.code, 3);
  EXPECT_EQ(describe(done.exit), "exit status 3");
}

TEST(Subprocess, TellsASignalFromAStatus) {
  const Finished done = run(shell("kill -SEGV $$"));
  EXPECT_EQ(done.exit.signal, SIGSEGV);
  EXPECT_FALSE(done.exit.clean());
  EXPECT_EQ(describe(done.exit), "killed by signal 11 (Segmentation fault)");
}

TEST(Subprocess, AnInputOfTheCallersStaysTheCallers) {
  const TempFolder folder;
  std::ofstream(folder / "input") << "first\nsecond\n";
  const Fd input(::open((folder / "input").c_str(), O_RDONLY | O_CLOEXEC));
  SubprocessOptions options = shell("head -c 6");
  options.input = Input::kFd;
  options.input_fd = input.get();
  EXPECT_EQ(run(options).out, "first\n");
  EXPECT_EQ(run(options).out, "second");  // They share where they are.
  options.input_fd = -1;
  EXPECT_FALSE(run_process(options, Deadline::never(), {}));
}

TEST(Subprocess, InputBytesArriveWholeAndCanBeSought) {
  std::string bytes;
  for (int i = 0; i < 300'000; ++i) bytes += std::to_string(i) + '\n';
  bytes += std::string("\0\xff", 2);
  SubprocessOptions options = shell("cat");
  options.input = Input::kBytes;
  options.input_bytes = bytes;
  EXPECT_EQ(run(options).out, bytes);
  options.argv = {"/usr/bin/tail", "-c", "5"};
  EXPECT_EQ(run(options).out, bytes.substr(bytes.size() - 5));
  EXPECT_EQ(run(shell("cat; echo end")).out, "end\n");  // Without input: an empty one, not the parent's.
}

TEST(Subprocess, TheChildGetsOnlyWhatIsNamed) {
  ::setenv("DOCMIND_TEST_SECRET", "leak", 1);
  const int stray = ::open("/dev/null", O_RDONLY);  // Not close-on-exec, on purpose.
  ASSERT_GE(stray, 0);
  const Finished done = run(shell("env; ls /proc/self/fd; pwd"));
  ::close(stray);
  EXPECT_EQ(done.out.find("leak"), std::string::npos);
  EXPECT_NE(done.out.find("PATH=/usr/bin:/bin\n"), std::string::npos);
  EXPECT_NE(done.out.find("0\n1\n2\n3\n/\n"), std::string::npos) << done.out;  // 3 is ls reading the folder.
}

TEST(Subprocess, SignalsAreAsAtBirth) {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  const Finished done = run(shell("grep -E '^Sig(Blk|Ign)' /proc/self/status"));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  EXPECT_EQ(done.out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST(Subprocess, WhatCannotRunIsAnErrorThatSaysSo) {
  const auto absent = Subprocess::start({.argv = {"/no/such/program"}});
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, Code::kNotFound);
  EXPECT_NE(absent.error().message.find("/no/such/program"), std::string::npos);
  EXPECT_EQ(Subprocess::start({.argv = {"/etc/passwd"}}).error().code, Code::kUnauthorized);
  EXPECT_EQ(Subprocess::start({.argv = {"sh"}}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(Subprocess::start({.argv = {}}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(Subprocess::start({.argv = {"/bin/echo", std::string("a\0b", 3)}}).error().code, Code::kInvalidArgument);
  SubprocessOptions nowhere = shell("true");
  nowhere.folder = "/no/such/folder";
  EXPECT_EQ(Subprocess::start(nowhere).error().code, Code::kNotFound);
  EXPECT_LT(::waitpid(-1, nullptr, WNOHANG), 0);  // No zombie is left of any of them.
  EXPECT_EQ(errno, ECHILD);
}

TEST(Subprocess, OutputPastTheCapKillsAndIsCut) {
  SubprocessOptions options = shell("yes");
  options.out_cap = 100'000;
  const Finished done = run(options);
  EXPECT_TRUE(done.exit.over_cap);
  EXPECT_FALSE(done.exit.clean());
  EXPECT_EQ(done.out.size(), 100'000U);
  options = shell("printf 12345");
  options.out_cap = 5;
  EXPECT_TRUE(run(options).exit.clean());
}

TEST(Subprocess, OfStderrTheEndIsKept) {
  SubprocessOptions options = shell("i=0; while [ $i -lt 20000 ]; do echo $i >&2; i=$((i+1)); done");
  options.err_cap = 1000;
  std::size_t seen = 0;
  options.on_err = [&seen](std::string_view bytes) { seen += bytes.size(); };
  const Finished done = run(options);
  EXPECT_EQ(done.err.size(), 1000U);
  EXPECT_TRUE(done.err.ends_with("19998\n19999\n"));
  EXPECT_EQ(seen, 108'890U);
}

TEST(Subprocess, OutputGoesWithErrors) {
  SubprocessOptions options = shell("echo one; echo two >&2; echo three");
  options.out = Output::kWithErr;
  options.out_cap = 1;
  const Finished done = run(options);
  EXPECT_TRUE(done.exit.clean());
  EXPECT_EQ(done.out, "");
  EXPECT_EQ(done.err, "one\ntwo\nthree\n");
}

TEST(Subprocess, TheDeadlineKillsTheWholeGroup) {
  const RealClock clock;
  const TempFolder folder;
  const auto pid_file = folder / "pid";
  SubprocessOptions options = shell("sleep 1000 & echo $! > " + pid_file.string() + "; echo ready; wait");
  {
    auto child = Subprocess::start(options);
    ASSERT_TRUE(child);
    EXPECT_EQ(*(*child)->next_line(Deadline::never(), {}), "ready");
    const auto late = (*child)->wait(Deadline::in(std::chrono::milliseconds(1), clock), {});
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Code::kDeadlineExceeded);
    EXPECT_FALSE((*child)->exited());  // wait() alone does not kill.
  }
  int grandchild = 0;
  std::ifstream(pid_file) >> grandchild;
  ASSERT_GT(grandchild, 0);
  expect_ends(grandchild);
  EXPECT_EQ(run_process(shell("sleep 1000"), Deadline::in(std::chrono::milliseconds(1), clock), {}).error().code,
            Code::kDeadlineExceeded);
}

TEST(Subprocess, AStopEndsTheWait) {
  std::stop_source source;
  std::atomic<bool> stopped = false;
  SubprocessOptions options = shell("echo up >&2; sleep 1000");
  options.on_err = [&](std::string_view /*bytes*/) { stopped = source.request_stop(); };
  const auto done = run_process(options, Deadline::never(), source.get_token());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::kCancelled);
  EXPECT_TRUE(stopped);
}

TEST(Subprocess, AGroupMemberLeftBehindIsKilled) {
  const Finished done = run(shell("sleep 1000 >/dev/null 2>&1 & echo $!"));
  expect_ends(std::stoi(done.out));
}

TEST(Subprocess, AnEscapedGrandchildDoesNotHoldTheWait) {
  auto child = Subprocess::start(shell("setsid sh -c 'echo $$; exec sleep 1000' & sleep 1000"));
  ASSERT_TRUE(child);
  const int escaped = std::stoi(*(*child)->next_line(Deadline::never(), {}));
  (*child)->terminate();
  EXPECT_EQ((*child)->wait(Deadline::never(), {})->signal, SIGTERM);  // Though the other still holds the pipe.
  EXPECT_TRUE(runs(escaped));
  ::kill(escaped, SIGKILL);
}

TEST(Subprocess, LinesComeOneByOneUntilTheEnd) {
  auto child = Subprocess::start(shell("echo a; echo; printf rest"));
  ASSERT_TRUE(child);
  EXPECT_EQ(*(*child)->next_line(Deadline::never(), {}), "a");
  EXPECT_EQ(*(*child)->next_line(Deadline::never(), {}), "");
  EXPECT_EQ((*child)->next_line(Deadline::never(), {}).error().code, Code::kUnavailable);
  EXPECT_EQ((*child)->take_out(), "rest");
}

TEST(Subprocess, TerminateLetsTheChildSayGoodbye) {
  auto child = Subprocess::start(shell("trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.05; done"));
  ASSERT_TRUE(child);
  EXPECT_EQ(*(*child)->next_line(Deadline::never(), {}), "up");
  (*child)->terminate();
  EXPECT_EQ((*child)->wait(Deadline::never(), {})->code, 7);
  EXPECT_EQ((*child)->take_out(), "bye\n");
  (*child)->kill();  // After the end: nothing, and nobody else is hit.
}

TEST(Subprocess, LimitsHold) {
  SubprocessOptions options = shell("ulimit -c; ulimit -t; ulimit -v; ulimit -f; ulimit -n");
  options.limits = {.cpu_seconds = 5, .address_space = 1ULL << 30U, .file_size = 1024 * 1024, .open_files = 64};
  EXPECT_EQ(run(options).out, "0\n5\n1048576\n2048\n64\n");
  options = shell("while :; do :; done");
  options.limits.cpu_seconds = 1;
  EXPECT_EQ(run(options).exit.signal, SIGXCPU);
  const TempFolder folder;
  options = shell("head -c 100000 /dev/zero > " + (folder / "big").string());
  options.limits.file_size = 4096;
  EXPECT_FALSE(run(options).exit.clean());
  EXPECT_EQ(std::filesystem::file_size(folder / "big"), 4096U);
}

TEST(Subprocess, DiesWithItsParent) {
  // A process of its own starts the child, prints its id and is killed: the child must follow.
  auto parent = Subprocess::start({.argv = {"/proc/self/exe", "--gtest_also_run_disabled_tests", "--gtest_brief=1",
                                            "--gtest_filter=Subprocess.DISABLED_ParentThatWaits"}});
  ASSERT_TRUE(parent);
  int child = 0;
  while (child == 0) {
    const auto line = (*parent)->next_line(Deadline::never(), {});
    ASSERT_TRUE(line);
    if (line->starts_with("child ")) child = std::stoi(line->substr(6));
  }
  EXPECT_TRUE(runs(child));
  ::kill((*parent)->pid(), SIGKILL);  // Not its group.
  ASSERT_TRUE((*parent)->wait(Deadline::never(), {}));
  expect_ends(child);
}

TEST(Subprocess, DISABLED_ParentThatWaits) {  // Run by the test above only.
  auto child = Subprocess::start(shell("sleep 1000"));
  ASSERT_TRUE(child);
  const std::string line = "child " + std::to_string((*child)->pid()) + "\n";
  ASSERT_EQ(::write(1, line.data(), line.size()), static_cast<ssize_t>(line.size()));
  EXPECT_TRUE((*child)->wait(Deadline::never(), {}));
}

TEST(Subprocess, ManyAtOnceFromManyThreads) {
  std::atomic<int> clean = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&clean, t] {
        for (int i = 0; i < 25; ++i) {
          const std::string word = std::to_string(t) + "-" + std::to_string(i);
          const auto done = run_process(shell("echo " + word), Deadline::never(), {});
          if (done && done->exit.clean() && done->out == word + "\n") ++clean;
        }
      });
    }
  }
  EXPECT_EQ(clean, 100);
  EXPECT_LT(::waitpid(-1, nullptr, WNOHANG), 0);
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace docmind::sys

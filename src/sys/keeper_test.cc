#include "sys/keeper.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <thread>

#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/testing/temp_folder.h"

namespace docmind::sys {
namespace {

struct Kept {
  TempFolder folder;
  RealClock clock;
  Fd input{::fcntl(::open("/dev/null", O_RDONLY | O_CLOEXEC), F_DUPFD_CLOEXEC, 3)};
  int deaths = 0;

  SubprocessOptions program(std::vector<std::string> argv) const {
    SubprocessOptions options{.argv = std::move(argv), .env = {"PATH=/bin:/usr/bin"}};
    options.input = Input::kFd;
    options.input_fd = input.get();
    options.out = options.err = Output::kInherit;
    return options;
  }
  Result<int> run(const std::string& script, std::stop_token stop = {}) {
    return keep_running(program({"/bin/sh", "-c", script}), std::chrono::seconds(30), clock, std::move(stop),
                        [this](const Exit& exit) {
                          ++deaths;
                          EXPECT_EQ(exit.signal, SIGKILL);
                        });
  }
  std::string text(const char* name) const {
    std::ifstream file(folder / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

TEST(Keeper, StartsAgainWhatASignalEnded) {
  Kept kept;
  const std::string log = (kept.folder / "log").string();
  const auto code = kept.run("echo x >> " + log + "; [ $(wc -l < " + log + ") -ge 4 ] && exit 7; kill -9 $$");
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(*code, 7);
  EXPECT_EQ(kept.deaths, 3);
  EXPECT_EQ(kept.text("log"), "x\nx\nx\nx\n");
}

TEST(Keeper, GivesItsInputToEachOfThem) {
  Kept kept;
  const std::string input = (kept.folder / "input").string();
  std::ofstream(input) << "first\nsecond\n";
  kept.input = Fd(::fcntl(Fd(::open(input.c_str(), O_RDONLY | O_CLOEXEC)).get(), F_DUPFD_CLOEXEC, 3));
  const std::string log = (kept.folder / "log").string();
  // Each reads one byte at a time, so that the next one finds the rest.
  const auto code = kept.run("read line || exit 0; echo got $line >> " + log + "; kill -9 $$");
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(*code, 0);
  EXPECT_EQ(kept.text("log"), "got first\ngot second\n");
}

TEST(Keeper, AStopIsPassedOnAndWaitedFor) {
  Kept kept;
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  kept.input = Fd(::fcntl(ends[0], F_DUPFD_CLOEXEC, 3));
  const std::string ready = (kept.folder / "ready").string();
  ASSERT_EQ(::mkfifo(ready.c_str(), 0600), 0);
  std::stop_source stop;
  std::thread stopper([&] {
    std::ifstream(ready).get();  // Waits until the program has set its trap.
    stop.request_stop();
  });
  const auto code =
      kept.run("trap 'exit 5' TERM; echo > " + ready + "; while :; do read line & wait; done", stop.get_token());
  stopper.join();
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(*code, 5);
  EXPECT_EQ(kept.deaths, 0);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Keeper, WhatCannotBeStartedIsAnError) {
  Kept kept;
  const auto code = keep_running(kept.program({"/nowhere/to/be/found"}), {}, kept.clock, {}, [](const Exit&) {});
  ASSERT_FALSE(code);
  EXPECT_EQ(code.error().code, Code::kNotFound);
}

}  // namespace
}  // namespace docmind::sys

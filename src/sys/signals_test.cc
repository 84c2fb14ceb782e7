#include "sys/signals.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace docmind::sys {
namespace {

void wait_for(const std::stop_token& token) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait(lock, token, [] { return false; });
}

TEST(Signals, TheFirstRequestsAStop) {
  for (const int number : {SIGINT, SIGTERM}) {
    const auto signals = Signals::watch();
    ASSERT_TRUE(signals);
    EXPECT_FALSE((*signals)->stop_token().stop_requested());
    ::kill(::getpid(), number);
    wait_for((*signals)->stop_token());
    EXPECT_TRUE((*signals)->stop_token().stop_requested());
  }
}

TEST(Signals, RenewedTheNextIsAFirstAgainButNotAfterSigterm) {
  const auto signals = Signals::watch();
  ASSERT_TRUE(signals);
  for (int i = 0; i < 3; ++i) {
    const std::stop_token token = (*signals)->stop_token();
    ::kill(::getpid(), SIGINT);
    wait_for(token);
    (*signals)->renew();
    EXPECT_FALSE((*signals)->stop_token().stop_requested());
  }
  const std::stop_token token = (*signals)->stop_token();
  ::kill(::getpid(), SIGTERM);
  wait_for(token);
  (*signals)->renew();
  EXPECT_TRUE((*signals)->stop_token().stop_requested());
}

TEST(Signals, AHangupCallsWhoWaitsForItAndElseEnds) {
  const auto signals = Signals::watch();
  ASSERT_TRUE(signals);
  std::stop_source heard;
  (*signals)->on_hangup([&] { heard.request_stop(); });
  ::kill(::getpid(), SIGHUP);
  wait_for(heard.get_token());
  (*signals)->on_hangup({});  // Waits for the call.
  EXPECT_FALSE((*signals)->stop_token().stop_requested());
  ::kill(::getpid(), SIGHUP);
  wait_for((*signals)->stop_token());
  EXPECT_TRUE((*signals)->stop_token().stop_requested());
}

TEST(Signals, AClosedPipeIsAnErrorOfTheWrite) {
  const auto signals = Signals::watch();
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_LT(::write(ends[1], "x", 1), 0);
  EXPECT_EQ(errno, EPIPE);
  ::close(ends[1]);
}

TEST(SignalsDeathTest, TheSecondEndsAtOnce) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        const auto signals = Signals::watch();
        ::kill(::getpid(), SIGINT);
        wait_for((*signals)->stop_token());
        ::kill(::getpid(), SIGTERM);
        while (true) ::pause();
      },
      ::testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace docmind::sys

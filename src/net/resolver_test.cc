#include "net/resolver.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "sys/clock.h"

namespace docmind::net {
namespace {

TEST(Resolver, KnowsThisMachineAndWhatIsAnAddress) {
  Resolver here("localhost");
  const auto found = here.addresses({}, {});
  ASSERT_TRUE(found) << found.error().message;
  for (const std::string& one : *found) EXPECT_TRUE(one == "127.0.0.1" || one == "::1") << one;
  const auto never = [](const std::string&) { return Result<Addresses>(Error{Code::kInternal, "asked"}); };
  EXPECT_EQ(*Resolver("192.0.2.7", never).addresses({}, {}), Addresses{"192.0.2.7"});
  EXPECT_EQ(*Resolver("2001:db8::1", never).addresses({}, {}), Addresses{"2001:db8::1"});
}

TEST(Resolver, SaysThatThereIsNone) {
  Resolver nobody("no-such-host.invalid");
  const auto found = nobody.addresses({}, {});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::kUnavailable);
  EXPECT_NE(found.error().message.find("no-such-host.invalid"), std::string::npos);
}

TEST(Resolver, OneThatHangsEndsByTheDeadlineAndByAStop) {
  const sys::RealClock clock;
  std::latch answer(1);
  std::atomic<int> asked = 0;
  Resolver slow("a-name", [&](const std::string&) {
    ++asked;
    answer.wait();
    return Result<Addresses>(Addresses{"192.0.2.1"});
  });
  EXPECT_EQ(slow.addresses(Deadline::in(std::chrono::milliseconds(5), clock), {}).error().code,
            Code::kDeadlineExceeded);
  std::stop_source stop;
  std::thread stopping([&] { stop.request_stop(); });
  EXPECT_EQ(slow.addresses({}, stop.get_token()).error().code, Code::kCancelled);
  stopping.join();
  std::thread answering([&] { answer.count_down(); });
  EXPECT_EQ(slow.addresses({}, {})->front(), "192.0.2.1");  // Of that same look-up, or of one more.
  answering.join();
  const int before = asked;
  EXPECT_TRUE(slow.addresses({}, {}));
  EXPECT_EQ(asked, before + 1);  // Names change.
}

TEST(Resolver, ManyWhoAskShareOneLookUp) {
  std::latch answer(1);
  std::atomic<int> asked = 0;
  Resolver slow("a-name", [&](const std::string&) {
    ++asked;
    answer.wait();
    return Result<Addresses>(Addresses{"192.0.2.1"});
  });
  const sys::RealClock clock;
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(slow.addresses(Deadline::in(std::chrono::milliseconds(1), clock), {}));
  EXPECT_EQ(asked, 1);
  answer.count_down();
}

}  // namespace
}  // namespace docmind::net

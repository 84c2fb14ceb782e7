#include "llm/child/server_child.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <thread>

#include "net/server.h"
#include "sys/clock.h"
#include "sys/testing/temp_folder.h"

namespace docmind::child {
namespace {

// The process is a shell that does as `script` says; what answers its health check is a server of the test.
class ServerChildTest : public testing::Test {
 protected:
  ServerChildTest() {
    options_.name = "server";
    options_.backend = "vllm";
    options_.launch = [this](std::size_t step) -> Result<Launch> {
      ++launches_;
      if (step >= well_from_) well_ = true;
      return Launch{.argv = {"/bin/sh", "-c", script_, "sh", std::to_string(step)},
                    .environment = {"PATH=/usr/bin:/bin"},
                    .endpoint = {.host = "127.0.0.1", .port = port_}};
    };
    client_ = *net::Client::open();
    health_ = *net::Server::open({}, [this](const net::Request&, net::ResponseWriter& out) {
      (void)static_cast<bool>(out.send(net::json_response(well_ ? 200 : 503, "{}")));
    });
    port_ = *health_->listen_tcp({});
  }
  void open() { child_ = *ServerChild::open(options_, {clock_, files_, *client_, *log_, metrics_}); }
  Result<RunningServer> running() {
    return child_->running(Deadline::in(std::chrono::minutes(5), clock_), stop_.get_token());
  }
  bool logged(const std::string& event) {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(lines_, [&](const std::string& line) { return line.find(event) != std::string::npos; });
  }

  sys::TempFolder folder_;
  sys::RealClock clock_;
  sys::RealFiles files_;
  std::mutex mutex_;
  std::vector<std::string> lines_;
  std::unique_ptr<obs::Log> log_ = *obs::Log::open({.levels = {obs::Level::kDebug},
                                                    .sink =
                                                        [this](std::string_view line) {
                                                          const std::lock_guard lock(mutex_);
                                                          lines_.emplace_back(line);
                                                        }},
                                                   clock_);
  obs::Metrics metrics_;
  std::unique_ptr<net::Client> client_;
  std::unique_ptr<net::Server> health_;
  std::uint16_t port_ = 0;
  std::atomic<bool> well_ = true;
  std::size_t well_from_ = SIZE_MAX;  // The step from which on it answers, where it does not from the start.
  std::atomic<int> launches_ = 0;
  std::string script_ = "exec sleep 1000";
  ServerChildOptions options_;
  std::stop_source stop_;
  std::unique_ptr<ServerChild> child_;
};

TEST_F(ServerChildTest, IsStartedByWhoWantsItAndOnce) {
  open();
  EXPECT_EQ(child_->status().pid, 0);
  EXPECT_FALSE(child_->running_now());
  const auto first = running();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->life, 1U);
  EXPECT_EQ(child_->running_now()->life, 1U);
  EXPECT_EQ(first->endpoint.port, port_);
  EXPECT_EQ(running()->life, 1U);
  const ChildStatus status = child_->status();
  EXPECT_NE(status.pid, 0);
  EXPECT_TRUE(status.healthy);
  EXPECT_GT(status.start_took, Duration::zero());
  EXPECT_THAT(metrics_.text(), testing::HasSubstr("docmind_backend_start_seconds{backend=\"vllm\"} "));
  EXPECT_THAT(metrics_.text(), testing::HasSubstr("docmind_backend_starts_total{backend=\"vllm\"} 1"));
}

TEST_F(ServerChildTest, OneThatIsKeptUpComesBackByItself) {
  options_.kept_up = true;
  options_.first_pause = std::chrono::milliseconds(1);
  options_.longest_pause = std::chrono::milliseconds(1);
  open();
  const auto first = running();
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_EQ(kill(child_->status().pid, SIGKILL), 0);
  // Nobody asks for it: the second start is the keeper's own.
  while (launches_ < 2) std::this_thread::yield();
  RunningServer second = *running();
  while (second.life == first->life) second = *running();
  EXPECT_EQ(second.life, 2U);
  EXPECT_TRUE(logged("child_died"));
}

TEST_F(ServerChildTest, CallersDoNotWaitForALongStart) {
  options_.kept_up = true;
  options_.caller_waits = Duration::zero();
  well_ = false;
  open();
  const auto refused = running();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("starting"));
  EXPECT_THAT(child_->status().away, testing::HasSubstr("starting"));
  well_ = true;
  while (!child_->status().healthy) std::this_thread::yield();
  EXPECT_TRUE(running());
  EXPECT_EQ(child_->status().away, "");
}

TEST_F(ServerChildTest, TakesOneStepAfterAnotherWhenMemoryDoesNotSuffice) {
  well_ = false;
  well_from_ = 2;
  script_ = "[ $1 -ge 2 ] && exec sleep 1000; echo no memory >&2; exit 9";
  options_.max_starts = 1;  // A step is another one, with starts of its own.
  options_.steps = {"a context of 65536", "a context of 32768", "no card"};
  options_.step_helps = [](const sys::Exit& exit, std::string_view said) {
    return exit.code == 9 && said.find("no memory") != std::string_view::npos;
  };
  open();
  const auto server = running();
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ(server->life, 3U);
  const ChildStatus status = child_->status();
  EXPECT_EQ(status.step, 2U);
  EXPECT_EQ(status.step_name, "a context of 32768");
  EXPECT_EQ(status.stepped, "no memory");
  EXPECT_TRUE(logged("child_step"));
}

TEST_F(ServerChildTest, EndsWhenThereIsNoStepLeft) {
  well_ = false;
  script_ = "echo no memory >&2; exit 9";
  options_.steps = {"less"};
  options_.step_helps = [](const sys::Exit&, std::string_view) { return true; };
  open();
  const auto server = running();
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, Code::kResourceExhausted);
  EXPECT_THAT(server.error().message, testing::HasSubstr("no memory"));
  EXPECT_EQ(child_->status().failure, server.error().message);
  EXPECT_EQ(child_->status().step, 1U);
}

TEST_F(ServerChildTest, AStepAsksForANewLife) {
  options_.steps = {"less"};
  open();
  const std::uint64_t life = running()->life;
  EXPECT_FALSE(child_->step_down(life + 1, "another's"));
  EXPECT_TRUE(child_->step_down(life, "decode: out of memory"));
  EXPECT_FALSE(child_->step_down(life, "once is enough"));
  const auto next = running();
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(next->life, life + 1);
  EXPECT_EQ(child_->status().step_name, "less");
  EXPECT_FALSE(child_->step_down(next->life, "there is none left"));
}

TEST_F(ServerChildTest, AChangedStampStartsItAfreshWithoutSteps) {
  std::string stamp = "one";
  options_.stamp = [&stamp]() -> Result<std::string> { return stamp; };
  options_.steps = {"less"};
  open();
  const std::uint64_t life = running()->life;
  ASSERT_TRUE(child_->step_down(life, "no memory"));
  EXPECT_EQ(running()->life, life + 1);
  stamp = "two";
  EXPECT_EQ(running()->life, life + 2);
  EXPECT_EQ(child_->status().step, 0U);
}

TEST_F(ServerChildTest, EndsUntilSomebodyWantsIt) {
  for (const bool kept_up : {false, true}) {
    options_.kept_up = kept_up;
    open();
    const std::uint64_t life = running()->life;
    const int pid = child_->status().pid;
    child_->end();
    while (child_->status().pid != 0) std::this_thread::yield();
    EXPECT_FALSE(child_->status().healthy);
    EXPECT_NE(kill(pid, 0), 0);
    const auto again = running();
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->life, life + 1);
  }
}

TEST_F(ServerChildTest, WhatItSaysGoesIntoItsOwnLog) {
  script_ = "echo to people; echo to experts >&2; exec sleep 1000";
  options_.log_file = (folder_ / "logs" / "server.log").string();
  open();
  ASSERT_TRUE(running());
  std::string text;
  while (text.find("experts") == std::string::npos) text = *files_.read(options_.log_file, 1U << 20U);
  EXPECT_THAT(text, testing::HasSubstr("to people"));
}

TEST_F(ServerChildTest, AStartThatCannotBeMadeIsTold) {
  options_.launch = [](std::size_t) -> Result<Launch> { return Error{Code::kConflict, "Port 1 is taken.", "Move."}; };
  open();
  EXPECT_EQ(running().error().message, "Port 1 is taken.");
  options_.kept_up = true;
  options_.caller_waits = std::chrono::minutes(1);
  open();
  child_->want();
  while (child_->status().failure.empty()) std::this_thread::yield();
  EXPECT_EQ(child_->status().failure, "Port 1 is taken.");
}

}  // namespace
}  // namespace docmind::child

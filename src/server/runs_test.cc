#include "server/runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace docmind::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RunsTest : public ::testing::Test {
 protected:
  static Result<std::string> until_stopped(std::stop_token stop) {
    std::promise<void> stopped;
    const std::stop_callback call(stop, [&] { stopped.set_value(); });
    stopped.get_future().wait();
    return Error{Code::kCancelled, "stopped"};
  }
  static Runs::Work waits() {
    return [](const Runs::Say&, std::stop_token stop) { return until_stopped(std::move(stop)); };
  }
  // All events of a run that ends.
  std::vector<std::string> events_of(const std::string& id, std::uint64_t after = 0) {
    std::vector<std::string> out;
    while (true) {
      const auto some = runs_->next(id, after, Deadline::never(), {});
      if (!some || some->empty()) return out;
      for (const RunEvent& one : *some) {
        out.push_back(one.name + one.data);
        after = one.number;
      }
    }
  }
  std::string ended(const std::string& question = "q") {
    const auto run =
        runs_->start("", question, [](const Runs::Say&, std::stop_token) { return Result<std::string>("{}"); });
    events_of(run->id);
    return run->id;
  }

  ManualClock clock_;
  SeededRng rng_{5};
  std::unique_ptr<Runs> runs_ = *Runs::open({.at_once = 2, .kept = 4}, clock_, rng_);
};

TEST_F(RunsTest, SaysWhatHappensAndSaysItAgain) {
  const auto run = runs_->start("s", "Why?", [](const Runs::Say& say, std::stop_token) -> Result<std::string> {
    say("step", "1");
    say("seal", "2");
    return std::string("3");
  });
  ASSERT_TRUE(run);
  EXPECT_THAT(events_of(run->id), ElementsAre("step1", "seal2", "done3"));
  EXPECT_THAT(events_of(run->id), ElementsAre("step1", "seal2", "done3"));
  EXPECT_THAT(events_of(run->id, 2), ElementsAre("done3"));
  const auto info = runs_->find(run->id);
  EXPECT_EQ(info->state, RunState::kDone);
  EXPECT_EQ(info->question, "Why?");
  EXPECT_EQ(info->session, "s");
}

TEST_F(RunsTest, ADraftTakesThePlaceOfTheOneBefore) {
  const auto run = runs_->start("", "q", [](const Runs::Say& say, std::stop_token) -> Result<std::string> {
    say("draft", "a");
    say("draft", "ab");
    say("step", "x");
    say("draft", "abc");
    return std::string("!");
  });
  const auto told = events_of(run->id);
  ASSERT_GE(told.size(), 4U);  // Somebody may have seen "a" before it was replaced.
  EXPECT_THAT(events_of(run->id), ElementsAre("draftab", "stepx", "draftabc", "done!"));
}

TEST_F(RunsTest, AreStopped) {
  const auto run = runs_->start("s", "q", waits());
  EXPECT_THAT(runs_->running("s"), SizeIs(1));
  EXPECT_THAT(runs_->running("other"), IsEmpty());
  ASSERT_TRUE(runs_->stop(run->id));
  EXPECT_THAT(events_of(run->id), ElementsAre("stopped{}"));
  EXPECT_EQ(runs_->find(run->id)->state, RunState::kStopped);
  EXPECT_THAT(runs_->running(""), IsEmpty());
}

TEST_F(RunsTest, TellAFailure) {
  const auto run = runs_->start("", "q", [](const Runs::Say&, std::stop_token) {
    return Result<std::string>(Error{Code::kUnavailable, "no model", "Start one."});
  });
  EXPECT_THAT(events_of(run->id), ElementsAre(::testing::StartsWith("error{\"error\":{\"code\":\"unavailable\"")));
  EXPECT_EQ(runs_->find(run->id)->state, RunState::kFailed);
}

TEST_F(RunsTest, AreSoManyAtOnce) {
  const auto one = runs_->start("", "q", waits());
  const auto two = runs_->start("", "q", waits());
  const auto three = runs_->start("", "q", waits());
  ASSERT_FALSE(three);
  EXPECT_EQ(three.error().code, Code::kResourceExhausted);
  ASSERT_TRUE(runs_->stop(one->id));
  events_of(one->id);
  EXPECT_TRUE(runs_->start("", "q", waits()));
}

TEST_F(RunsTest, AreForgottenWhenTheyAreOldOrMany) {
  const std::string first = ended();
  clock_.advance(std::chrono::minutes(11));
  const std::string second = ended();
  EXPECT_EQ(runs_->find(first).error().code, Code::kNotFound);
  for (int i = 0; i < 5; ++i) ended();
  EXPECT_EQ(runs_->find(second).error().code, Code::kNotFound);
  EXPECT_EQ(runs_->next(second, 0, Deadline::never(), {}).error().code, Code::kNotFound);
  EXPECT_EQ(runs_->stop(second).error().code, Code::kNotFound);
}

TEST_F(RunsTest, WaitingForTheNextEndsWithItsTimeAndWhoWaits) {
  const auto run = runs_->start("", "q", waits());
  EXPECT_EQ(runs_->next(run->id, 0, Deadline::in(Duration::zero(), clock_), {}).error().code, Code::kDeadlineExceeded);
  std::stop_source gone;
  gone.request_stop();
  EXPECT_EQ(runs_->next(run->id, 0, Deadline::never(), gone.get_token()).error().code, Code::kCancelled);
}

TEST_F(RunsTest, WhatIsSaidAfterTheEndGoesNowhere) {
  Runs::Say kept;
  const auto run = runs_->start("", "q", [&](const Runs::Say& say, std::stop_token) -> Result<std::string> {
    kept = say;
    return std::string("{}");
  });
  events_of(run->id);
  kept("step", "late");
  EXPECT_THAT(events_of(run->id), ElementsAre("done{}"));
  runs_.reset();
  kept("step", "later still");
}

TEST_F(RunsTest, TheEndOfAllStopsThem) {
  ASSERT_TRUE(runs_->start("", "q", waits()));
  ASSERT_TRUE(runs_->start("", "q", waits()));
  runs_.reset();
}

}  // namespace
}  // namespace docmind::server

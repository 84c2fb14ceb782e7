#include "server/model_jobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <future>
#include <thread>

namespace docmind::server {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

// A job that does what it is told to, step by step.
class ModelJobsTest : public ::testing::Test {
 protected:
  // Until stopped, after having told what happens.
  JobWork until_stopped(std::function<void(const JobTold&)> tell = [](const JobTold&) {}) {
    return [this, tell = std::move(tell)](const JobTold& told, const std::stop_token& stop) -> Result<json::object> {
      std::promise<void> stopped;
      const std::stop_callback call(stop, [&] { stopped.set_value(); });
      tell(told);
      begun_.set_value();
      stopped.get_future().wait();
      return Error{Code::kCancelled, "stopped"};
    };
  }
  void begun() {
    begun_.get_future().wait();
    begun_ = {};
  }
  static JobWork gives(Result<json::object> result) {
    return [result = std::move(result)](const JobTold&, const std::stop_token&) { return result; };
  }
  json::object newest() const { return jobs_->all().at(0).as_object(); }
  std::string settled() const {
    while (newest().at("state") == "running") std::this_thread::yield();
    return std::string(newest().at("state").as_string());
  }
  std::string start(const std::string& name, JobWork work) {
    const auto job = jobs_->start("pull", {{"name", name}}, std::move(work));
    EXPECT_TRUE(job) << job.error().message;
    return job ? std::string(job->at("id").as_string()) : "";
  }

  ManualClock clock_;
  SeededRng rng_{3};
  std::promise<void> begun_;
  std::unique_ptr<ModelJobs> jobs_ = *ModelJobs::open(clock_, rng_);
};

TEST_F(ModelJobsTest, TellsHowFarHowFastAndHowLong) {
  const std::string id =
      start("x", until_stopped([this](const JobTold& told) {
              told.progress("pulling x", 400, 2000);  // What an earlier pull left counts for no speed.
              clock_.advance(std::chrono::seconds(2));
              told.progress("pulling x", 1000, 2000);
            }));
  begun();
  const json::object job = newest();
  EXPECT_EQ(job.at("state"), "running");
  EXPECT_EQ(job.at("what"), "pulling x");
  EXPECT_EQ(job.at("done"), 1000);
  EXPECT_EQ(job.at("bytes_per_second"), 300.0);
  EXPECT_NEAR(job.at("seconds_left").as_double(), 1000 / 300.0, 1e-9);
  EXPECT_TRUE(jobs_->stop(id));
  EXPECT_EQ(settled(), "stopped");
  EXPECT_TRUE(newest().at("bytes_per_second").is_null());
  EXPECT_EQ(newest().at("done"), 1000);
}

TEST_F(ModelJobsTest, ItsSpeedIsThatOfTheLastSeconds) {
  start("x", until_stopped([this](const JobTold& told) {
          for (std::uint64_t second = 0; second <= 30; ++second) {  // 100 a second, and then 10.
            told.progress("pulling x", second <= 15 ? 100 * second : 1500 + 10 * (second - 15), 9000);
            clock_.advance(std::chrono::seconds(1));
          }
        }));
  begun();
  EXPECT_LT(newest().at("bytes_per_second").as_double(), 11);
}

TEST_F(ModelJobsTest, SaysWhyAndHowLongItWaits) {
  const std::string id = start("x", until_stopped([this](const JobTold& told) {
                                 told.progress("pulling x", 1, 2);
                                 told.waits({Code::kUnavailable, "it broke"}, std::chrono::seconds(8));
                                 clock_.advance(std::chrono::seconds(3));
                               }));
  begun();
  EXPECT_EQ(newest().at("waits"), (json::object{{"why", "it broke"}, {"seconds", 5.0}}));
  EXPECT_TRUE(newest().at("seconds_left").is_null());
  clock_.advance(std::chrono::seconds(30));
  EXPECT_EQ(newest().at("waits").at("seconds"), 0.0);
}

TEST_F(ModelJobsTest, WhatComesAgainEndsTheWait) {
  start("x", until_stopped([](const JobTold& told) {
          told.waits({Code::kUnavailable, "it broke"}, std::chrono::seconds(8));
          told.progress("pulling x", 1, 2);
        }));
  begun();
  EXPECT_TRUE(newest().at("waits").is_null());
}

TEST_F(ModelJobsTest, OneAtATime) {
  const std::string id = start("x", until_stopped());
  begun();
  const auto second = jobs_->start("pull", {{"name", "y"}}, gives(json::object{}));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict);
  EXPECT_EQ(jobs_->all().size(), 1U);
  ASSERT_TRUE(jobs_->stop(id));
  settled();
  start("y", gives(json::object{{"name", "y"}}));
  EXPECT_EQ(settled(), "done");
  EXPECT_EQ(newest().at("model").at("name"), "y");
}

TEST_F(ModelJobsTest, AFailureIsKeptWithItsWords) {
  start("x", gives(Error{Code::kDataLoss, "other bytes", "Try again."}));
  EXPECT_EQ(settled(), "failed");
  EXPECT_EQ(newest().at("failure"),
            (json::object{{"code", "data_loss"}, {"message", "other bytes"}, {"hint", "Try again."}}));
}

TEST_F(ModelJobsTest, BegunAgainItTakesThePlaceOfTheOneBefore) {
  start("x", gives(Error{Code::kDataLoss, "other bytes"}));
  settled();
  start("y", gives(json::object{}));
  settled();
  start("x", gives(json::object{}));
  settled();
  const json::array all = jobs_->all();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all.at(0).at("asked").at("name"), "x");
  EXPECT_EQ(all.at(0).at("state"), "done");
  EXPECT_EQ(all.at(1).at("asked").at("name"), "y");
}

TEST_F(ModelJobsTest, OldOnesAreForgotten) {
  for (int i = 0; i < 20; ++i) {
    start(std::to_string(i), gives(json::object{}));
    settled();
  }
  EXPECT_EQ(jobs_->all().size(), 8U);
  EXPECT_EQ(newest().at("asked").at("name"), "19");
}

TEST_F(ModelJobsTest, StoppingSaysSoAndWhatHasEndedStaysAsItIs) {
  const std::string id = start("x", until_stopped());
  begun();
  EXPECT_EQ(jobs_->stop(id)->at("stopping"), true);
  EXPECT_EQ(settled(), "stopped");
  const auto again = jobs_->stop(id);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->at("state"), "stopped");
  EXPECT_EQ(again->at("stopping"), false);
  EXPECT_EQ(jobs_->stop("nobody").error().code, Code::kNotFound);
}

TEST_F(ModelJobsTest, TheEndStopsWhatGoesOn) {
  start("x", until_stopped());
  begun();
  jobs_.reset();  // Would hang.
}

}  // namespace
}  // namespace docmind::server

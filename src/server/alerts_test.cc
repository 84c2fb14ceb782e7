#include "server/alerts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/rng.h"

namespace docmind::server {
namespace {

using ::testing::HasSubstr;

class AlertsTest : public ::testing::Test {
 protected:
  // `steps` more of the same.
  void go_on(const std::map<std::string, double>& values, int steps = 1, const std::string& metrics = "") {
    for (int i = 0; i < steps; ++i) {
      clock_.advance(MetricSeries::kStep);
      series_.add(metrics, values);
      alerts_.look(checks_);
    }
  }
  Alert one(std::string_view name) const {
    const std::vector<Alert> all = alerts_.now();
    const auto found = std::ranges::find(all, name, &Alert::name);
    EXPECT_NE(found, all.end()) << name;
    return found == all.end() ? Alert{} : *found;
  }
  static std::string queries(int ok, int failed) {
    return "docmind_queries_total{query_type=\"ask\",status=\"success\"} " + std::to_string(ok) +
           "\ndocmind_queries_total{query_type=\"ask\",status=\"error\"} " + std::to_string(failed) + "\n";
  }

  ManualClock clock_;
  MetricSeries series_{clock_};
  Alerts alerts_{series_, clock_};
  std::vector<service::Check> checks_;
};

TEST_F(AlertsTest, WhatLastsFiresAndClears) {
  go_on({{"disk_used_percent", 50}});
  EXPECT_EQ(one("disk").state, AlertState::kOk);
  EXPECT_EQ(one("memory").state, AlertState::kNoData);
  go_on({{"disk_used_percent", 91}});
  EXPECT_EQ(one("disk").state, AlertState::kPending);
  go_on({{"disk_used_percent", 91}}, 2);
  const Alert fired = one("disk");
  EXPECT_EQ(fired.state, AlertState::kWarning);
  EXPECT_EQ(fired.says, "Disk of the data directory: 91 %, over the limit of 90 %.");
  EXPECT_THAT(fired.to_do, HasSubstr("Free some space"));
  EXPECT_EQ(alerts_.now().front().name, "disk");  // What is wrong comes first.
  go_on({{"disk_used_percent", 91}});
  EXPECT_EQ(one("disk").since_ms, fired.since_ms);
  go_on({{"disk_used_percent", 98}});
  EXPECT_EQ(one("disk").state, AlertState::kCritical);
  go_on({{"disk_used_percent", 60}});
  EXPECT_EQ(one("disk").state, AlertState::kOk);
  EXPECT_GT(one("disk").since_ms, fired.since_ms);
  go_on({{"disk_used_percent", 91}});
  EXPECT_EQ(one("disk").state, AlertState::kPending);  // It begins anew.
}

TEST_F(AlertsTest, ADiskThatFillsIsToldBeforeItIsFull) {
  for (int i = 0; i < 12; ++i) go_on({{"disk_used_percent", 20.0 + i}});
  const Alert disk = one("disk");
  EXPECT_EQ(disk.state, AlertState::kOk);  // It never turns red by itself.
  ASSERT_TRUE(disk.expected);
  EXPECT_NEAR(disk.expected->seconds, (100 - 31) * 5, 1);
  EXPECT_THAT(disk.says, HasSubstr("Full in about 6 min"));
  go_on({{"disk_used_percent", 5}}, 8);
  EXPECT_FALSE(one("disk").expected);
  EXPECT_EQ(one("disk").says, "");
}

TEST_F(AlertsTest, ASearchThatGetsSlowerIsToldBeforeItIsTooSlow) {
  const auto searched = [](int quick, int slow) {
    return "docmind_query_duration_seconds_bucket{query_type=\"search\",le=\"0.1\"} " + std::to_string(quick) +
           "\ndocmind_query_duration_seconds_bucket{query_type=\"search\",le=\"0.2\"} " + std::to_string(quick + slow) +
           "\ndocmind_query_duration_seconds_bucket{query_type=\"search\",le=\"+Inf\"} " +
           std::to_string(quick + slow) + "\n";
  };
  int quick = 0;
  int slow = 0;
  for (int i = 0; i < 80; ++i) {
    quick += 100 - i;
    slow += 20 + i;
    go_on({}, 1, searched(quick, slow));
    if (i < 60) {
      ASSERT_FALSE(one("search").expected) << i;  // That may be chance yet.
    }
  }
  ASSERT_TRUE(one("search").expected);
  EXPECT_THAT(one("search").says, HasSubstr("Over 200 ms in about"));
  EXPECT_TRUE(one("search").raised());
}

TEST_F(AlertsTest, NoiseOfADayIsNoTrend) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    SeededRng rng(seed);
    for (int step = 0; step < 24 * 720; ++step) {
      go_on({{"memory_used_percent", 67 + static_cast<double>(rng.next() % 1601) / 100}});  // 75 +- 8.
      ASSERT_FALSE(one("memory").expected) << "seed " << seed << ", step " << step;
    }
  }
}

TEST_F(AlertsTest, MemoryThatLeaksIsToldMinutesBefore) {
  SeededRng rng(1);
  int told = 0;
  for (int step = 0; step < 720 && told == 0; ++step) {  // From 60 to 97 % in an hour.
    go_on({{"memory_used_percent", 60 + 37.0 * step / 720 + static_cast<double>(rng.next() % 201) / 100 - 1}});
    if (one("memory").expected) told = step;
  }
  ASSERT_GT(told, 60);
  EXPECT_LT(told, 240);  // In 20 of the 60 minutes.
  EXPECT_NEAR(one("memory").expected->seconds / ((720 - told) * 5), 1, 0.15);
}

TEST_F(AlertsTest, ADayThatRepeatsIsNoTrendAndOneThatRisesIs) {
  constexpr int kDay = 24 * 60;  // Minutes.
  const auto load = [](int minute) { return 50 + 20 * std::sin(2 * std::numbers::pi * minute / kDay); };
  const auto go_on_for_a_minute = [&](double used) {
    clock_.advance(std::chrono::minutes(1) - MetricSeries::kStep);
    go_on({{"memory_used_percent", used}});
  };
  for (int minute = 0; minute < 3 * kDay; ++minute) {
    go_on_for_a_minute(load(minute));
    if (minute > 2 * kDay) {
      ASSERT_FALSE(one("memory").expected) << minute;  // Also on every morning.
    }
  }
  for (int minute = 0; minute < 2 * kDay; ++minute) go_on_for_a_minute(load(minute) + 20.0 * minute / kDay);
  ASSERT_TRUE(one("memory").expected);
  EXPECT_THAT(one("memory").says, HasSubstr("Over 97 % in about"));
}

TEST_F(AlertsTest, QuestionsThatFailButNotThoseThatWereWrong) {
  go_on({}, 1, queries(0, 0));
  go_on({}, 1, queries(10, 10));
  EXPECT_EQ(one("errors").state, AlertState::kWarning);
  EXPECT_THAT(one("errors").says, HasSubstr("50 %"));
  go_on({}, 60, queries(10, 10));  // Five minutes later.
  EXPECT_EQ(one("errors").state, AlertState::kNoData);
  go_on({}, 1, queries(40, 10) + "docmind_queries_total{query_type=\"ask\",status=\"withdrawn\"} 90\n");
  EXPECT_EQ(one("errors").state, AlertState::kOk);
}

TEST_F(AlertsTest, AFewQuestionsSayNothing) {
  go_on({}, 1, queries(0, 0));
  go_on({}, 1, queries(0, 3));
  EXPECT_EQ(one("errors").state, AlertState::kNoData);
}

TEST_F(AlertsTest, NewQuestionsAreSeenAndRaisedForNobody) {
  const auto asked = [](int hits, int misses) {
    return "docmind_cache_hits_total{cache_type=\"exact\"} " + std::to_string(hits) +
           "\ndocmind_cache_not_given_total{reason=\"new\"} " + std::to_string(misses) + "\n";
  };
  go_on({}, 1, asked(0, 0));
  go_on({}, 30, asked(10, 30));
  EXPECT_EQ(one("cache_hits").state, AlertState::kWarning);
  EXPECT_NEAR(one("cache_hits").value.value_or(0), 25, 1e-6);
  EXPECT_FALSE(one("cache_hits").raised());
  go_on({{"disk_used_percent", 99}}, 4);
  EXPECT_TRUE(one("disk").raised());
}

TEST_F(AlertsTest, ACardThatIsFull) {
  go_on({});
  EXPECT_EQ(one("gpu_memory").state, AlertState::kNotHere);
  alerts_.know_cards(1);
  go_on({});
  EXPECT_EQ(one("gpu_memory").state, AlertState::kNoData);
  go_on({{"gpu_memory_used_percent", 96.8}}, 13);
  EXPECT_EQ(one("gpu_memory").state, AlertState::kOk);
  go_on({{"gpu_memory_used_percent", 96.9}}, 13);  // Over 15.5 of 16 GB, for a minute.
  EXPECT_EQ(one("gpu_memory").state, AlertState::kWarning);
  EXPECT_THAT(one("gpu_memory").to_do, HasSubstr("smaller context"));
  EXPECT_FALSE(one("gpu_memory").expected);
}

TEST_F(AlertsTest, AMachineThatIsSlowed) {
  go_on({});
  EXPECT_EQ(one("slowed").state, AlertState::kOk);
  alerts_.know_slowed("The machine runs on its battery.");
  go_on({});
  EXPECT_TRUE(one("slowed").raised());
  EXPECT_EQ(one("slowed").says, "The machine runs on its battery.");
  alerts_.know_slowed("");
  go_on({});
  EXPECT_EQ(one("slowed").state, AlertState::kOk);
  EXPECT_FALSE(one("slowed").raised());
}

TEST_F(AlertsTest, WhatHealthSaysAndForgetsAgain) {
  checks_ = {{"library", service::CheckStatus::kOk, ""},
             {"backend vllm", service::CheckStatus::kDegraded, "it does not answer"}};
  go_on({});
  EXPECT_EQ(one("check backend vllm").state, AlertState::kWarning);
  EXPECT_EQ(one("check backend vllm").says, "it does not answer");
  EXPECT_EQ(one("check library").state, AlertState::kOk);
  checks_ = {{"library", service::CheckStatus::kFailed, "broken"}};
  go_on({});
  EXPECT_EQ(one("check library").state, AlertState::kCritical);
  EXPECT_TRUE(std::ranges::none_of(alerts_.now(), [](const Alert& a) { return a.name == "check backend vllm"; }));
}

// As slow and as busy as it may be: searches of 0.1 to 0.19 s, one question of forty fails, hardly any is asked again.
TEST_F(AlertsTest, AMachineWithAProcessorAloneStaysQuietAtWork) {
  alerts_.know_cards(0);
  checks_ = {{"library", service::CheckStatus::kOk, ""}, {"backend llamacpp", service::CheckStatus::kOk, "in use"}};
  SeededRng rng(7);
  const auto about = [&rng](double value, double noise) {
    return value + noise * (static_cast<double>(rng.next() % 1000) / 500 - 1);
  };
  for (int step = 1; step <= 3 * 720; ++step) {
    const std::string n = std::to_string(step);
    const std::string page = queries(40 * step, step) +
                             "docmind_query_duration_seconds_bucket{query_type=\"search\",le=\"0.1\"} 0\n" +
                             "docmind_query_duration_seconds_bucket{query_type=\"search\",le=\"0.19\"} " + n +
                             "\ndocmind_query_duration_seconds_bucket{query_type=\"search\",le=\"+Inf\"} " + n +
                             "\ndocmind_coordination_seconds_bucket{le=\"0.1\"} " + n +
                             "\ndocmind_coordination_seconds_bucket{le=\"+Inf\"} " + n +
                             "\ndocmind_cache_hits_total{cache_type=\"exact\"} " + n +
                             "\ndocmind_cache_not_given_total{reason=\"absent\"} " + std::to_string(40 * step) + "\n";
    go_on({{"memory_used_percent", about(75, 2)}, {"disk_used_percent", about(60, 0.01)}}, 1, page);
    for (const Alert& alert : alerts_.now()) {
      ASSERT_FALSE(alert.raised()) << "step " << step << ", " << alert.name << ": " << alert.says;
    }
  }
  EXPECT_EQ(one("search").state, AlertState::kOk);
  EXPECT_EQ(one("cache_hits").state, AlertState::kWarning);  // Told to who looks.
}

TEST_F(AlertsTest, AMachineWithoutACardNeverAlarmsForOne) {
  go_on({});
  EXPECT_EQ(one("decode").state, AlertState::kNotHere);
  alerts_.know_cards(1);
  go_on({});
  EXPECT_EQ(one("decode").state, AlertState::kNoData);
}

}  // namespace
}  // namespace docmind::server

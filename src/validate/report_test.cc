#include "validate/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <limits>
#include <set>

namespace docmind::validate {
namespace {

using ::testing::HasSubstr;

Check of(const Report& report, std::string_view id) {
  for (const Check& check : report.checks) {
    if (check.requirement->id == id) return check;
  }
  ADD_FAILURE() << id;
  return {};
}

Status status_of(std::string_view id, double figure) {
  Measurements measured;
  measured.figure(id, figure);
  return of(judge(measured), id).status;
}

TEST(Requirements, TheSevenNamesOfTheSpecificationComeFirstAndNoIdTwice) {
  std::vector<std::string> first;
  std::set<std::string_view> ids;
  for (const Requirement& one : requirements()) {
    if (first.size() < 7) first.emplace_back(one.id);
    EXPECT_TRUE(ids.insert(one.id).second) << one.id;
    EXPECT_FALSE(one.remedy.empty()) << one.id;
    EXPECT_FALSE(target_of(one).empty()) << one.id;
  }
  EXPECT_EQ(first,
            (std::vector<std::string>{"vllm_model_fp8", "context_128k", "fp8_quantization", "flashinfer_backend",
                                      "gpu_utilization_optimal", "performance_targets_set", "multi_agent_optimized"}));
}

TEST(Judge, EachBoundOnBothSides) {
  EXPECT_EQ(status_of("search_mean", 99.9), Status::kPass);
  EXPECT_EQ(status_of("search_mean", 100), Status::kFail);
  EXPECT_EQ(status_of("queries_succeed", 99), Status::kFail);
  EXPECT_EQ(status_of("queries_succeed", 99.1), Status::kPass);
  EXPECT_EQ(status_of("decode_throughput", 100), Status::kPass);
  EXPECT_EQ(status_of("decode_throughput", 99.9), Status::kFail);
  EXPECT_EQ(status_of("gpu_utilization_optimal", 0.80), Status::kPass);
  EXPECT_EQ(status_of("gpu_utilization_optimal", 0.95), Status::kPass);
  EXPECT_EQ(status_of("gpu_utilization_optimal", 0.79), Status::kFail);
  EXPECT_EQ(status_of("gpu_utilization_optimal", 0.96), Status::kFail);
  EXPECT_EQ(status_of("database_wal", 1), Status::kPass);
  EXPECT_EQ(status_of("database_wal", 0), Status::kFail);
  EXPECT_EQ(status_of("search_mean", -std::numeric_limits<double>::infinity()), Status::kFail);
  EXPECT_EQ(status_of("search_mean", std::numeric_limits<double>::quiet_NaN()), Status::kFail);
}

TEST(Judge, WhatWasNotMeasuredFails) {
  const Report report = judge({});
  EXPECT_EQ(report.checks.size(), requirements().size());
  EXPECT_EQ(report.total, requirements().size());
  EXPECT_EQ(report.passed, 0U);
  EXPECT_EQ(report.rate(), 0);
  EXPECT_FALSE(report.ready());
  EXPECT_EQ(of(report, "handoff").status, Status::kFail);
}

TEST(Judge, WhatThisMachineCannotShowIsNotCounted) {
  Measurements measured;
  for (const Requirement& one : requirements()) {
    if (one.id == "decode_throughput") {
      measured.not_here(one.id, "needs a card");
    } else {
      measured.figure(one.id, one.bound == Bound::kBelow ? one.high / 2 : one.low + 1.0 / 16);
    }
  }
  Report report = judge(measured);
  // What holds or not got 1/16: it holds.
  EXPECT_EQ(report.total, requirements().size() - 1);
  EXPECT_EQ(report.passed, report.total);
  EXPECT_EQ(report.not_here, 1U);
  EXPECT_EQ(report.rate(), 1);
  EXPECT_TRUE(report.ready());
  EXPECT_EQ(of(report, "decode_throughput").status, Status::kNotOnThisMachine);
  EXPECT_EQ(of(report, "decode_throughput").measured, "needs a card");
}

TEST(Judge, NothingThatCanBeShownIsNotReady) {
  Measurements measured;
  for (const Requirement& one : requirements()) measured.not_here(one.id, "no");
  const Report report = judge(measured);
  EXPECT_EQ(report.total, 0U);
  EXPECT_EQ(report.rate(), 0);
  EXPECT_FALSE(report.ready());
}

TEST(ReportText, TellsWhatToDoForWhatFailed) {
  Measurements measured;
  measured.figure("search_mean", 123.4, "50 searches");
  measured.failed("handoff", {Code::kUnavailable, "nobody answers", "start it"});
  const std::string text = text_of(judge(measured));
  EXPECT_THAT(text, HasSubstr("123 ms (50 searches)\n       -> run it again"));
  EXPECT_THAT(text, HasSubstr("nobody answers; start it"));
  EXPECT_THAT(text, HasSubstr("Not ready for production"));
}

TEST(ReportJson, HasTheKeysOfTheSpecification) {
  Measurements measured;
  measured.figure("search_mean", 12.34);
  const boost::json::object out = json_of(judge(measured));
  EXPECT_EQ(out.at("total_validations").to_number<std::size_t>(), requirements().size());
  EXPECT_EQ(out.at("passed_validations").to_number<int>(), 1);
  EXPECT_FALSE(out.at("production_ready").as_bool());
  EXPECT_GT(out.at("validation_rate").as_double(), 0);
  for (const boost::json::value& check : out.at("checks").as_array()) {
    if (check.at("id").as_string() != "search_mean") continue;
    EXPECT_EQ(check.as_object(), (boost::json::object{{"id", "search_mean"},
                                                      {"name", "Search, mean"},
                                                      {"target", "< 100 ms"},
                                                      {"measured", "12.3 ms"},
                                                      {"status", "pass"}}));
  }
}

}  // namespace
}  // namespace docmind::validate

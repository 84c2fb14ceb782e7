#include "speed/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <limits>
#include <set>

#include "speed/report.h"

namespace docmind::speed {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr double kFifth = .2;
using Kept = Run;  // testing::Test has a Run of its own.
const std::vector<std::string> kSearch = {"search"};

// A run with one figure: its median, and a round that was better or worse by a hundredth.
Kept kept(std::string_view id, double median, std::string machine = "here") {
  Run out{"2026-01-31T12:00:00Z", "0.1.0", std::move(machine), "embedder"};
  out.figures.emplace(id, Sampled{median, .99 * median, 1.01 * median});
  return out;
}

Compared beside(const Run& now, const std::vector<Run>& earlier) { return compare(now, earlier, kFifth).at(0); }

TEST(Figures, EachIdOnceAndEachOfAPartThatCanBeAskedFor) {
  std::set<std::string_view> ids;
  std::vector<std::string_view> order;
  for (const Figure& one : figures()) {
    EXPECT_TRUE(ids.insert(one.id).second) << one.id;
    EXPECT_TRUE(one.id.starts_with(one.part)) << one.id;
    EXPECT_EQ(figure(one.id), &one);
    if (order.empty() || order.back() != one.part) order.push_back(one.part);
  }
  EXPECT_EQ(order, std::vector<std::string_view>(parts().begin(), parts().end()));
  EXPECT_EQ(figure("none"), nullptr);
}

TEST(Samples, TheMedianOfTheRoundsAndTheirEnds) {
  Samples samples;
  for (const double value : {3.0, 1.0, 9.0}) samples.add("search.time", value);
  for (const double value : {4.0, 2.0}) samples.add("db.read", value);
  const auto odd = samples.sampled("search.time");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->median, 3);
  EXPECT_EQ(odd->low, 1);
  EXPECT_EQ(odd->high, 9);
  EXPECT_EQ(samples.sampled("db.read")->median, 3);
  EXPECT_EQ(samples.rounds("search.time"), 3U);
  EXPECT_FALSE(samples.sampled("cache.exact"));
  EXPECT_FALSE(samples.failed());
}

TEST(Samples, ARoundThatFailedIsNoFigureHoweverTheOthersWere) {
  Samples samples;
  samples.add("search.time", 3);
  samples.fail("search.time", {Code::kUnavailable, "the server is gone", "Start it."});
  samples.fail("search.time", {Code::kUnavailable, "another"});
  samples.add("db.read", std::numeric_limits<double>::quiet_NaN());
  EXPECT_FALSE(samples.sampled("search.time"));
  EXPECT_EQ(*samples.failure("search.time"), "the server is gone; Start it.");
  EXPECT_NE(samples.failure("db.read"), nullptr);
  EXPECT_TRUE(samples.failed());
  EXPECT_TRUE(run_of(samples, "at", "v", "m", "m").figures.empty());
}

TEST(Compare, WorseIsTheWayTheFigureSaysAndBeyondTheTolerance) {
  EXPECT_TRUE(beside(kept("search.time", 13), {kept("search.time", 10)}).worse);
  EXPECT_FALSE(beside(kept("search.time", 11.9), {kept("search.time", 10)}).worse);
  EXPECT_FALSE(beside(kept("search.time", 5), {kept("search.time", 10)}).worse);
  EXPECT_TRUE(beside(kept("embed.texts", 80), {kept("embed.texts", 100)}).worse);
  EXPECT_FALSE(beside(kept("embed.texts", 84), {kept("embed.texts", 100)}).worse);
  EXPECT_FALSE(beside(kept("embed.texts", 200), {kept("embed.texts", 100)}).worse);
  EXPECT_NEAR(beside(kept("search.time", 13), {kept("search.time", 10)}).change(), .3, 1e-9);
}

TEST(Compare, ANoisyRunWhoseBestRoundIsAsBeforeIsNotWorse) {
  Kept noisy = kept("search.time", 15);
  noisy.figures.at("search.time").low = 10.5;
  EXPECT_FALSE(beside(noisy, {kept("search.time", 10)}).worse);
  noisy.figures.at("search.time").low = 11.5;
  EXPECT_TRUE(beside(noisy, {kept("search.time", 10)}).worse);
  Kept slow = kept("embed.texts", 70);
  slow.figures.at("embed.texts").high = 95;
  EXPECT_FALSE(beside(slow, {kept("embed.texts", 100)}).worse);
}

TEST(Compare, BesideTheNewestRunsOfTheSameMachineAndModels) {
  std::vector<Kept> earlier;
  earlier.push_back(kept("search.time", 1000));  // Beyond the newest five.
  for (const double median : {9.0, 10.0, 11.0, 10.0, 200.0}) earlier.push_back(kept("search.time", median));
  earlier.push_back(kept("search.time", 1, "elsewhere"));
  Kept other = kept("search.time", 1);
  other.models = "another embedder";
  earlier.push_back(other);
  const Compared one = beside(kept("search.time", 10), earlier);
  EXPECT_EQ(one.runs, kRunsBefore);
  EXPECT_EQ(one.before, 10);
  EXPECT_FALSE(one.worse);
  EXPECT_FALSE(beside(kept("db.read", 10), earlier).before);
}

TEST(SpeedReport, SaysWhatIsMissingAndWhyOfThePartsAskedFor) {
  Samples samples;
  samples.add("search.time", 10);
  samples.not_here("rerank.pairs", "no reranker is set");
  samples.fail("cache.exact", {Code::kNotFound, "nothing was kept"});
  const std::vector<std::string> asked = {"search", "rerank", "cache"};
  const Report told = report(samples, run_of(samples, "at", "v", "here", "embedder"), asked, {}, kFifth);
  EXPECT_TRUE(told.failed());  // cache.reworded: nothing was said of it at all.
  EXPECT_FALSE(told.worse());
  std::vector<std::pair<std::string, std::string>> all;
  const boost::json::object object = json_of(told);
  for (const auto& one : object.at("figures").as_array()) {
    all.emplace_back(one.at("id").as_string(), one.at("status").as_string());
  }
  EXPECT_THAT(all, ElementsAre(std::pair("search.time", "first"), std::pair("rerank.pairs", "not_on_this_machine"),
                               std::pair("cache.exact", "failed"), std::pair("cache.reworded", "failed")));
  EXPECT_THAT(text_of(told), HasSubstr("no reranker is set"));
  EXPECT_THAT(text_of(told), HasSubstr("first run"));
}

TEST(SpeedReport, AFigureThatIsWorseIsMarked) {
  Samples samples;
  samples.add("search.time", 13);
  const std::vector<Kept> earlier = {kept("search.time", 10)};
  const Report told = report(samples, run_of(samples, "at", "v", "here", "embedder"), kSearch, earlier, kFifth);
  EXPECT_TRUE(told.worse());
  EXPECT_FALSE(told.failed());
  EXPECT_THAT(text_of(told), HasSubstr("+30 % beside 10.0 of 1 run  WORSE"));
  EXPECT_TRUE(json_of(told).at("worse").as_bool());
}

}  // namespace
}  // namespace docmind::speed

#include "server/targets.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "obs/metrics.h"

namespace docmind::server {
namespace {

Target one(const std::vector<Target>& all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &Target::name);
  EXPECT_NE(found, all.end()) << name;
  return found == all.end() ? Target{} : *found;
}

TEST(Targets, NothingMeasuredIsNeitherMetNorMissed) {
  for (const Target& target : targets({})) {
    EXPECT_FALSE(target.measured) << target.name;
    EXPECT_TRUE(target.state == TargetState::kNotMeasured || target.state == TargetState::kNotOnThisMachine)
        << target.name;
    EXPECT_FALSE(target.from.empty());
  }
  EXPECT_EQ(one(targets({}), "Decode").state, TargetState::kNotOnThisMachine);
  EXPECT_EQ(one(targets({.cards = 1}), "Decode").state, TargetState::kNotMeasured);
}

TEST(Targets, TimesAreMeansAndTheSlowestBucket) {
  obs::Metrics metrics;
  auto& search =
      metrics.histogram("docmind_query_duration_seconds", "", {{"query_type", "search"}}, {0.05, 0.1, 0.2, 0.5});
  metrics.histogram("docmind_query_duration_seconds", "", {{"query_type", "ask"}}, {0.05, 0.1, 0.2, 0.5}).observe(9);
  search.observe(0.02);
  search.observe(0.15);
  std::string page = metrics.text();
  std::vector<Target> all = targets({.metrics = page});
  EXPECT_NEAR(*one(all, "Search, mean").measured, 85, 1e-6);
  EXPECT_EQ(one(all, "Search, mean").state, TargetState::kMet);
  EXPECT_EQ(one(all, "Search, mean").from, "since the start, 2 searches");
  EXPECT_NEAR(*one(all, "Search, slowest").measured, 200, 1e-6);
  EXPECT_EQ(one(all, "Search, slowest").state, TargetState::kMet);
  EXPECT_EQ(one(all, "Handoff between agents").state, TargetState::kNotMeasured);

  search.observe(0.3);
  page = metrics.text();
  all = targets({.metrics = page});
  EXPECT_EQ(one(all, "Search, mean").state, TargetState::kNotMet);
  EXPECT_EQ(one(all, "Search, slowest").state, TargetState::kNotMet);
  search.observe(7);  // In no bucket: infinitely slow, for all that is known.
  page = metrics.text();
  EXPECT_EQ(one(targets({.metrics = page}), "Search, slowest").state, TargetState::kNotMet);
}

TEST(Targets, SharesAndMemory) {
  const std::string page =
      "docmind_agent_queries_total{status=\"answered\"} 90\ndocmind_agent_queries_total{status=\"abstained\"} 6\n"
      "docmind_agent_queries_total{status=\"withdrawn\"} 50\ndocmind_agent_queries_total{status=\"failed\"} 4\n"
      "docmind_cache_hits_total{cache_type=\"exact\"} 4\ndocmind_cache_not_given_total{reason=\"new\"} 6\n";
  const std::vector<Target> all = targets({.metrics = page, .resident = 3.0 * (1U << 30U)});
  EXPECT_NEAR(*one(all, "Questions that end in an answer").measured, 96, 1e-9);
  EXPECT_EQ(one(all, "Questions that end in an answer").state, TargetState::kMet);
  EXPECT_NEAR(*one(all, "Answers given again").measured, 40, 1e-9);
  EXPECT_EQ(one(all, "Answers given again").state, TargetState::kNotMet);
  EXPECT_EQ(one(all, "Prompt tokens not computed").state, TargetState::kNotMeasured);
  EXPECT_EQ(one(all, "Memory without models").state, TargetState::kMet);
  EXPECT_EQ(one(targets({.resident = 5.0 * (1U << 30U)}), "Memory without models").state, TargetState::kNotMet);
}

}  // namespace
}  // namespace docmind::server

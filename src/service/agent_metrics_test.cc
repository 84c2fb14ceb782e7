#include "service/agent_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace docmind::service {
namespace {

using testing::HasSubstr;
using testing::Not;

agents::Answer answer_with(agents::AnswerStatus status, std::uint32_t parts, double coordination) {
  agents::Answer answer;
  answer.status = status;
  answer.parts = parts;
  answer.coordination_seconds = coordination;
  answer.agents = {{"query_router", 0.1, "ok"}, {"result_synthesizer", 0.2, "failed"}};
  return answer;
}

TEST(AgentTotals, SayNothingOfWhatHasNotHappened) {
  obs::Metrics metrics;
  const AgentTotals totals = AgentMetrics(metrics).totals();
  EXPECT_EQ(totals.queries, 0U);
  EXPECT_FALSE(totals.success_rate);
  EXPECT_FALSE(totals.token_reduction);
  EXPECT_FALSE(totals.coordination_ms);
  ASSERT_EQ(totals.agents.size(), 5U);
  EXPECT_EQ(totals.agents.front().agent, "query_router");
  EXPECT_THAT(totals.agents.front().output, HasSubstr("\"route\""));
  EXPECT_THAT(metrics.text(), Not(HasSubstr("docmind_token_reduction_ratio")));
}

TEST(AgentTotals, AreThoseOfPrometheus) {
  obs::Metrics metrics;
  AgentMetrics agents(metrics);
  agents.count(answer_with(agents::AnswerStatus::kAnswered, 1, 0.001));
  agents.count(answer_with(agents::AnswerStatus::kPartial, 2, 0.003));
  agents.count(answer_with(agents::AnswerStatus::kAbstained, 3, 0.002));
  agents.count(Error{Code::kInternal, "It broke."});
  agents.count(Error{Code::kCancelled, "Stopped."});
  agents.count(Error{Code::kInvalidArgument, "The question is empty."});
  const AgentTotals totals = agents.totals();
  EXPECT_EQ(totals.queries, 6U);
  EXPECT_EQ(totals.parallel_executions, 2U);
  EXPECT_DOUBLE_EQ(*totals.success_rate, 0.75) << "nobody failed whom it was taken from";
  EXPECT_DOUBLE_EQ(*totals.coordination_ms, 2);
  EXPECT_EQ(totals.agents[0].ok, 3U);
  EXPECT_EQ(totals.agents[3].failed, 3U);
  EXPECT_EQ(totals.agents[4].ok, 0U);
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("docmind_agent_runs_total{agent=\"query_router\",status=\"ok\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("docmind_agent_queries_total{status=\"failed\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("docmind_agent_queries_total{status=\"withdrawn\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("docmind_parallel_executions_total 2\n"));
  EXPECT_THAT(text, HasSubstr("docmind_coordination_seconds_count 3\n"));
}

TEST(AgentTotals, ReductionIsOverAllPromptsTogether) {
  obs::Metrics metrics;
  AgentMetrics agents(metrics);
  agents::Answer answer = answer_with(agents::AnswerStatus::kAnswered, 1, 0);
  answer.tokens = {.prompt = 100, .computed = 100};
  agents.count(answer);
  EXPECT_DOUBLE_EQ(*agents.totals().token_reduction, 0);
  answer.tokens = {.prompt = 900, .computed = 150};
  agents.count(answer);
  agents.count(answer_with(agents::AnswerStatus::kAnswered, 1, 0));
  EXPECT_DOUBLE_EQ(*agents.totals().token_reduction, 0.75);
  EXPECT_THAT(metrics.text(), HasSubstr("docmind_token_reduction_ratio 0.75\n"));
  answer.tokens = {.prompt = 10, .computed = 1'000'000};
  agents.count(answer);
  EXPECT_GE(*agents.totals().token_reduction, 0) << "a backend that counts wrongly";
}

}  // namespace
}  // namespace docmind::service

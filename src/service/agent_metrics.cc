#include "service/agent_metrics.h"

#include <algorithm>

#include "agents/question_graph.h"

namespace docmind::service {
namespace {

// From 10 microseconds to a second: they are meant to be nothing beside the work.
std::vector<double> small_buckets() { return {1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1}; }

std::uint64_t whole(const obs::Counter& counter) { return static_cast<std::uint64_t>(counter.value()); }

}  // namespace

AgentMetrics::AgentMetrics(obs::Metrics& metrics)
    : metrics_(metrics),
      coordination_(metrics.histogram("docmind_coordination_seconds", "Time of an answer in which no agent worked.", {},
                                      small_buckets())),
      handoff_(metrics.histogram("docmind_handoff_seconds", "From one agent's end to the next one's start, on average.",
                                 {}, small_buckets())),
      parallel_(metrics.counter("docmind_parallel_executions_total", "Answers with parts searched at the same time.")),
      prompt_(
          metrics.counter("docmind_answer_prompt_tokens_total", "Tokens of the prompts that answers were made from.")),
      computed_(
          metrics.counter("docmind_answer_computed_tokens_total", "Of these, the ones that had to be computed.")) {
  constexpr std::array<const char*, kEndings> kNames = {"answered", "partial", "abstained", "withdrawn", "failed"};
  for (std::size_t i = 0; i < kEndings; ++i) {
    endings_.at(i) = &metrics.counter("docmind_agent_queries_total",
                                      "Questions that the agents had, by how they ended.", {{"status", kNames.at(i)}});
  }
}

obs::Counter& AgentMetrics::runs(const std::string& agent, const std::string& status) const {
  return metrics_.counter("docmind_agent_runs_total", "Runs of the agents, by how they ended.",
                          {{"agent", agent}, {"status", status}});
}

void AgentMetrics::count(const Result<agents::Answer>& answer) {
  if (!answer) {
    const Code code = answer.error().code;
    endings_.at(code == Code::kCancelled || code == Code::kInvalidArgument ? kWithdrawn : kFailed)->add();
    return;
  }
  switch (answer->status) {
    case agents::AnswerStatus::kAnswered:
      endings_.at(kAnswered)->add();
      break;
    case agents::AnswerStatus::kPartial:
      endings_.at(kPartial)->add();
      break;
    case agents::AnswerStatus::kAbstained:
      endings_.at(kAbstained)->add();
      break;
  }
  for (const agents::AgentRun& run : answer->agents) runs(run.name, run.status).add();
  coordination_.observe(answer->coordination_seconds);
  {
    const MutexLock lock(mutex_);
    coordination_seconds_ += answer->coordination_seconds;
    ++coordinated_;
  }
  if (answer->agents.size() > 1) {
    handoff_.observe(answer->coordination_seconds / static_cast<double>(answer->agents.size() - 1));
  }
  if (answer->parts > 1) parallel_.add();
  count_tokens(answer->tokens);
}

void AgentMetrics::count_tokens(const agents::TokenCounts& tokens) {
  if (tokens.prompt == 0) return;
  prompt_.add(static_cast<double>(tokens.prompt));
  computed_.add(static_cast<double>(std::min(tokens.computed, tokens.prompt)));
  // Not there before the first prompt: none that is reduced is no 0.
  metrics_.gauge("docmind_token_reduction_ratio", "Of all prompts that answers were made from: the share not computed.")
      .set(1 - computed_.value() / prompt_.value());
}

std::uint64_t AgentMetrics::ended(Ending ending) const { return whole(*endings_.at(ending)); }

AgentTotals AgentMetrics::totals() const {
  AgentTotals out;
  const std::uint64_t good = ended(kAnswered) + ended(kPartial) + ended(kAbstained);
  const std::uint64_t failed = ended(kFailed);
  out.queries = good + failed + ended(kWithdrawn);
  out.parallel_executions = whole(parallel_);
  if (good + failed > 0) out.success_rate = static_cast<double>(good) / static_cast<double>(good + failed);
  // Read before what it is a part of, so that it is never more.
  const double computed = computed_.value();
  if (const double prompt = prompt_.value(); prompt > 0) out.token_reduction = 1 - computed / prompt;
  {
    const MutexLock lock(mutex_);
    if (coordinated_ > 0) out.coordination_ms = coordination_seconds_ / static_cast<double>(coordinated_) * 1000;
  }
  for (const agents::AgentSchema& schema : schemas_) {
    const std::string agent(schema.agent);
    out.agents.push_back({.agent = agent,
                          .ok = whole(runs(agent, "ok")),
                          .failed = whole(runs(agent, "failed")),
                          .skipped = whole(runs(agent, "skipped")),
                          .input = schema.input,
                          .output = schema.output});
  }
  return out;
}

}  // namespace docmind::service

#include "service/agent_metrics.h"

namespace docmind::service {
namespace {

// From 10 microseconds to a second: they are meant to be nothing beside the work.
std::vector<double> small_buckets() { return {1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1}; }

}  // namespace

AgentMetrics::AgentMetrics(obs::Metrics& metrics)
    : metrics_(metrics),
      coordination_(metrics.histogram("docmind_coordination_seconds", "Time of an answer in which no agent worked.", {},
                                      small_buckets())),
      handoff_(metrics.histogram("docmind_handoff_seconds", "From one agent's end to the next one's start, on average.",
                                 {}, small_buckets())),
      parallel_(metrics.counter("docmind_parallel_executions_total", "Answers with parts searched at the same time.")) {
}

void AgentMetrics::count(const agents::Answer& answer) {
  for (const agents::AgentRun& run : answer.agents) {
    metrics_
        .counter("docmind_agent_runs_total", "Runs of the agents, by how they ended.",
                 {{"agent", run.name}, {"status", run.status}})
        .add();
  }
  coordination_.observe(answer.coordination_seconds);
  if (answer.agents.size() > 1) {
    handoff_.observe(answer.coordination_seconds / static_cast<double>(answer.agents.size() - 1));
  }
  if (answer.parts > 1) parallel_.add();
}

}  // namespace docmind::service

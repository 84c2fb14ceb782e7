// What the agents did, as Prometheus' counters and as totals since the start, from the same counters: questions and how
// they ended, runs by agent and how they ended, what coordinating them took beyond their own work, answers whose parts
// were searched at the same time, and how much of the chat model's prompts did not have to be computed.
//
// Thread safety: any method from any thread.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agents/agent_schemas.h"
#include "agents/answer.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "obs/metrics.h"

namespace docmind::service {

struct AgentRuns {
  std::string agent;
  std::uint64_t ok = 0;
  std::uint64_t failed = 0;  // Replaced by the least that keeps the answer true.
  std::uint64_t skipped = 0;
  std::string input{};   // JSON Schema of what it takes,
  std::string output{};  // and of what it hands on.
};

// Absent: there was nothing yet to take it from.
struct AgentTotals {
  std::uint64_t queries = 0;              // Questions, however they ended.
  std::uint64_t parallel_executions = 0;  // Answers with parts searched at the same time.
  std::optional<double> token_reduction;  // Of all prompts of answers: the share of tokens not computed, 0 to 1.
  std::optional<double> coordination_ms;  // Of an answer, on average: the time in which no agent worked.
  std::optional<double> success_rate;     // Answers and abstentions, of them and failures, 0 to 1.
  std::vector<AgentRuns> agents{};        // Each agent, in the order they work.
};

class AgentMetrics {
 public:
  explicit AgentMetrics(obs::Metrics& metrics);  // Outlives it.

  void count(const Result<agents::Answer>& answer);
  AgentTotals totals() const;

 private:
  // How a question ended. Withdrawn: cancelled, or none that could be asked; nobody's failure.
  enum Ending : std::uint8_t { kAnswered, kPartial, kAbstained, kWithdrawn, kFailed, kEndings };

  void count_tokens(const agents::TokenCounts& tokens);
  std::uint64_t ended(Ending ending) const;
  obs::Counter& runs(const std::string& agent, const std::string& status) const;

  const std::vector<agents::AgentSchema> schemas_ = agents::agent_schemas();
  obs::Metrics& metrics_;
  obs::Histogram& coordination_;
  obs::Histogram& handoff_;
  obs::Counter& parallel_;
  obs::Counter& prompt_;
  obs::Counter& computed_;
  std::array<obs::Counter*, kEndings> endings_{};
  mutable Mutex mutex_;
  double coordination_seconds_ DM_GUARDED_BY(mutex_) = 0;  // As the histogram's sum and count.
  std::uint64_t coordinated_ DM_GUARDED_BY(mutex_) = 0;
};

}  // namespace docmind::service

// What the agents did, as Prometheus' counters: runs by agent and how they ended, what coordinating them took beyond
// their own work, answers whose parts were searched at the same time.
//
// Thread safety: any method from any thread.
#pragma once
#include "agents/answer.h"
#include "obs/metrics.h"

namespace docmind::service {

class AgentMetrics {
 public:
  explicit AgentMetrics(obs::Metrics& metrics);  // Outlives it.

  void count(const agents::Answer& answer);

 private:
  obs::Metrics& metrics_;
  obs::Histogram& coordination_;
  obs::Histogram& handoff_;
  obs::Counter& parallel_;
};

}  // namespace docmind::service

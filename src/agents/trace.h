// What an answer was made of, step by step, as JSON: stored beside the answer and shown by `docmind trace ID`.
// Format: docs/formats/trace.md. Pure functions.
#pragma once
#include <string>
#include <vector>

#include "agents/answer.h"
#include "agents/query_router.h"
#include "agents/result_synthesizer.h"
#include "agents/retrieval_expert.h"

namespace docmind::agents {

struct Trace {
  std::string id;
  std::string question;
  Routing routing;
  std::vector<Evidence> evidence;
  Draft draft;
  SynthesisOptions options;
  std::vector<AgentRun> agents;
  std::vector<std::string> dropped;
  std::string status;  // "answered", "abstained", "partial"
};

// At most `units` ranked units per part are written.
std::string to_json(const Trace& trace, std::size_t units = 60);

}  // namespace docmind::agents

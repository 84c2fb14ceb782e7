// retrieval_expert: brings the units that may answer a part of the plan, and the nearest passages.
#pragma once
#include <cstdint>
#include <optional>
#include <stop_token>

#include "agents/exhaustive.h"
#include "agents/query_planner.h"
#include "agents/query_router.h"
#include "base/deadline.h"
#include "base/result.h"
#include "retrieval/candidates.h"
#include "retrieval/index.h"
#include "retrieval/search.h"

namespace docmind::agents {

struct Evidence {
  Part part;
  retrieval::CandidateSet found;
  std::optional<Exhaustive> set{};  // When the part asked for a set that was read whole: then nothing was searched.
};

struct RetrievalOptions {
  retrieval::CandidateOptions candidates;
  std::uint32_t nearest = 5;  // Passages shown when there is no answer.
};

// The part's own. Errors: those of retrieval::Index::candidates.
Result<Evidence> retrieve(const Part& part, Route route, const retrieval::Filter& filter, retrieval::Index& index,
                          const RetrievalOptions& options, Deadline deadline, std::stop_token stop);

}  // namespace docmind::agents

#include "agents/retrieval_expert.h"

#include <utility>

namespace docmind::agents {

Result<std::vector<Evidence>> retrieve(const Plan& plan, Route route, const retrieval::Filter& filter,
                                       retrieval::Index& index, const RetrievalOptions& options, Deadline deadline,
                                       std::stop_token stop) {
  retrieval::CandidateOptions wanted = options.candidates;
  // An identifier means what it spells: vectors may score what has it, not bring what has it not.
  if (route == Route::kKeyword) wanted.dense_ranking = retrieval::Stage::kOff;
  std::vector<Evidence> evidence;
  for (const Part& part : plan.parts) {
    const retrieval::Query query{part.text, options.nearest, filter};
    evidence.push_back({part, DM_TRY(index.candidates(query, wanted, deadline, stop))});
  }
  return evidence;
}

}  // namespace docmind::agents

#include "agents/retrieval_expert.h"

#include <utility>

namespace docmind::agents {

Result<Evidence> retrieve(const Part& part, Route route, const retrieval::Filter& filter, retrieval::Index& index,
                          const RetrievalOptions& options, Deadline deadline, std::stop_token stop) {
  retrieval::CandidateOptions wanted = options.candidates;
  // An identifier means what it spells: vectors may score what has it, not bring what has it not.
  if (route == Route::kKeyword) wanted.dense_ranking = retrieval::Stage::kOff;
  const retrieval::Query query{part.text, options.nearest, filter};
  return Evidence{part, DM_TRY(index.candidates(query, wanted, deadline, stop))};
}

}  // namespace docmind::agents

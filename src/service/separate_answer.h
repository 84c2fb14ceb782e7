// One answer a document: the question is put to each of several documents by itself, as an ordinary question with the
// filter narrowed to it, so that its search, cache, checks and trace are those of any other. What they say becomes one
// answer: claims in the order of the documents, and which are whose (Answer::by_document).
//
// The documents are those of the filter, the one with the best passage first, at most kMostDocuments; coverage says of
// how many. One that cannot be asked, or not in time, is a part that failed, and the rest is still given; one that is
// deleted meanwhile leaves nothing. The parts get 19/20 of the time, so that what they brought can still be kept.
#pragma once
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "base/rng.h"
#include "exec/pool.h"
#include "library/library.h"
#include "service/service.h"

namespace docmind::service {

inline constexpr std::size_t kMostDocuments = 10;

struct SeparateDeps {
  library::Library& library;
  const Clock& clock;
  Rng& rng;
  exec::Pool& pool;
  std::size_t parallel = 1;  // Documents that are asked at the same time.
  std::function<Result<SearchResult>(const Query&, Deadline, std::stop_token)> search;
  std::function<Result<Answer>(const Question&, Deadline, std::stop_token)> ask;  // Called from several threads.
};

// Errors: those of the search; of the first document where none could be asked; kCancelled. Its trace names those of
// the parts.
Result<Answer> answer_separately(const Question& question, const SeparateDeps& deps, Deadline deadline,
                                 std::stop_token stop);

// Of a stored trace the ids of its parts' traces; none: it is not of such an answer.
std::vector<std::string> traces_of_parts(std::string_view trace);
// Of the trace of an answer that was given again, the id of that of its making; else empty.
std::string made_in(std::string_view trace);

}  // namespace docmind::service

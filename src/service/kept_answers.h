// The answer cache as the product uses it: what a question's scope is, which answers may be kept and what they rest on,
// how one that is given again is told.
//
// Thread safety: any. An answer that is given again has a trace of its own, which names the trace of its making.
#pragma once
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "agents/answer.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "base/rng.h"
#include "cache/answer_cache.h"
#include "cache/guard/guards.h"
#include "library/library.h"
#include "llm/chat_model.h"
#include "llm/embedder.h"
#include "obs/metrics.h"
#include "service/service.h"

namespace docmind::service {

struct KeptAnswersDeps {  // All outlive it.
  library::Library& library;
  const Clock& clock;
  Rng& rng;
  obs::Metrics& metrics;
  llm::Embedder& embedder;
  cache::Entries& entries;
  const cache::Guards& guards;
  cache::SharedQuestions* questions = nullptr;
};

// What a question is answered by: two that are answered by different ones have no answer in common.
struct AnsweredBy {
  const ServiceOptions& options;
  llm::ChatModel* chat = nullptr;  // That writes; null: nobody does.
};

class KeptAnswers {
 public:
  // After the search index was opened. Errors: those of cache::AnswerCache::open.
  static Result<std::unique_ptr<KeptAnswers>> open(const cache::AnswerCacheOptions& options,
                                                   const KeptAnswersDeps& deps, Deadline deadline,
                                                   std::stop_token stop);

  using Make = std::function<Result<Answer>()>;
  // agents::best_now of a question with the same filter.
  using Best = std::function<Result<ContentHash>(const std::string& question, Deadline, std::stop_token)>;

  // One that was kept, or what `make` makes, which is kept if it may be. Errors: those of `make`; kDeadlineExceeded and
  // kCancelled while the same question is being answered.
  Result<Answer> answer(const Question& question, const AnsweredBy& by, const Make& make, const Best& best,
                        Deadline deadline, std::stop_token stop);

  cache::AnswerCache& cache() { return *cache_; }

 private:
  explicit KeptAnswers(const KeptAnswersDeps& deps) : deps_(deps) {}
  Result<cache::Scope> scope_of(const Question& question, const AnsweredBy& by, Deadline deadline,
                                std::stop_token stop);
  Result<Answer> again(const Question& question, const cache::Hit& hit, TimePoint start, Deadline deadline,
                       const std::stop_token& stop);

  KeptAnswersDeps deps_;
  std::string corpus_;
  std::unique_ptr<cache::AnswerCache> cache_;
};

}  // namespace docmind::service

// The vectors of the questions that have kept answers, of several machines, in a store that they share: which of one
// scope are nearest to a question, whoever asked them.
//
// What is stored of a question: its vector, its key, the hashes of its scope and of its tags, the day. No words: those
// stand in the entry with that key, and whoever finds a key reads the entry and decides by it. (A vector tells of the
// words that made it: a store on another machine is sent text in this sense.)
//
// Invariants. A purge that the store did not take is noted in the journal before it is answered, and nothing is read
// from the store before it has every noted purge, in later lives of the process neither. While the store does not
// answer there are no neighbours, and a breaker decides when the next call tries it: one call pays the timeout and not
// each. Questions of days before the time to live are taken away when it is back, and once a day.
//
// Thread safety: every method from any thread. Metrics: the breaker's, backend "vectors".
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/thread_annotations.h"
#include "cache/record.h"
#include "cache/shared/purge_journal.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "resilience/breaker.h"
#include "vectors/store.h"

namespace docmind::cache {

vectors::Collection collection_of_questions();  // For who opens the store.

struct SharedQuestionsDeps {  // All outlive it.
  vectors::Store& store;      // Whose calls end by themselves in a short time.
  PurgeJournal& journal;      // Of that store.
  const Clock& clock;
  obs::Metrics& metrics;
  const obs::Log& log;
};

class SharedQuestions {
 public:
  struct Near {
    std::string key{};
    float cosine = 0;
  };

  static Result<std::unique_ptr<SharedQuestions>> open(Duration ttl, SharedQuestionsDeps deps);

  // Best effort: what the store does not take is found by others in the same words alone.
  void add(const Record& record, std::span<const std::string> tags, Deadline deadline, const std::stop_token& stop);
  void remove(const std::string& key, Deadline deadline, const std::stop_token& stop);

  // At most k of the scope, the nearest first; none while the store is away.
  std::vector<Near> nearest(const ContentHash& scope, std::span<const float> vector, std::size_t k, Deadline deadline,
                            const std::stop_token& stop);

  // By a tag, "": everything. Done or noted when it returns; the error says that it could be neither.
  Result<> purge(std::string_view tag, Deadline deadline, const std::stop_token& stop);

  // Why it is away, for people; empty: all is well.
  std::string trouble() const;

 private:
  SharedQuestions(Duration ttl, const SharedQuestionsDeps& deps) : ttl_(ttl), deps_(deps) {}
  std::int64_t today() const;
  Result<> ready(std::uint32_t dimensions, const Deadline& deadline, const std::stop_token& stop) DM_EXCLUDES(mutex_);
  Result<> settle(const Deadline& deadline, const std::stop_token& stop);
  Result<> remove_expired(const Deadline& deadline, const std::stop_token& stop);
  void went(resilience::Breaker::Permit& permit, const Result<>& done, const Deadline& deadline) DM_EXCLUDES(mutex_);

  const Duration ttl_;
  const SharedQuestionsDeps deps_;
  std::unique_ptr<resilience::Breaker> breaker_;
  std::mutex returning_;  // One at a time brings it back. Before mutex_.
  mutable Mutex mutex_;
  std::uint32_t dimensions_ DM_GUARDED_BY(mutex_) = 0;  // As ensured; 0: not since it was away.
  std::int64_t tidied_ DM_GUARDED_BY(mutex_) = 0;       // The day.
  std::string why_ DM_GUARDED_BY(mutex_);               // It is away.
};

}  // namespace docmind::cache

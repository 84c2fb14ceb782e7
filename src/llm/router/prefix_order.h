// The order of requests to one backend that computes a beginning once and keeps it: the first with a beginning goes
// alone until its first token, the others with the same one after it, together.
//
// Without it requests that come together all find an empty cache, and each computes the same documents. A backend that
// has one slot, and so one beginning at a time, gets those with the same beginning one after the other, `run` of them
// while others wait. Nobody waits longer than `patience` for another's beginning: order saves work, and must not lose
// an answer. Source: ../shared/research/llm-serving.md, plan I. Thread safety: any method from any thread.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <stop_token>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "llm/chat_model.h"

namespace docmind::router {

struct PrefixOrderOptions {
  std::uint32_t slots = 0;  // Requests that run at once; 0: any number.
  std::uint32_t run = 8;    // Of one beginning in a row while others wait for a slot.
  std::size_t remembered = 64;
  Duration patience = std::chrono::seconds(20);
};

class PrefixOrder {
 public:
  // Holds a place until it goes. For one thread, and within the life of its PrefixOrder.
  class Turn {
   public:
    Turn(PrefixOrder& order, std::uint64_t beginning, bool leads)
        : order_(&order), beginning_(beginning), leads_(leads) {}
    ~Turn();
    Turn(Turn&& other) noexcept;
    Turn& operator=(Turn&&) = delete;

    bool leads() const { return leads_; }  // Others may wait for its first token.
    void first_token();                    // Its beginning is computed; once is enough.

   private:
    PrefixOrder* order_;  // Null when it was moved from.
    std::uint64_t beginning_;
    bool leads_;
  };

  PrefixOrder(const PrefixOrderOptions& options, const Clock& clock) : options_(options), clock_(clock) {}

  // Waits for its turn. kDeadlineExceeded, kCancelled.
  Result<Turn> enter(std::uint64_t beginning, Deadline deadline, std::stop_token stop) DM_EXCLUDES(mutex_);
  std::size_t waiting() const DM_EXCLUDES(mutex_);

 private:
  struct Waiting {
    std::uint64_t beginning = 0;
    TimePoint until{};  // From then on it waits for nobody's beginning.
  };
  struct Beginning {
    bool computed = false;
    bool led = false;  // Somebody computes it.
    std::uint64_t used = 0;
  };

  bool free_slot() const DM_REQUIRES(mutex_);
  bool ready(const Waiting& one) const DM_REQUIRES(mutex_);
  bool next(const Waiting& one) const DM_REQUIRES(mutex_);
  Turn begin(const Waiting& one) DM_REQUIRES(mutex_);
  void forget_oldest() DM_REQUIRES(mutex_);
  void computed(std::uint64_t beginning) DM_EXCLUDES(mutex_);
  void leave(std::uint64_t beginning, bool led) DM_EXCLUDES(mutex_);

  const PrefixOrderOptions options_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::list<Waiting> waiting_ DM_GUARDED_BY(mutex_);  // As they came.
  std::map<std::uint64_t, Beginning> beginnings_ DM_GUARDED_BY(mutex_);
  std::uint32_t running_ DM_GUARDED_BY(mutex_) = 0;
  std::uint64_t last_ DM_GUARDED_BY(mutex_) = 0;  // The beginning that went last,
  std::uint32_t in_row_ DM_GUARDED_BY(mutex_) = 0;
  std::uint64_t uses_ DM_GUARDED_BY(mutex_) = 0;
};

// What names the beginning that a request shares with others: system messages, tools and documents. 0 without
// documents: then there is nothing worth an order.
std::uint64_t beginning_of(const llm::ChatRequest& request);

}  // namespace docmind::router

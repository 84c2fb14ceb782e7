// Work for an encoder, taken turn by turn by the threads that own the model's contexts, one each.
//
// Each turn is one pass over sequences of the work at the front, then that work goes to the back: a short question
// waits for one pass, not for a long batch before it. Works never share a pass: sums in floating point depend a little
// on a sequence's company, and what is computed must be the same whatever else was asked meanwhile.
// A work of one short sequence, a question, is another matter: it waits for no pass. A context of its own computes it,
// with as many threads as find a processor that nobody wants: two cores then take half the time of one. One more would
// be worse than none, as said below. Which context computes a work depends on the work alone, and how many threads do
// changes no bit.
// Several contexts of one thread each instead of one of several: a pass has hundreds of barriers at which its threads
// spin for each other, and on a busy machine (parsing beside embedding) that costs most of the time.
// Thread safety: run() from any thread. Bounded: past `max_works` the answer is kResourceExhausted.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "engine/encoder.h"

namespace docmind::engine {

// Sequences to compute, known from the start. Methods are called by one thread at a time.
class PassWork {
 public:
  virtual ~PassWork() = default;
  virtual std::size_t sequences() const = 0;
  virtual std::vector<TokenId> sequence(std::size_t i) const = 0;
  // What came out for it: each sequence once, in any order.
  virtual void add(std::size_t i, std::span<const float> rows) = 0;
};

struct ForShort {
  std::unique_ptr<EncoderContext> context{};  // None: the other contexts compute short works, too.
  std::function<std::size_t()> free_processors{};
};

class PassQueue {
 public:
  using Contexts = std::vector<std::unique_ptr<EncoderContext>>;

  PassQueue(Contexts contexts, std::size_t max_works, ForShort for_short = {});
  ~PassQueue();  // Nobody may be in run() any more.
  PassQueue(const PassQueue&) = delete;
  PassQueue& operator=(const PassQueue&) = delete;

  // Until every sequence was added. After a stop or the deadline no further pass is spent on the work. kUnavailable
  // when memory did not suffice (out_of_memory.h).
  Result<> run(std::shared_ptr<PassWork> work, Deadline deadline, std::stop_token stop);

  // So many threads compute at once from the next pass on, at least one; a question's, and those of all contexts.
  void use_threads(std::uint32_t count);

 private:
  struct Job;
  struct Slot;  // One sequence of one job.
  enum class Line : std::uint8_t { kLong, kShort };
  using Jobs = std::deque<std::shared_ptr<Job>>;

  void own(EncoderContext& context, Line line, std::size_t index, const std::stop_token& stop);
  std::uint32_t threads_of_one() const;
  bool is_short(const PassWork& work) const;
  std::uint32_t spare_processors() const;
  Jobs& waiting(Line line) DM_REQUIRES(mutex_) { return line == Line::kShort ? short_jobs_ : jobs_; }
  std::vector<Slot> next_pass(Jobs& jobs) DM_REQUIRES(mutex_);
  void compute(EncoderContext& context, const std::vector<Slot>& pass);
  void fail(const std::shared_ptr<Job>& job, const Error& error) DM_REQUIRES(mutex_);

  const Contexts contexts_;
  const ForShort for_short_;
  const std::size_t max_works_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::condition_variable_any short_came_;
  std::size_t inside_ DM_GUARDED_BY(mutex_) = 0;  // Callers in run().
  // Jobs with sequences that no thread has taken yet. Shared by the waiting caller and the threads that compute for it:
  // any of them may be the last to let go.
  Jobs jobs_ DM_GUARDED_BY(mutex_);
  Jobs short_jobs_ DM_GUARDED_BY(mutex_);
  std::uint32_t threads_ DM_GUARDED_BY(mutex_) = UINT32_MAX;  // At most; all there are.
  std::vector<std::jthread> owners_;
};

// As many as encoder_contexts() says, sharing the threads.
Result<PassQueue::Contexts> open_contexts(const Encoder& encoder, std::uint32_t threads);

}  // namespace docmind::engine

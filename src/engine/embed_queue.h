// Requests for vectors, taken turn by turn by the threads that own the model's contexts, one each.
//
// Each turn is one pass over sequences of the request at the front, then that request goes to the back: a short
// question waits for one pass, not for a long batch before it. Requests never share a pass: sums in floating point
// depend a little on a sequence's company, and a document's vectors must be the same whatever else was asked meanwhile.
// Several contexts of one thread each instead of one of several: a pass has hundreds of barriers at which its threads
// spin for each other, and on a busy machine (parsing beside embedding) that costs most of the time.
// Thread safety: embed() from any thread. Bounded: past `max_requests` the answer is kResourceExhausted.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "engine/encoder.h"
#include "engine/late_pooling.h"

namespace docmind::engine {

class EmbedQueue {
 public:
  using Contexts = std::vector<std::unique_ptr<EncoderContext>>;

  EmbedQueue(const Encoder& encoder, Contexts contexts, std::size_t max_requests);
  ~EmbedQueue();  // Nobody may be in embed() any more.
  EmbedQueue(const EmbedQueue&) = delete;
  EmbedQueue& operator=(const EmbedQueue&) = delete;

  // One Embedding per text, in order. After a stop or the deadline no further pass is spent on the request.
  Result<std::vector<llm::Embedding>> embed(std::vector<TokenisedText> texts, Deadline deadline, std::stop_token stop);

 private:
  struct Request;
  struct Slot;  // One window of one text of one request.

  void run(EncoderContext& context, const std::stop_token& stop);
  std::vector<Slot> next_pass() DM_REQUIRES(mutex_);
  void compute(EncoderContext& context, const std::vector<Slot>& pass);

  const Encoder& encoder_;
  const Contexts contexts_;
  const std::size_t max_requests_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::size_t inside_ DM_GUARDED_BY(mutex_) = 0;  // Callers in embed().
  // Requests with windows that no thread has taken yet. Shared by the waiting caller and the threads that compute for
  // it: any of them may be the last to let go.
  std::deque<std::shared_ptr<Request>> requests_ DM_GUARDED_BY(mutex_);
  std::vector<std::jthread> owners_;
};

}  // namespace docmind::engine

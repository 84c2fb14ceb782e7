// Requests for vectors, taken turn by turn by the one thread that owns the model's context.
//
// Each turn is one pass over the sequences of the request at the front, filled up with those of the others, then that
// request goes to the back: a short question waits for two passes at most, not for a long batch before it.
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
  // Takes over Encoder::encode(); tokenise() stays free for all.
  EmbedQueue(Encoder& encoder, std::size_t max_requests);
  ~EmbedQueue();  // Nobody may be in embed() any more.
  EmbedQueue(const EmbedQueue&) = delete;
  EmbedQueue& operator=(const EmbedQueue&) = delete;

  // One Embedding per text, in order. After a stop or the deadline no further pass is spent on the request.
  Result<std::vector<llm::Embedding>> embed(std::vector<TokenisedText> texts, Deadline deadline, std::stop_token stop);

 private:
  struct Request;
  struct Slot;  // One window of one text of one request.

  void run(const std::stop_token& stop);
  std::vector<Slot> next_pass() DM_REQUIRES(mutex_);
  void compute(const std::vector<Slot>& pass);

  Encoder& encoder_;
  const std::size_t max_requests_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  // Shared by the waiting caller and the owner thread: either may be the last to let go.
  std::deque<std::shared_ptr<Request>> requests_ DM_GUARDED_BY(mutex_);
  std::jthread owner_;
};

}  // namespace docmind::engine

// Requests for vectors, in a queue of passes (engine/pass_queue.h): the same request has the same vectors to the last
// bit, whatever else is asked meanwhile.
//
// Thread safety: embed() from any thread. Bounded: past `max_requests` the answer is kResourceExhausted.
#pragma once
#include <vector>

#include "engine/late_pooling.h"
#include "engine/pass_queue.h"

namespace docmind::engine {

class EmbedQueue {
 public:
  using Contexts = PassQueue::Contexts;

  EmbedQueue(const Encoder& encoder, Contexts contexts, std::size_t max_requests, ForShort for_short = {})
      : encoder_(encoder), queue_(std::move(contexts), max_requests, std::move(for_short)) {}

  // One Embedding per text, in order. After a stop or the deadline no further pass is spent on the request.
  Result<std::vector<llm::Embedding>> embed(std::vector<TokenisedText> texts, Deadline deadline, std::stop_token stop);
  // As PassQueue::use_threads().
  void use_threads(std::uint32_t count) { queue_.use_threads(count); }

 private:
  const Encoder& encoder_;
  PassQueue queue_;
};

}  // namespace docmind::engine

#include "engine/embed_queue.h"

#include <algorithm>
#include <optional>

#include "exec/wait.h"

namespace docmind::engine {

// Guarded by the queue's mutex, until `finished`: then it is the caller's again.
struct EmbedQueue::Request {
  std::vector<TokenisedText> texts;
  std::vector<Pooler> poolers;
  std::size_t text = 0;    // The next window that nobody has taken.
  std::size_t window = 0;  //
  std::size_t open = 0;    // Windows not yet computed.
  bool finished = false;
  std::optional<Error> error;

  bool taken() const { return text == texts.size(); }
  void advance() {
    if (++window == poolers[text].windows().size()) {
      window = 0;
      ++text;
    }
  }
};

struct EmbedQueue::Slot {
  std::shared_ptr<Request> request;
  std::size_t text = 0;
  std::size_t window = 0;
  std::vector<TokenId> tokens;
};

EmbedQueue::EmbedQueue(const Encoder& encoder, Contexts contexts, std::size_t max_requests)
    : encoder_(encoder), contexts_(std::move(contexts)), max_requests_(max_requests) {
  DM_CHECK(!contexts_.empty());
  for (const auto& context : contexts_) {
    owners_.emplace_back([this, &context](const std::stop_token& stop) { run(*context, stop); });
  }
}

EmbedQueue::~EmbedQueue() = default;  // Each owner thread is stopped and joined by its jthread.

Result<std::vector<llm::Embedding>> EmbedQueue::embed(std::vector<TokenisedText> texts, Deadline deadline,
                                                      std::stop_token stop) {
  if (texts.empty()) return std::vector<llm::Embedding>{};
  const auto request = std::make_shared<Request>();
  request->texts = std::move(texts);
  for (const TokenisedText& text : request->texts) {
    request->poolers.emplace_back(encoder_.facts(), text);
    request->open += request->poolers.back().windows().size();
  }
  {
    MutexLock lock(mutex_);
    if (inside_ >= max_requests_) {
      return Error{Code::kResourceExhausted, "Too many requests wait for the model.", "Try again in a moment."};
    }
    ++inside_;
    requests_.push_back(request);
    changed_.notify_all();
    const exec::Waited waited = exec::wait_until(changed_, lock, deadline, stop, [&] { return request->finished; });
    --inside_;
    if (waited != exec::Waited::kReady) {
      request->finished = true;
      std::erase(requests_, request);
      return exec::error_of(waited, "computing vectors took too long");
    }
  }
  if (std::optional<Error>& error = request->error; error) return *std::move(error);
  std::vector<llm::Embedding> out;
  for (Pooler& pooler : request->poolers) out.push_back(pooler.finish());
  return out;
}

void EmbedQueue::run(EncoderContext& context, const std::stop_token& stop) {
  while (true) {
    std::vector<Slot> pass;
    {
      MutexLock lock(mutex_);
      const auto some = [this]() DM_REQUIRES(mutex_) { return !requests_.empty(); };
      const exec::Waited waited = exec::wait_until(changed_, lock, Deadline::never(), stop, some);
      if (waited != exec::Waited::kReady || stop.stop_requested()) return;
      pass = next_pass();
    }
    compute(context, pass);
  }
}

std::vector<EmbedQueue::Slot> EmbedQueue::next_pass() {
  std::vector<Slot> pass;
  std::size_t used = 0;
  const std::shared_ptr<Request> request = std::move(requests_.front());
  requests_.pop_front();
  while (!request->taken() && pass.size() < EncoderContext::kMaxSequences) {
    std::vector<TokenId> tokens = request->poolers[request->text].sequence(request->window);
    if (!pass.empty() && used + tokens.size() > EncoderContext::kSharedPass) break;
    used += tokens.size();
    pass.push_back({request, request->text, request->window, std::move(tokens)});
    request->advance();
  }
  if (!request->taken()) requests_.push_back(request);
  return pass;
}

void EmbedQueue::compute(EncoderContext& context, const std::vector<Slot>& pass) {
  std::vector<std::vector<TokenId>> sequences;
  for (const Slot& slot : pass) sequences.push_back(slot.tokens);
  const Result<std::span<const float>> rows = context.encode(sequences);

  const MutexLock lock(mutex_);
  std::size_t at = 0;
  for (const Slot& slot : pass) {
    Request& request = *slot.request;
    const std::size_t size = slot.tokens.size() * encoder_.facts().dimensions;
    if (!request.finished && rows) {
      request.poolers[slot.text].add(slot.window, rows->subspan(at, size));
      request.finished = --request.open == 0;
    } else if (!request.finished) {
      request.error = rows.error();
      request.finished = true;
      std::erase(requests_, slot.request);
    }
    at += size;
  }
  changed_.notify_all();
}

}  // namespace docmind::engine

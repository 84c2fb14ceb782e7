#include "engine/embed_queue.h"

#include <algorithm>
#include <optional>

#include "exec/wait.h"

namespace docmind::engine {

// The cursor and `finished` are guarded by the queue's mutex. The poolers belong to the owner thread until `finished`.
struct EmbedQueue::Request {
  std::vector<TokenisedText> texts;
  std::vector<Pooler> poolers;
  std::size_t text = 0;    // The next window to compute.
  std::size_t window = 0;  //
  bool abandoned = false;  // The caller has gone.
  bool finished = false;
  std::optional<Error> error;

  bool exhausted() const { return text == texts.size(); }
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

EmbedQueue::EmbedQueue(Encoder& encoder, std::size_t max_requests)
    : encoder_(encoder), max_requests_(max_requests), owner_([this](const std::stop_token& stop) { run(stop); }) {}

EmbedQueue::~EmbedQueue() = default;  // The owner thread's jthread stops and joins it.

Result<std::vector<llm::Embedding>> EmbedQueue::embed(std::vector<TokenisedText> texts, Deadline deadline,
                                                      std::stop_token stop) {
  if (texts.empty()) return std::vector<llm::Embedding>{};
  const auto request = std::make_shared<Request>();
  request->texts = std::move(texts);
  for (const TokenisedText& text : request->texts) request->poolers.emplace_back(encoder_.facts(), text);
  {
    MutexLock lock(mutex_);
    if (requests_.size() >= max_requests_) {
      return Error{Code::kResourceExhausted, "Too many requests wait for the model.", "Try again in a moment."};
    }
    requests_.push_back(request);
    changed_.notify_all();
    const exec::Waited waited = exec::wait_until(changed_, lock, deadline, stop, [&] { return request->finished; });
    if (waited != exec::Waited::kReady) {
      request->abandoned = true;
      return exec::error_of(waited, "computing vectors took too long");
    }
  }
  if (request->error) return *std::move(request->error);
  std::vector<llm::Embedding> out;
  for (Pooler& pooler : request->poolers) out.push_back(pooler.finish());
  return out;
}

void EmbedQueue::run(const std::stop_token& stop) {
  while (true) {
    std::vector<Slot> pass;
    {
      MutexLock lock(mutex_);
      const auto some = [this]() DM_REQUIRES(mutex_) { return !requests_.empty(); };
      if (exec::wait_until(changed_, lock, Deadline::never(), stop, some) != exec::Waited::kReady) return;
      if (stop.stop_requested()) return;
      pass = next_pass();
    }
    if (!pass.empty()) compute(pass);
  }
}

std::vector<EmbedQueue::Slot> EmbedQueue::next_pass() {
  std::erase_if(requests_, [](const auto& request) { return request->abandoned; });
  std::vector<Slot> pass;
  std::size_t room = encoder_.pass_tokens();
  for (const auto& request : requests_) {
    while (!request->exhausted() && pass.size() < Encoder::kMaxSequences) {
      std::vector<TokenId> tokens = request->poolers[request->text].sequence(request->window);
      if (tokens.size() > room) break;
      room -= tokens.size();
      pass.push_back({request, request->text, request->window, std::move(tokens)});
      request->advance();
    }
  }
  if (!requests_.empty()) {
    requests_.push_back(std::move(requests_.front()));
    requests_.pop_front();
  }
  return pass;
}

void EmbedQueue::compute(const std::vector<Slot>& pass) {
  std::vector<std::vector<TokenId>> sequences;
  for (const Slot& slot : pass) sequences.push_back(slot.tokens);
  const Result<std::span<const float>> rows = encoder_.encode(sequences);
  std::size_t at = 0;
  for (const Slot& slot : pass) {
    const std::size_t size = slot.tokens.size() * encoder_.facts().dimensions;
    if (rows) slot.request->poolers[slot.text].add(slot.window, rows->subspan(at, size));
    at += size;
  }
  const MutexLock lock(mutex_);
  for (const Slot& slot : pass) {
    if (!rows) slot.request->error = rows.error();
    slot.request->finished = slot.request->exhausted() || slot.request->error;
  }
  std::erase_if(requests_, [](const auto& request) { return request->finished; });
  changed_.notify_all();
}

}  // namespace docmind::engine

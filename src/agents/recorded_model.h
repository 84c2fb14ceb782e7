// What a chat model was asked and what it answered while it wrote one answer: kept (RecordingModel), and said again
// without the model (RecordedModel).
//
// Thread safety: any method from any thread. Bounded: past kMostCalls calls, kMostCounts counts or kMostSaid bytes
// of one reply the record is not whole, which it says.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/hash.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "base/trace_context.h"
#include "context/token_counter.h"
#include "llm/chat_model.h"

namespace docmind::agents {

inline constexpr std::size_t kMostCalls = 64;
inline constexpr std::size_t kMostCounts = 4096;
inline constexpr std::size_t kMostSaid = 256U << 10U;

struct ModelCall {
  ContentHash request{};  // request_hash() of what was asked.
  TraceContext place{};   // That it was made in; of this process alone.
  double began = 0;       // Seconds since the question came.
  double seconds = 0;
  llm::ChatReply reply{};
  std::optional<Error> error{};  // Instead of a reply.
};

struct ModelRecord {
  TimePoint asked{};  // From which the calls count; of this process alone.
  llm::Capabilities capabilities{};
  std::vector<ModelCall> calls{};               // In the order they began.
  std::map<ContentHash, std::uint32_t> counts;  // Tokens by the hash of the text.
  bool whole = true;                            // False: more happened than is kept.
};

// Over everything that decides what a model writes.
ContentHash request_hash(const llm::ChatRequest& request);

class RecordingModel final : public llm::ChatModel {
 public:
  // Of one question, which comes now. `counter` counts for `model`, and remembers over questions. All outlive it.
  RecordingModel(llm::ChatModel& model, context::TokenCounter& counter, const Clock& clock)
      : model_(model), counter_(counter), clock_(clock), asked_(clock.now()) {}

  Result<llm::Capabilities> capabilities(Deadline deadline, std::stop_token stop) override;
  Result<std::vector<std::uint32_t>> count(std::span<const std::string> texts, Deadline deadline,
                                           std::stop_token stop) override;
  Result<llm::ChatReply> chat(const llm::ChatRequest& request, llm::TokenStream* stream, Deadline deadline,
                              std::stop_token stop) override;

  ModelRecord record() const;  // Of what has ended.

 private:
  void keep(ModelCall call) DM_EXCLUDES(mutex_);

  llm::ChatModel& model_;
  context::TokenCounter& counter_;
  const Clock& clock_;
  const TimePoint asked_;
  mutable Mutex mutex_;
  ModelRecord record_ DM_GUARDED_BY(mutex_);
};

class RecordedModel final : public llm::ChatModel {
 public:
  explicit RecordedModel(ModelRecord record) : record_(std::move(record)), said_(record_.calls.size()) {}

  Result<llm::Capabilities> capabilities(Deadline deadline, std::stop_token stop) override;
  // kNotFound for what was not asked when it was recorded; the same of chat().
  Result<std::vector<std::uint32_t>> count(std::span<const std::string> texts, Deadline deadline,
                                           std::stop_token stop) override;
  Result<llm::ChatReply> chat(const llm::ChatRequest& request, llm::TokenStream* stream, Deadline deadline,
                              std::stop_token stop) override;

  bool asked_otherwise() const;  // Whether it was asked anything that is not recorded.

 private:
  Error not_recorded() DM_REQUIRES(mutex_);

  const ModelRecord record_;
  mutable Mutex mutex_;
  std::vector<bool> said_ DM_GUARDED_BY(mutex_);  // Per call.
  bool asked_otherwise_ DM_GUARDED_BY(mutex_) = false;
};

}  // namespace docmind::agents

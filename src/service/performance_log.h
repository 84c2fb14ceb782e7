// What answering took: a row of performance_logs for each reply of the chat model ("generate") and each answer ("ask"),
// and the summary of the last hundred of each. Figures alone: no word, name, session or user is in it, so that nothing
// has to go when a document or chat does.
//
// Thread safety: any method from any thread. add() never waits: a thread of its own writes what is queued, all of half
// a second in one transaction, the rest when this object goes; beyond kMostWaiting rows are dropped. How many rows are
// kept is the library's to say. Metrics: docmind_performance_rows_dropped_total.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "agents/answer.h"
#include "base/clock.h"
#include "base/thread_annotations.h"
#include "library/library.h"
#include "llm/chat_model.h"
#include "obs/log.h"
#include "obs/metrics.h"

namespace docmind::service {

// One reply of the chat model.
struct Generation {
  std::int64_t at_ms = 0;  // UTC, of its end.
  std::string backend{};
  std::string model{};
  llm::ChatUsage usage{};
  double seconds = 0;
  std::optional<double> prefill_seconds{};  // To the first token,
  std::optional<double> decode_seconds{};   // and from it to the last. Absent: nobody knows.

  std::optional<double> prefill_rate() const;  // Tokens that were computed, a second.
  std::optional<double> decode_rate() const;
};

struct Spread {  // Milliseconds, by nearest rank.
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
};

// Means are over those of which it is known; absent where there is none.
struct GenerationSummary {
  std::size_t count = 0;
  std::optional<Spread> latency{};
  std::optional<double> prefill_rate{};
  std::optional<double> decode_rate{};
  std::optional<double> cached_share{};  // Of all prompt tokens: not computed, 0 to 1.
};

struct AnswerSummary {
  std::size_t count = 0;
  std::optional<Spread> latency{};
  std::optional<double> coordination_ms{};
  std::optional<double> given_again_share{};  // 0 to 1.
};

struct Performance {
  std::optional<Generation> newest{};
  GenerationSummary generations{};
  AnswerSummary answers{};
};

class PerformanceLog {
 public:
  static constexpr std::size_t kMostWaiting = 1000;
  static constexpr std::uint32_t kSummarised = 100;  // Generations, and answers.

  PerformanceLog(library::Library& library, const Clock& clock, const obs::Log& log, obs::Metrics& metrics);
  PerformanceLog(const PerformanceLog&) = delete;
  PerformanceLog& operator=(const PerformanceLog&) = delete;

  void add(const Generation& one);
  void add(const agents::Answer& answer, double seconds);

  // Of what is stored; the last half second may be missing.
  Result<Performance> summary(Deadline deadline, std::stop_token stop);

 private:
  using Line = library::Library::Performance;
  void queue(Line line);
  void write(const std::stop_token& stop);
  void store(const std::vector<Line>& lines);

  library::Library& library_;
  const Clock& clock_;
  const obs::Log& log_;
  obs::Counter& dropped_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Line> waiting_ DM_GUARDED_BY(mutex_);
  std::jthread writing_;  // Uses all of the above.
};

// A chat model whose replies are noted in the log, but those that nobody waits for.
class MeasuredModel final : public llm::ChatModel {
 public:
  MeasuredModel(llm::ChatModel& inner, const Clock& clock, PerformanceLog& log)
      : inner_(inner), clock_(clock), log_(log) {}

  Result<llm::Capabilities> capabilities(Deadline deadline, std::stop_token stop) override {
    return inner_.capabilities(deadline, std::move(stop));
  }
  Result<std::vector<std::uint32_t>> count(std::span<const std::string> texts, Deadline deadline,
                                           std::stop_token stop) override {
    return inner_.count(texts, deadline, std::move(stop));
  }
  Result<llm::ChatReply> chat(const llm::ChatRequest& request, llm::TokenStream* stream, Deadline deadline,
                              std::stop_token stop) override;

 private:
  llm::ChatModel& inner_;
  const Clock& clock_;
  PerformanceLog& log_;
};

}  // namespace docmind::service

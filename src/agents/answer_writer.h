// result_synthesizer with a chat model: it is shown the passages that were found, numbered, and writes sentences that
// name the ones they rest on. Evidence below the bar of the extractive answer is not shown to it at all. The parts of a
// plan are written apart and at the same time; their prompts differ in their last line only, so the engine computes the
// rest once.
//
// What it writes is believed by nobody: response_validator checks each sentence against the passages it names. The
// prompt is src/agents/prompts/result_synthesizer.v3.inc; a changed prompt is a new version. Thread safety: write()
// from any thread, if the model's are.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "agents/history.h"
#include "agents/result_synthesizer.h"
#include "base/deadline.h"
#include "base/result.h"
#include "context/fit.h"
#include "exec/pool.h"
#include "llm/chat_model.h"

namespace docmind::agents {

struct WriteOptions {
  std::uint32_t parallel = 3;      // Parts of a question that are written at the same time.
  std::uint32_t passages = 8;      // Shown at most.
  std::uint32_t max_tokens = 512;  // Of the answer.
  context::FitOptions fit{.passages = context::Ranked::kDropLast, .documents = context::Ranked::kDropLast};
};

// What a chat model writes, alone, when the passages do not answer: its prompts say so.
inline constexpr std::string_view kNoAnswer = "NOT IN THE DOCUMENTS";

// Longer documents are not shown whole, whatever the model's window.
inline constexpr std::uint64_t kMostWholeBytes = 512U << 10U;

// What stands before the passages. Of what does not fit the oldest turns go first, then passages, then the document.
struct Before {
  std::optional<llm::ChatDocument> whole{};  // The document that was asked about, where it is one.
  std::vector<HistoryTurn> history{};        // Of the session; from the oldest to the newest.
};

// A passage as it was found, and the part of the evidence that brought it.
struct RankedHit {
  const retrieval::Hit* hit = nullptr;
  const Evidence* evidence = nullptr;
};

// Whether a set was counted: that is not left to a model.
bool is_counted(const std::vector<Evidence>& evidence);

// The best of every part in turn, none twice, of a place that is read all of it; they are the evidence's own.
std::vector<RankedHit> best_of_parts(const std::vector<Evidence>& evidence, std::size_t most);

// Is told all that a model has written so far; see watch.h.
using Wrote = std::function<void(std::string_view text)>;

class AnswerWriter {
 public:
  // All outlive it, and every question that was asked through it.
  AnswerWriter(llm::ChatModel& model, context::TokenCounter& counter, exec::Pool& pool, WriteOptions options = {})
      : model_(model), counter_(counter), pool_(pool), options_(std::move(options)) {}

  // Claims in the order of the parts and as written, each with the sentences of the passages it names, and
  // Draft::writing. Draft::unanswered: the parts to which the model found no answer. No claims: the evidence is too
  // weak, or that is so for all of them. A sentence that names no passage has no place; it is a claim all the same, for
  // the validator to reject. Errors: those of the model; kDataLoss when it wrote nothing at all.
  Result<Draft> write(std::string_view question, const std::vector<Evidence>& evidence,
                      const SynthesisOptions& synthesis, const Before& before, Deadline deadline,
                      std::stop_token stop) const;

  // Has the model read a whole document, so that the first question about it finds that done. Whether it was: not
  // when the document does not fit. In the background, behind everything else the engine does.
  Result<bool> prepare(llm::ChatDocument document, Deadline deadline, std::stop_token stop) const;

  llm::ChatModel& model() const { return model_; }
  context::TokenCounter& counter() const { return counter_; }
  exec::Pool& pool() const { return pool_; }
  const WriteOptions& options() const { return options_; }
  // The same over another model, which is one question's for instance.
  AnswerWriter over(llm::ChatModel& model, context::TokenCounter& counter, Wrote wrote = {}) const {
    AnswerWriter out(model, counter, pool_, options_);
    out.wrote_ = std::move(wrote);
    return out;
  }

 private:
  struct Fitted {
    context::Fitted fitted;
    llm::ChatReply reply;
  };
  // Made to fit, and once more where a backend with a smaller window has to stand in.
  Result<Fitted> fit_and_chat(llm::ChatRequest request, const llm::Capabilities& model, const Wrote& wrote,
                              Deadline deadline, const std::stop_token& stop) const;

  llm::ChatModel& model_;
  context::TokenCounter& counter_;
  exec::Pool& pool_;
  WriteOptions options_;
  Wrote wrote_{};
};

}  // namespace docmind::agents

// query_router's last route: when the documents do not answer and the person has allowed it (ask.general_knowledge),
// the chat model says what it knows of itself. It is shown no passage, so that nothing it says rests on one: its
// sentences are marked as general knowledge, cite nothing, and the answer's text begins by saying so.
//
// The prompt is src/agents/prompts/general_knowledge.v1.inc; a changed prompt is a new version. What the model writes
// is hostile: 64 KiB of it are read, at most kMaxSentences sentences, citation marks taken off. Thread safety: say()
// from any thread, if the model's are.
#pragma once
#include <cstdint>
#include <span>
#include <stop_token>
#include <string_view>

#include "agents/result_synthesizer.h"
#include "base/deadline.h"
#include "base/result.h"
#include "context/fit.h"
#include "llm/chat_model.h"
#include "retrieval/search.h"

namespace docmind::agents {

// The first sentence of such an answer.
inline constexpr std::string_view kNotFromDocuments =
    "Your documents do not answer this: what follows is the chat model's general knowledge, not from your documents.";

struct GeneralOptions {
  std::uint32_t max_tokens = 512;  // Of the answer.
  context::FitOptions fit{};
};

class GeneralKnowledge {
 public:
  // Both outlive it, and every question that was asked through it.
  GeneralKnowledge(llm::ChatModel& model, context::TokenCounter& counter, GeneralOptions options = {})
      : model_(model), counter_(counter), options_(std::move(options)) {}

  // Draft::general and what it cost; no sentences when the model says that it does not know. Errors: those of the
  // model.
  Result<> say(std::string_view question, Draft& draft, Deadline deadline, std::stop_token stop) const;

  const GeneralOptions& options() const { return options_; }

 private:
  llm::ChatModel& model_;
  context::TokenCounter& counter_;
  GeneralOptions options_;
};

// Whether a question that the documents do not answer may be answered so: not one with a filter, since it is about
// those documents, and not one for a set (a count, a list, a sum), since a model's number would pass for a count of
// them, and not one for a place in a document.
bool may_be_general(std::string_view question, const retrieval::Filter& filter, std::span<const Evidence> evidence);

}  // namespace docmind::agents

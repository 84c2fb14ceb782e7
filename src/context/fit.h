// Makes a request fit a model's window: what to send, and what was left out of it.
//
// Order of what goes under kNewest: turns of the conversation, oldest first; within the newest turn its tool rounds,
// oldest first; then, only where the rest cannot fit otherwise, passages and documents if they may go, the last first.
// System messages, tools, the newest user's message and the last message always stay; calls and their results go
// together. As far as turns go, they go in steps of an eighth of what is trimmed from, so that the beginning of the
// next prompts stays the same, byte for byte, until another eighth has come: a beginning that changes each turn would
// be computed anew each turn. Under kSlidingWindow the longest texts lose their middle (impl/slide.h), all to the same
// length; messages stay.
//
// Invariant: Report::final_tokens + Report::reserved <= Report::limit, and final_tokens is never under what the engine
// counts (counts of the model's own tokenizer or upper bounds, and an allowance for the template).
// Thread safety: any thread; a TokenCounter may be shared.
#pragma once
#include <cstdint>
#include <stop_token>

#include "base/deadline.h"
#include "base/result.h"
#include "context/report.h"
#include "context/token_counter.h"
#include "context/window.h"
#include "llm/chat_model.h"

namespace docmind::context {

// Whether pieces that were ranked, best first, may be left out.
enum class Ranked : std::uint8_t { kKeep, kDropLast };

struct FitOptions {
  WindowOptions window{};
  Policy policy = Policy::kNewest;
  Ranked passages = Ranked::kKeep;
  Ranked documents = Ranked::kKeep;
};

struct Fitted {
  llm::ChatRequest request{};
  Report report{};
};

// `model`: what the request goes to, as its capabilities say; `counter` counts its tokens.
// Errors: kResourceExhausted with the counts when it cannot fit (HTTP 413); kInvalidArgument for options that make no
// sense; those of the tokenizer.
Result<Fitted> fit(llm::ChatRequest request, const llm::Capabilities& model, TokenCounter& counter,
                   const FitOptions& options, Deadline deadline, std::stop_token stop);

}  // namespace docmind::context

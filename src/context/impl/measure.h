// What each part of a request costs in tokens: its text by the model's tokenizer, and an allowance for what a chat
// template puts around it.
//
// Allowances are above what the templates of Qwen, Llama, Gemma, Mistral and gpt-oss take (ChatML: 5 tokens a message,
// about 150 for tools; gpt-oss: about 100 for its own system message), so that the sum is never under the prompt.
// Tool calls and tools are counted as the JSON that templates write them as. Pure but for the counting.
#pragma once
#include <cstdint>
#include <numeric>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "context/token_counter.h"
#include "llm/chat_model.h"

namespace docmind::context {

struct Sizes {
  std::vector<std::uint64_t> messages{};
  std::vector<std::uint64_t> documents{};
  std::vector<std::uint64_t> passages{};
  std::uint64_t fixed = 0;  // The template's own, and tools.
  bool exact = true;

  std::uint64_t total() const;
};

// Errors: those of TokenCounter.
Result<Sizes> measure(const llm::ChatRequest& request, const llm::Capabilities& model, TokenCounter& counter,
                      Deadline deadline, std::stop_token stop);

}  // namespace docmind::context

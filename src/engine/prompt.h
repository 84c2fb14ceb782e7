// From a conversation to tokens: the one renderer of prompts, and where their shared beginning ends.
//
// The order is a contract: system, tools, documents, history, passages, question. What stays the same from one question
// to the next stands first, byte for byte, so that its cells are computed once (scheduler/prefix_tree.h). Documents
// stand at the head of the first user message, passages at the head of the last one. Nothing that changes by itself (a
// clock, an order of keys) gets in.
//
// Special tokens are found in the template's own text alone (chat_template.h). Between them text is tokenised in one
// piece, as the model was trained, but for the end of the shared beginning: there it is always cut, so the beginning's
// tokens do not depend on what follows. Thread safety: const from any thread.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/chat_template.h"
#include "engine/special_guard.h"
#include "engine/vocabulary.h"
#include "llm/chat_model.h"

namespace docmind::engine {

struct PromptInput {
  std::vector<ChatMessage> messages{};
  const boost::json::array* tools = nullptr;
  const boost::json::object* extra = nullptr;  // chat_template_kwargs
  std::vector<llm::ChatDocument> documents{};
  std::vector<llm::ChatDocument> passages{};
  // The shared beginning ends behind so many bytes of the messages' contents, counted one after another as sent.
  // Without it: behind the documents, or else behind the system messages and tools.
  std::optional<std::uint64_t> document_prefix{};
};

struct Prompt {
  std::vector<std::int32_t> tokens{};
  std::uint32_t shared = 0;  // So many of them are the shared beginning.
  bool thinking = false;     // It ends inside thoughts: the template has opened them.
};

class PromptRenderer {
 public:
  // Both outlive it.
  PromptRenderer(const ChatTemplate& chat_template, const Vocabulary& vocabulary);

  // kInvalidArgument when the template refuses the conversation, document_prefix lies past the contents or inside a
  // character, or there are documents and no user message; kResourceExhausted past a limit.
  Result<Prompt> render(PromptInput input) const;

  // Plain text, as /v1/completions has it: special tokens are parsed, the caller is its own template.
  Result<Prompt> tokenise(std::string_view text) const;

 private:
  struct Text;
  struct Cut;
  class Cutter;
  Result<Text> text_of(const PromptInput& input, std::span<const ChatMessage> messages) const;
  std::size_t shared_bytes(const PromptInput& input, const Text& text, const Cut& cut) const;
  Result<> append_plain(std::string_view text, std::vector<std::int32_t>& tokens) const;
  Result<Prompt> tokens_of(const Text& text, std::size_t shared) const;

  const ChatTemplate& template_;
  const Vocabulary& vocabulary_;
  SpecialGuard guard_;
};

}  // namespace docmind::engine

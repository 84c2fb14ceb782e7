// A model's chat template (Jinja, from its GGUF file), and what it makes of a conversation.
//
// The result says of each piece whether it is the template's own text or comes from the request, so that only the
// template's can hold special tokens: a document with "<|im_end|>" in it stays a document. The template engine keeps
// that mark through most of its functions; where it loses it (split, join, tojson) a guard character that was put into
// every special token's text in the request still keeps it from being one (U+FDD0, a noncharacter, taken out again).
//
// Hostile input: the template and everything in the request. Bounded: size, nesting, steps, and text made while it
// runs. Nothing volatile gets in: there is no clock; strftime_now exists only when the request names a date. The
// language: jinja.palletsprojects.com, as far as llama.cpp's engine has it. Thread safety: const from any thread.
#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/chat_message.h"

namespace docmind::engine {

enum class Origin : std::uint8_t { kTemplate, kRequest };

struct PromptPart {
  std::string text{};
  Origin origin = Origin::kTemplate;
  bool operator==(const PromptPart&) const = default;
};

enum class Turn : std::uint8_t { kAssistant, kNone };  // Whether the prompt ends where the assistant begins to speak.

struct TemplateInput {
  std::span<const ChatMessage> messages{};
  const boost::json::array* tools = nullptr;   // As in the request; put into one order of keys here.
  const boost::json::object* extra = nullptr;  // chat_template_kwargs: further variables, "enable_thinking" for one.
  Turn turn = Turn::kAssistant;
};

class ChatTemplate {
 public:
  struct Limits {
    static constexpr std::size_t kSource = 256U << 10U;  // Bytes of a template,
    static constexpr std::size_t kOutput = 16U << 20U;   // and of what it makes.
    static constexpr std::uint32_t kNesting = 100;       // Brackets and blocks within each other.
    static constexpr std::uint32_t kExpression = 2000;   // Tokens of one expression.
    static constexpr std::uint64_t kSteps = 1'000'000;
    static constexpr std::uint32_t kLevels = 400;  // Of evaluation.
  };
  struct Words {                         // Of the model's vocabulary.
    std::string begin{};                 // Text of the token that begins a text; empty: none.
    std::string end{};                   // Of the one that ends it.
    std::vector<std::string> special{};  // Of all special tokens, user-defined ones included.
  };

  // An empty source is ChatML, what most models without a template were trained on. kInvalidArgument, with the place,
  // when the template cannot be used.
  static Result<ChatTemplate> open(std::string_view source, Words words);
  ~ChatTemplate();
  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;

  // kInvalidArgument when the template refuses the conversation or cannot render it, kResourceExhausted past a limit.
  // No part is empty, neighbours differ in origin.
  Result<std::vector<PromptPart>> render(const TemplateInput& input) const;

  bool has_tools() const;     // Whether tools show in the prompt.
  bool has_thinking() const;  // Whether enable_thinking changes it.

 private:
  struct State;
  explicit ChatTemplate(std::unique_ptr<State> state);
  void probe();
  std::unique_ptr<State> state_;
};

}  // namespace docmind::engine

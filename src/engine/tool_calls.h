// What a chat model's text says beside its answer: thoughts (<think>) and tool calls (<tool_call>{json}</tool_call>, as
// Qwen and Hermes write them), told apart while the text comes in.
//
// A call that cannot be read is no failure of the answer: its text becomes content, and parse_error says why. What is
// held back is bounded: a marker's beginning, blanks that may stand before a call, and a call of 1 MiB at most.
// Input is UTF-8 in any cut; belongs to one thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/chat_message.h"

namespace docmind::engine {

struct AnswerDelta {
  std::string content{};
  std::string reasoning{};
  std::vector<ToolCall> calls{};  // Without ids.
  bool empty() const { return content.empty() && reasoning.empty() && calls.empty(); }
};

struct AnswerSyntax {
  bool tools = false;     // Look for tool calls.
  bool thoughts = false;  // Look for thoughts at the beginning.
  bool thinking = false;  // The prompt has opened them already.
};

class AnswerParser {
 public:
  explicit AnswerParser(AnswerSyntax syntax);

  AnswerDelta push(std::string_view text);
  AnswerDelta finish();

  const std::string& parse_error() const { return parse_error_; }  // Empty: none.

 private:
  enum class Place : std::uint8_t { kStart, kThoughts, kAfterThoughts, kContent, kCall };
  bool step(AnswerDelta& out);
  bool at_start();
  bool in_thoughts(AnswerDelta& out);
  bool in_content(AnswerDelta& out);
  bool in_call(AnswerDelta& out);
  void give_content(AnswerDelta& out, std::string_view text);
  bool take_call(AnswerDelta& out, std::string_view body);
  void give_up(AnswerDelta& out, std::string_view raw, std::string why);

  AnswerSyntax syntax_;
  Place place_;
  std::string text_;      // Not given out yet.
  std::string blanks_;    // At the end of what was; dropped before a call.
  bool thought_ = false;  // Thoughts have begun.
  bool called_ = false;
  std::string parse_error_;
};

}  // namespace docmind::engine

// One message of a conversation, as OpenAI's API has it, checked and with its parts joined.
// Values.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace docmind::llm {

enum class Role : std::uint8_t { kSystem, kUser, kAssistant, kTool };  // "developer" is kSystem.

constexpr std::string_view name(Role role) {
  switch (role) {
    case Role::kSystem:
      return "system";
    case Role::kUser:
      return "user";
    case Role::kAssistant:
      return "assistant";
    case Role::kTool:
      return "tool";
  }
  return "user";
}

struct ToolCall {
  std::string id{};
  std::string name{};
  std::string arguments{};  // JSON text, as the model wrote it: perhaps not well-formed.
  bool operator==(const ToolCall&) const = default;
};

struct ChatMessage {
  Role role = Role::kUser;
  std::string content{};               // UTF-8.
  std::string reasoning{};             // An assistant's thoughts.
  std::vector<ToolCall> tool_calls{};  // An assistant's.
  std::string tool_call_id{};          // What a tool answers.
  std::string name{};
};

}  // namespace docmind::llm

#include "supervisor/message.h"

#include <boost/json/array.hpp>
#include <utility>

#include "base/json_members.h"

namespace docmind::supervisor {
namespace {

std::string_view text_at(const Value& value, std::string_view key) { return json_text(json_member(value, key)); }

Object message(std::string_view role, std::string_view text, std::string_view name) {
  Object out{{"role", role}, {"content", text}};
  if (!name.empty()) out["name"] = name;
  return out;
}

llm::Role role_named(std::string_view name) {
  for (const llm::Role role : {llm::Role::kSystem, llm::Role::kAssistant, llm::Role::kTool}) {
    if (name == llm::name(role)) return role;
  }
  return llm::Role::kUser;
}

}  // namespace

Object system_message(std::string_view text) { return message("system", text, {}); }
Object user_message(std::string_view text, std::string_view name) { return message("user", text, name); }

Object assistant_message(std::string_view text, std::string_view name, const std::vector<llm::ToolCall>& calls) {
  Object out = message("assistant", text, name);
  set_calls(out, calls);
  return out;
}

Object tool_message(const llm::ToolCall& answered, std::string_view text) {
  Object out = message("tool", text, answered.name);
  out["tool_call_id"] = answered.id;
  return out;
}

std::string_view id_of(const Value& message) { return text_at(message, "id"); }
std::string_view role_of(const Value& message) { return text_at(message, "role"); }
std::string_view name_of(const Value& message) { return text_at(message, "name"); }
std::string_view answers_of(const Value& message) { return text_at(message, "tool_call_id"); }

std::string text_of(const Value& message) {
  const Value& content = json_member(message, "content");
  std::string out(json_text(content));
  for (const Value& block : json_list(content)) {
    out += json_text(block);
    if (text_at(block, "type") == "text") out += text_at(block, "text");
  }
  return out;
}

std::vector<llm::ToolCall> calls_of(const Value& message) {
  std::vector<llm::ToolCall> out;
  for (const Value& call : json_list(json_member(message, "tool_calls"))) {
    out.push_back({.id = std::string(text_at(call, "id")),
                   .name = std::string(text_at(call, "name")),
                   .arguments = std::string(text_at(call, "arguments"))});
  }
  return out;
}

const Value& metadata_of(const Value& message, std::string_view key) {
  return json_member(json_member(message, "response_metadata"), key);
}

Array messages_in(const graph::Update& update) {
  Array out;
  for (const graph::Write& write : update.writes()) {
    if (write.channel != "messages") continue;
    for (const Value& one : json_list(write.value)) out.push_back(one);
  }
  return out;
}

bool is_assistant(const Value& message) { return role_of(message) == "assistant"; }
bool is_tool(const Value& message) { return role_of(message) == "tool"; }

bool is_handoff_back(const Value& message) { return json_flag(metadata_of(message, kHandoffBack)); }

bool is_empty(const Value& message) { return text_of(message).empty() && calls_of(message).empty(); }

void set_calls(Object& message, const std::vector<llm::ToolCall>& calls) {
  message.erase("tool_calls");
  if (calls.empty()) return;
  Array list;
  for (const llm::ToolCall& call : calls) {
    list.push_back(Object{{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}});
  }
  message["tool_calls"] = std::move(list);
}

void set_metadata(Object& message, std::string_view key, Value value) {
  Value& metadata = message["response_metadata"];
  if (!metadata.is_object()) metadata = Object{};
  metadata.get_object()[key] = std::move(value);
}

llm::ChatMessage to_chat(const Value& message) {
  return {.role = role_named(role_of(message)),
          .content = text_of(message),
          .reasoning = std::string(text_at(message, "reasoning")),
          .tool_calls = calls_of(message),
          .tool_call_id = std::string(answers_of(message)),
          .name = std::string(name_of(message))};
}

Object from_reply(const llm::ChatReply& reply, std::string_view name) {
  Object out = assistant_message(reply.content, name, reply.tool_calls);
  if (!reply.reasoning.empty()) out["reasoning"] = reply.reasoning;
  return out;
}

}  // namespace docmind::supervisor

// The messages of a conversation, as the state of a graph keeps them: JSON objects in a kMessages channel, and the one
// place where they become an llm::ChatMessage and come back.
//
//   {"id": "...", "role": "system" | "user" | "assistant" | "tool", "content": text or a list of blocks,
//    "name": who speaks, "tool_calls": [{"id", "name", "arguments": JSON text as the model wrote it}],
//    "tool_call_id": what a tool answers, "reasoning": text, "response_metadata": {...}}
//
// All but role and content may be missing; the channel gives the id. Blocks are {"type": "text", "text": ...} or
// something else that no model is shown. What is read may have any shape: a wrong one counts as missing.
//
// Pure functions.
#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "llm/chat_model.h"

namespace docmind::supervisor {

using graph::Array;
using graph::Object;
using graph::State;
using graph::Value;

// Keys of response_metadata.
inline constexpr std::string_view kHandoffTo = "__handoff_destination";  // A tool's answer: the agent or agents called.
inline constexpr std::string_view kHandoffBack = "__is_handoff_back";  // Says that a worker is done, and nothing else.
inline constexpr std::string_view kDegraded = "degraded";              // [{"agent", "reason"}]: not as it should be.

Object system_message(std::string_view text);
Object user_message(std::string_view text, std::string_view name = {});
Object assistant_message(std::string_view text, std::string_view name = {},
                         const std::vector<llm::ToolCall>& calls = {});
Object tool_message(const llm::ToolCall& answered, std::string_view text);

// Empty when there is none. Views live as long as the message.
std::string_view id_of(const Value& message);
std::string_view role_of(const Value& message);
std::string_view name_of(const Value& message);
std::string_view answers_of(const Value& message);  // tool_call_id.
std::string text_of(const Value& message);          // Text blocks joined.
std::vector<llm::ToolCall> calls_of(const Value& message);
const Value& metadata_of(const Value& message, std::string_view key);  // Null when there is none.
Array messages_in(const graph::Update& update);                        // All that it writes to "messages".

bool is_assistant(const Value& message);
bool is_tool(const Value& message);
bool is_handoff_back(const Value& message);
bool is_empty(const Value& message);  // Neither text nor calls.

void set_calls(Object& message, const std::vector<llm::ToolCall>& calls);
void set_metadata(Object& message, std::string_view key, Value value);

llm::ChatMessage to_chat(const Value& message);
Object from_reply(const llm::ChatReply& reply, std::string_view name);

}  // namespace docmind::supervisor

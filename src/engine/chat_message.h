// The messages of a conversation are those of the contract (llm/chat_message.h).
#pragma once
#include "llm/chat_message.h"

namespace docmind::engine {

using llm::ChatMessage;
using llm::name;
using llm::Role;
using llm::ToolCall;

}  // namespace docmind::engine

// What a model may be shown of a conversation: histories made whole, and cut to a length without splitting what belongs
// together.
//
// Pure functions.
#pragma once
#include <cstddef>
#include <vector>

#include "supervisor/message.h"

namespace docmind::supervisor {

// Every tool call is followed by exactly one answer, in the order of the calls; one that nobody answered gets an
// answer that says so. Answers to nothing and messages without text and calls are left out; an answer without text
// gets one. An id that a later message uses again belongs to that one.
Array repaired(const Array& messages);

// At most `most` of a repaired history, the newest: system messages at its beginning stay, calls and their answers
// stay together (the newest such group stays even if it is longer), and when no question of the user is left the last
// one is put before the rest.
Array trimmed(const Array& messages, std::size_t most);

// Calls of the last assistant message that no message after it answers. None when a user speaks after it.
struct Pending {
  std::size_t at = 0;  // Of the assistant message in the list; meaningless without calls.
  std::vector<llm::ToolCall> calls{};
};
Pending pending_calls(const Array& messages);

}  // namespace docmind::supervisor

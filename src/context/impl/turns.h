// What of a conversation may go, and in which order, so that no message is torn from what it belongs to.
//
// An atom is the least that goes: one message, or an assistant's tool calls with everything up to their last result
// (a result belongs to the nearest earlier call of its id; one without an id, to the nearest calls). System messages
// are in no atom: they stay. A step is what goes at once: first the turns, oldest first (a turn starts with a user's
// message, so what stays starts with one, as templates want it), then, within the newest turn, its atoms but the one
// with the newest user's message and the last.
//
// Pure functions.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "llm/chat_message.h"

namespace docmind::context {

struct Atom {
  std::size_t begin = 0;  // Messages [begin, end), system messages among them not meant.
  std::size_t end = 0;
  bool operator==(const Atom&) const = default;
};

std::vector<Atom> atoms(std::span<const llm::ChatMessage> messages);

// The steps in order; each names messages [begin, end) without its system messages.
std::vector<Atom> steps(std::span<const llm::ChatMessage> messages);

}  // namespace docmind::context

// Earlier turns of a conversation as a chat model is shown them: what was asked and what was answered, without
// passages. They stand behind the documents and before the passages, so a turn only appends to the prompts' shared
// beginning. Values and a pure function.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "llm/chat_model.h"

namespace docmind::agents {

struct HistoryTurn {
  std::string question{};                // As it was searched.
  std::string answer{};                  // Its text; not empty.
  std::vector<std::string> documents{};  // Ids of those whose words it may hold.
};

// Puts them in before the last message, which is the question. `history` from the oldest to the newest.
void add_history(std::span<const HistoryTurn> history, llm::ChatRequest& request);

}  // namespace docmind::agents

#include "agents/history.h"

#include <utility>

#include "base/check.h"

namespace docmind::agents {

void add_history(std::span<const HistoryTurn> history, llm::ChatRequest& request) {
  DM_CHECK(!request.messages.empty());
  llm::ChatMessage question = std::move(request.messages.back());
  request.messages.pop_back();
  for (const HistoryTurn& turn : history) {
    request.messages.push_back({.role = llm::Role::kUser, .content = turn.question});
    request.messages.push_back({.role = llm::Role::kAssistant, .content = turn.answer});
  }
  request.messages.push_back(std::move(question));
}

}  // namespace docmind::agents

// Who decides: rules, which is what an agent does without a chat model, or a chat model that is asked. Values.
#pragma once
#include <cstdint>
#include <string>

#include "llm/chat_model.h"

namespace docmind::agents {

enum class Policy : std::uint8_t { kRules, kModel };

struct Policies {
  Policy planner = Policy::kRules;
  Policy validator = Policy::kRules;
};

// What became of asking a chat model.
struct Decided {
  std::string fallback{};       // Why the rules decided all the same, or some of it: one sentence; else empty.
  std::uint32_t overruled = 0;  // Verdicts of the rules that it changed.
  llm::ChatUsage usage{};
};

}  // namespace docmind::agents

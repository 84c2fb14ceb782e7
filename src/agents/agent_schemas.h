// What each of the five agents takes and hands on, as JSON Schema: made from the types themselves (impl/described.h),
// so that neither can change without the other. Shown by `GET /api/agents`. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace docmind::agents {

struct AgentSchema {
  std::string_view agent;
  std::string input;  // JSON Schema of an object, as text.
  std::string output;
};

std::vector<AgentSchema> agent_schemas();  // In the order they work.

}  // namespace docmind::agents

// What tests of agents share: an engine whose seams stand still, and conversations as lines that can be compared.
#pragma once
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "graph/engine.h"
#include "graph/memory_saver.h"
#include "supervisor/react_agent.h"
#include "supervisor/testing/scripted_model.h"

namespace docmind::supervisor::testing {

using Lines = std::vector<std::string>;

// One message in one line: "ai math: text -> add{"a":1}#c1", "tool add: 3 <- c1", "human: hi". Ids of calls that begin
// with "call_" are made by us and shown as "#".
inline std::string shown_id(std::string_view id) { return id.starts_with("call_") ? "" : std::string(id); }
inline std::string line_of(const std::string& role, const std::string& name, const std::string& text,
                           const std::vector<llm::ToolCall>& calls, const std::string& answers) {
  std::string out = role == "user" ? "human" : role == "assistant" ? "ai" : role;
  if (!name.empty()) out += " " + name;
  out += ": " + text;
  for (const llm::ToolCall& one : calls) out += " -> " + one.name + one.arguments + "#" + shown_id(one.id);
  if (!answers.empty()) out += " <- " + shown_id(answers);
  return out;
}
inline Lines lines_of(const Array& messages) {
  Lines out;
  for (const Value& one : messages) {
    out.push_back(line_of(std::string(role_of(one)), std::string(name_of(one)), text_of(one), calls_of(one),
                          std::string(answers_of(one))));
  }
  return out;
}
// What a model was shown.
inline Lines lines_of(const llm::ChatRequest& request) {
  Lines out;
  for (const llm::ChatMessage& one : request.messages) {
    out.push_back(line_of(std::string(llm::name(one.role)), one.name, one.content, one.tool_calls, one.tool_call_id));
  }
  return out;
}
inline Lines tools_of(const llm::ChatRequest& request) {
  Lines out;
  for (const llm::ChatTool& tool : request.tools) out.push_back(tool.name);
  return out;
}

inline Tool tool(std::string name, ToolFunction run) {
  return {.definition = {.name = std::move(name), .description = "For tests.", .parameters = R"({"type":"object"})"},
          .run = std::move(run)};
}
// A tool that always says the same.
inline Tool telling(std::string name, std::string text) {
  return tool(std::move(name),
              [text = std::move(text)](const ToolInput&) -> Result<ToolAnswer> { return ToolAnswer{.text = text}; });
}

class Stage : public ::testing::Test {
 protected:
  using GraphPtr = std::shared_ptr<const graph::Graph>;

  static GraphPtr built(Result<GraphPtr> made) {
    EXPECT_TRUE(made) << made.error().message;
    return made ? *made : nullptr;
  }
  static Object asking(std::string_view question) { return {{"messages", Array{user_message(question)}}}; }
  Result<graph::RunResult> try_run(const GraphPtr& graph, Object input, graph::RunOptions options = {}) {
    return engine_.run(graph, graph::Input::values(std::move(input)), std::move(options));
  }
  graph::RunResult run(const GraphPtr& graph, Object input, graph::RunOptions options = {}) {
    Result<graph::RunResult> result = try_run(graph, std::move(input), std::move(options));
    if (result) return *std::move(result);
    ADD_FAILURE() << result.error().message;
    return {};
  }
  static Lines transcript(const graph::RunResult& result) { return lines_of(State(result.values).list("messages")); }

  ManualClock clock_;
  SeededRng rng_{1};
  graph::MemorySaver saver_;
  graph::Engine engine_{
      graph::Seams{.clock = clock_,
                   .rng = rng_,
                   .saver = &saver_,
                   .pause = [](Duration, const Deadline&, std::stop_token) -> Result<> { return {}; }}};
};

}  // namespace docmind::supervisor::testing

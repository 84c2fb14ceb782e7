// An agent: a model that answers, or calls tools, looks at what they say and goes on until it answers (ReAct). The
// result is a graph; the semantics are those of LangGraph's create_react_agent.
//
//   pre_model_hook → model → post_model_hook → tools (those of one message at the same time) → pre_model_hook ...
//                                            → structured_response → end
//
// Its channels: "messages" (message.h), "llm_input_messages" (what pre_model_hook wants this one call to see instead),
// "structured_response", "degraded" (a list of {"agent", "reason"}: where something other than the model had to decide,
// or the model said nothing), and those of the options. Every call of a tool is a task of its own, with its own
// interrupts and idempotency keys. While a text is written, its pieces go to Context::message() as
// {"agent": name, "text": piece}.
//
// What the model is sent is always a whole history (history.h). Its calls get ids of their own if it gave none or one
// twice. An answer without text becomes one that says so, and is marked as degraded.
//
// Thread safety: as a Graph. The model outlives it.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "llm/chat_model.h"
#include "supervisor/message.h"
#include "supervisor/tool.h"

namespace docmind::supervisor {

enum class AgentNames : std::uint8_t {
  kField,   // In a message's name, and nowhere else.
  kInline,  // In the text too (agent_name.h). The text is then not streamed.
};

enum class ParallelCalls : std::uint8_t {
  kOne,  // The first call of a message; the others are answered that they were not carried out.
  kAll,
};

enum class TrimMessages : std::uint8_t { kNo, kYes };

struct ResponseFormat {
  std::string schema{};  // JSON Schema; empty: no structured response.
  std::string prompt{};  // A system message for that one call; may be empty.
};

// The message (assistant_message()) that stands in for a model that failed or ran out of time: an answer, or calls, of
// agents too.
using Plan = std::function<Result<Object>(const State& state, const Error& why)>;

struct AgentOptions {
  std::string name{};    // Whose the messages are; may be empty.
  std::string prompt{};  // A system message before the others; may be empty.
  // In its place: all that the model is to see, made of the state, whose "messages" are whole and trimmed already.
  std::function<Result<Array>(const State&)> prompt_from{};
  std::vector<Tool> tools{};
  std::vector<graph::Channel> channels{};  // Besides those named above.
  ResponseFormat response_format{};
  graph::Node pre_model_hook{};  // Writes "messages" (stored) or "llm_input_messages" (not), and what else it likes.
  // May change the last message (same id), and so where it leads; or says where to go: Command::next, kEnd too.
  graph::Node post_model_hook{};
  AgentNames agent_names = AgentNames::kField;
  ParallelCalls parallel_calls = ParallelCalls::kAll;
  std::size_t max_parallel_calls = 3;  // At the same time, of one message; at least 1.
  std::size_t max_messages = 100;      // What the model is shown with kYes; at least 1.
  TrimMessages trim_messages = TrimMessages::kNo;
  graph::Retry model_retry{};
  Duration decision_timeout = Duration::zero();  // Of one call of the model; zero: none.
  Plan plan{};                                   // With a timeout and without a plan it says that it could not decide.
  Duration tool_timeout = Duration::zero();      // Of one call of a tool; zero: none. The model is told.
  std::size_t max_tool_bytes = 1U << 20U;        // Of an answer of a tool; what is more is cut off, and that is said.
  std::uint32_t max_tokens = 0;                  // As in llm::ChatRequest, for every call of the model.
  double temperature = 0;
  llm::ChatPriority priority = llm::ChatPriority::kNormal;
};

// kInvalidArgument: two tools of one name, a tool without a function, a schema that is no JSON, a limit of 0, channels
// by a name that is taken.
Result<std::shared_ptr<const graph::Graph>> react_agent(llm::ChatModel& model, AgentOptions options);

}  // namespace docmind::supervisor

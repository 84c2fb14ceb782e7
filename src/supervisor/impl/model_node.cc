// The nodes that ask the model.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <set>

#include "base/json.h"
#include "supervisor/agent_name.h"
#include "supervisor/history.h"
#include "supervisor/impl/agent_plan.h"

namespace docmind::supervisor::impl {
namespace {

constexpr std::string_view kNeedsMoreSteps = "Sorry, need more steps to process this request.";
constexpr std::string_view kSaidNothing = "Sorry, I have no answer.";
constexpr std::string_view kCouldNotDecide = "Sorry, I could not decide what to do.";

// Hands the pieces of a text on as they come.
class Telling final : public llm::TokenStream {
 public:
  Telling(graph::Context& context, std::string_view agent) : context_(context), agent_(agent) {}
  Result<> text(std::string_view piece) override {
    context_.message(Object{{"agent", agent_}, {"text", piece}});
    return {};
  }

 private:
  graph::Context& context_;
  std::string_view agent_;
};

Result<Array> prompted(const AgentPlan& plan, const State& state, Array messages) {
  if (plan.options.prompt_from) {
    Object all = state.all();
    all["messages"] = std::move(messages);
    return plan.options.prompt_from(State(all));
  }
  if (plan.options.prompt.empty()) return messages;
  Array out{system_message(plan.options.prompt)};
  for (Value& message : messages) out.push_back(std::move(message));
  return out;
}

llm::ChatRequest request_with(const AgentPlan& plan, const Array& messages) {
  llm::ChatRequest request{.max_tokens = plan.options.max_tokens,
                           .temperature = plan.options.temperature,
                           .priority = plan.options.priority};
  for (const Value& message : messages) request.messages.push_back(to_chat(message));
  return request;
}

Result<llm::ChatRequest> request_of(const AgentPlan& plan, const State& state) {
  const bool instead = state.has("llm_input_messages");
  Array messages = repaired(state.list(instead ? "llm_input_messages" : "messages"));
  if (plan.options.trim_messages == TrimMessages::kYes) messages = trimmed(messages, plan.options.max_messages);
  messages = DM_TRY(prompted(plan, state, std::move(messages)));
  if (plan.options.agent_names == AgentNames::kInline) {
    for (Value& message : messages) message = with_inline_name(std::move(message));
  }
  llm::ChatRequest request = request_with(plan, messages);
  for (const Tool& tool : plan.options.tools) request.tools.push_back(tool.definition);
  return request;
}

// Ids that the model left out, or gave twice, are made here: the same when the task is repeated.
void name_calls(std::vector<llm::ToolCall>& calls, const graph::Context& context) {
  std::set<std::string, std::less<>> seen;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (!calls[i].id.empty() && seen.insert(calls[i].id).second) continue;
    calls[i].id = "call_" + context.idempotency_key("call " + std::to_string(i)).substr(0, 24);
    seen.insert(calls[i].id);
  }
}

// Supersteps after this one until the model has seen what its calls brought.
std::uint32_t steps_needed(const AgentPlan& plan, const std::vector<llm::ToolCall>& calls) {
  if (calls.empty()) return 0;
  std::size_t ordinary = 0;
  for (const llm::ToolCall& call : calls) ordinary += plan.is_ordinary(call) ? 1 : 0;
  const std::size_t most = plan.options.max_parallel_calls;
  const std::size_t waves = std::max<std::size_t>(1, (ordinary + most - 1) / most);
  const std::size_t hooks = (plan.options.pre_model_hook ? 1 : 0) + (plan.options.post_model_hook ? 1 : 0);
  return static_cast<std::uint32_t>(std::min<std::size_t>(waves + hooks + 1, 1U << 20U));
}

// A new question of the user ends what was degraded about the one before.
bool begins_a_turn(const State& state) {
  const Array& messages = state.list("messages");
  return !messages.empty() && role_of(messages.back()) == "user" && !state.list("degraded").empty();
}

graph::Command said(const AgentPlan& plan, const State& state, Object message, std::string_view degraded) {
  graph::Command command;
  const bool fresh = begins_a_turn(state);
  Array so_far = fresh ? Array{} : state.list("degraded");
  if (fresh) command.update.set("degraded", Array{}, graph::Mode::kOverwrite);
  if (!degraded.empty()) {
    Object entry = degradation(plan.options.name, degraded);
    so_far.push_back(entry);
    command.update.set("degraded", Array{std::move(entry)});
  }
  if (!so_far.empty() && calls_of(message).empty()) set_metadata(message, kDegraded, std::move(so_far));
  command.update.set("messages", Array{std::move(message)});
  return command;
}

}  // namespace

Result<graph::Command> run_model(const AgentPlan& plan, const State& state, graph::Context& context) {
  const llm::ChatRequest request = DM_TRY(request_of(plan, state));
  const std::string& name = plan.options.name;
  Telling telling(context, name);
  const bool inlined = plan.options.agent_names == AgentNames::kInline;
  llm::ChatReply reply =
      DM_TRY(plan.model.chat(request, inlined ? nullptr : &telling, context.deadline(), context.stop()));
  if (context.remaining_steps() < steps_needed(plan, reply.tool_calls)) {
    return said(plan, state, assistant_message(kNeedsMoreSteps, name), {});
  }
  name_calls(reply.tool_calls, context);
  Object message = from_reply(reply, name);
  if (inlined) message = without_inline_name(std::move(message)).get_object();
  if (!is_empty(message)) return said(plan, state, std::move(message), {});
  message["content"] = kSaidNothing;
  return said(plan, state, std::move(message), "the model answered with nothing");
}

Result<graph::Command> stand_in_for_model(const AgentPlan& plan, const State& state, const Error& why) {
  if (why.code == Code::kCancelled) return why;
  Object message = plan.options.plan ? DM_TRY(plan.options.plan(state, why)) : assistant_message(kCouldNotDecide);
  message["role"] = "assistant";
  if (!plan.options.name.empty()) message["name"] = plan.options.name;
  if (is_empty(message)) message["content"] = kCouldNotDecide;
  return said(plan, state, std::move(message), why.message);
}

Result<graph::Command> run_structured(const AgentPlan& plan, const State& state, graph::Context& context) {
  Array messages = repaired(state.list("messages"));
  if (plan.options.trim_messages == TrimMessages::kYes) messages = trimmed(messages, plan.options.max_messages);
  const ResponseFormat& format = plan.options.response_format;
  if (!format.prompt.empty()) messages.insert(messages.begin(), system_message(format.prompt));
  llm::ChatRequest request = request_with(plan, messages);
  request.schema = format.schema;
  const llm::ChatReply reply = DM_TRY(plan.model.chat(request, nullptr, context.deadline(), context.stop()));
  Result<Value> response = parse_json(reply.content, {.depth = 40});
  if (!response) {
    return Error{Code::kDataLoss, "the structured response is no JSON: " + response.error().message,
                 "Give the model more tokens, or one that holds a text to a schema."};
  }
  return graph::Command{{std::string(kStructured), *std::move(response)}};
}

}  // namespace docmind::supervisor::impl

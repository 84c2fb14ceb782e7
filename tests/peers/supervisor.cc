// Plays a scripted scenario through our supervisor: JSON on the standard input, what came of it on the output. The
// other half of tests/peers/supervisor.py, which says what a scenario is.
#include "supervisor/supervisor.h"

#include <boost/json.hpp>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>

#include "base/json.h"
#include "base/json_members.h"
#include "base/rng.h"
#include "graph/engine.h"
#include "supervisor/testing/scripted_model.h"

namespace {

using namespace docmind;
using namespace docmind::supervisor;
using supervisor::testing::Line;
using supervisor::testing::ScriptedModel;

std::string text(const Value& object, std::string_view key) { return std::string(json_text(json_member(object, key))); }
bool flag(const Value& object, std::string_view key) { return json_flag(json_member(object, key)); }
const Array& list(const Value& object, std::string_view key) { return json_list(json_member(object, key)); }

Tool tool_named(const std::string& name) {
  Tool out{.definition = {.name = name, .description = "For comparison.", .parameters = R"({"type":"object"})"}};
  out.run = [name](const ToolInput& in) -> Result<ToolAnswer> {
    const State given(in.arguments);
    if (name == "add") return ToolAnswer{.text = std::to_string(given.integer("a") + given.integer("b"))};
    return ToolAnswer{.text = "said by " + name};
  };
  if (name == "last_word") out.afterwards = Afterwards::kEnd;
  return name == "forward_message" ? forward_message_tool("supervisor") : out;
}

std::vector<Line> script(const Value& replies) {
  std::vector<Line> out;
  for (const Value& reply : json_list(replies)) {
    Line line{.text = text(reply, "text")};
    for (const Value& call : list(reply, "calls")) {
      line.calls.push_back(
          {.id = text(call, "id"), .name = text(call, "name"), .arguments = to_text(json_member(call, "args"))});
    }
    out.push_back(std::move(line));
  }
  return out;
}

// By their names, the same on both sides.
graph::Node hook_named(const std::string& name) {
  if (name.empty()) return {};
  return [name](const State& state, graph::Context&) -> Result<graph::Command> {
    if (name == "shows_instead") return graph::Command{{"llm_input_messages", Array{user_message("in short")}}};
    if (name == "overwrites") {
      return graph::Command{{"messages", Array{graph::remove_all_messages(), user_message("in short")}}};
    }
    Object message = state.list("messages").back().get_object();  // "forbids"
    if (calls_of(message).empty()) return graph::Command();
    set_calls(message, {});
    message["content"] = "not allowed";
    return graph::Command{{"messages", Array{std::move(message)}}};
  };
}

class Play {
 public:
  Result<Value> run(const Value& scenario) {
    const auto graph = DM_TRY(supervisor_of(scenario));
    const graph::Engine engine(graph::Seams{.clock = clock_, .rng = rng_});
    Array messages;
    graph::RunResult result;
    for (const Value& turn : list(scenario, "turns")) {
      messages.push_back(user_message(json_text(turn)));
      graph::RunOptions options;
      options.metadata = {{"test_key", "test_value"}};
      result = DM_TRY(engine.run(graph, graph::Input::values({{"messages", messages}}), std::move(options)));
      messages = State(result.values).list("messages");
    }
    Array shown;
    for (const Value& message : messages) shown.push_back(show(to_chat(message)));
    return Value(Object{{"messages", std::move(shown)},
                        {"structured", State(result.values)["structured_response"]},
                        {"asked", asked()}});
  }

 private:
  ScriptedModel& model(const std::string& name, const Value& replies) {
    auto made = std::make_unique<ScriptedModel>(script(replies));
    return *(models_[name] = std::move(made));
  }

  static AgentOptions own(const Value& about) {
    AgentOptions out;
    out.name = text(about, "name");
    out.prompt = text(about, "prompt");
    for (const Value& name : list(about, "tools")) out.tools.push_back(tool_named(std::string(json_text(name))));
    if (flag(about, "inline")) out.agent_names = AgentNames::kInline;
    out.pre_model_hook = hook_named(text(about, "pre_hook"));
    out.post_model_hook = hook_named(text(about, "post_hook"));
    out.response_format.schema = flag(about, "structured") ? R"({"type":"object"})" : "";
    return out;
  }

  Result<Agent> agent_of(const Value& about) {
    Agent out{.name = text(about, "name")};
    if (!list(about, "agents").empty()) {
      Value inner = about;
      inner.as_object()["name"] = text(about, "lead");
      out.graph = DM_TRY(supervisor_of(inner));
    } else if (!text(about, "function").empty()) {
      out.function = [says = text(about, "function")](const State&, graph::Context& context) -> Result<graph::Command> {
        const std::string key(State(context.metadata()).text("test_key"));
        return graph::Command{{"messages", Array{assistant_message(says + key)}}};
      };
    } else {
      out.graph = DM_TRY(react_agent(model(out.name, json_member(about, "model")), own(about)));
    }
    return out;
  }

  Result<std::shared_ptr<const graph::Graph>> supervisor_of(const Value& about) {
    std::vector<Agent> agents;
    for (const Value& one : list(about, "agents")) agents.push_back(DM_TRY(agent_of(one)));
    SupervisorOptions options{.agent = own(about)};
    options.agent.parallel_calls = flag(about, "parallel") ? ParallelCalls::kAll : ParallelCalls::kOne;
    if (flag(about, "full_history")) options.output_mode = OutputMode::kFullHistory;
    if (!text(about, "prefix").empty()) options.handoff_tool_prefix = text(about, "prefix");
    if (flag(about, "hide_handoffs")) options.handoff_messages = HandoffMessages::kLeaveOut;
    const Value& back = json_member(about, "handoff_back");
    if (back.is_bool())
      options.handoff_back_messages = back.get_bool() ? HandoffBackMessages::kKeep : HandoffBackMessages::kLeaveOut;
    ScriptedModel& says = model(options.agent.name, json_member(about, "model"));
    return make_supervisor(std::move(agents), says, std::move(options));
  }

  static Value show(const llm::ChatMessage& message) {
    Array calls;
    for (const llm::ToolCall& call : message.tool_calls) {
      calls.push_back(Object{{"name", call.name}, {"args", *parse_json(call.arguments)}, {"id", call.id}});
    }
    return Object{{"role", name(message.role)},
                  {"name", message.name},
                  {"text", message.content},
                  {"calls", std::move(calls)},
                  {"to", message.tool_call_id}};
  }

  Object asked() const {
    Object out;
    for (const auto& [name, model] : models_) {
      Array all;
      for (const llm::ChatRequest& request : model->asked) {
        Array shown;
        for (const llm::ChatMessage& message : request.messages) shown.push_back(show(message));
        all.push_back(std::move(shown));
      }
      out[name] = std::move(all);
    }
    return out;
  }

  ManualClock clock_;
  SeededRng rng_{1};
  std::map<std::string, std::unique_ptr<ScriptedModel>> models_;
};

}  // namespace

int main() {
  const std::string input{std::istreambuf_iterator<char>(std::cin), {}};
  const Result<Value> scenario = parse_json(input);
  Result<Value> played = scenario ? Play().run(*scenario) : scenario.error();
  const Value out = played ? *std::move(played) : Value(Object{{"error", played.error().message}});
  std::printf("%s\n", to_text(out).c_str());
  return 0;
}

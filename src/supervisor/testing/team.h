// Supervisors with scripted models, for their tests: the FAANG workflow of langgraph-supervisor's tests, and workers
// that say what they were told to.
#pragma once
#include <map>

#include "base/json_members.h"
#include "supervisor/supervisor.h"
#include "supervisor/testing/stage.h"

namespace docmind::supervisor::testing {

inline constexpr std::string_view kQuestion = "what's the combined headcount of the FAANG companies in 2024?";
inline constexpr std::string_view kTotal =
    "The combined headcount of the FAANG companies in 2024 is 1,977,586 employees.";
inline constexpr std::string_view kHeadcounts = "1. Facebook: 67,317\n2. Amazon: 1,551,000\n3. Apple: 164,000";

class SupervisorStage : public Stage {
 protected:
  static Line transfer(std::string agent, std::string id = "c1") {
    return calls({call("transfer_to_" + std::move(agent), std::move(id))});
  }

  // A worker with a scripted model of its own; model(name) finds it again.
  Agent worker(const std::string& name, std::vector<Line> lines, std::vector<Tool> tools = {},
               AgentNames names = AgentNames::kField) {
    models_[name] = std::make_unique<ScriptedModel>(std::move(lines));
    AgentOptions options;
    options.name = name;
    options.tools = std::move(tools);
    options.agent_names = names;
    return {.name = name, .graph = built(react_agent(*models_[name], std::move(options)))};
  }
  ScriptedModel& model(const std::string& name) { return *models_.at(name); }

  GraphPtr supervised(std::vector<Agent> agents, std::vector<Line> lines, SupervisorOptions options = {}) {
    models_["supervisor"] = std::make_unique<ScriptedModel>(std::move(lines));
    return built(make_supervisor(std::move(agents), *models_["supervisor"], std::move(options)));
  }

  static SupervisorOptions with(std::vector<Tool> tools) {
    SupervisorOptions options;
    options.agent.tools = std::move(tools);
    return options;
  }
  static SupervisorOptions parallel() {
    SupervisorOptions options;
    options.agent.parallel_calls = ParallelCalls::kAll;
    return options;
  }
  static SupervisorOptions dispatching() {
    SupervisorOptions options = parallel();
    options.handoff_tools = HandoffTools::kDispatch;
    return options;
  }

  GraphPtr faang(SupervisorOptions options, AgentNames workers = AgentNames::kField) {
    const auto add = tool("add", [](const ToolInput& in) -> Result<ToolAnswer> {
      const State given(in.arguments);
      return ToolAnswer{.text = std::to_string(given.integer("a") + given.integer("b"))};
    });
    const auto adds = [](std::string a, std::string b, std::string id) {
      return call("add", std::move(id), R"({"a":)" + a + R"(,"b":)" + b + "}");
    };
    Agent math =
        worker("math_expert",
               {calls({adds("67317", "1551000", "m1"), adds("164000", "14000", "m2"), adds("181269", "0", "m3")}),
                calls({adds("1618317", "178000", "m4"), adds("181269", "0", "m5")}),
                calls({adds("1796317", "181269", "m6")}), says(std::string(kTotal))},
               {add}, workers);
    Agent research = worker("research_expert",
                            {calls({call("web_search", "r1", R"({"query":"FAANG"})")}), says(std::string(kHeadcounts))},
                            {telling("web_search", "found them")}, workers);
    return supervised({std::move(math), std::move(research)},
                      {transfer("research_expert", "s1"), transfer("math_expert", "s2"), says(std::string(kTotal))},
                      std::move(options));
  }

  static Lines back(const std::string& agent, const std::string& to = "supervisor") {
    return {"ai " + agent + ": Transferring back to " + to + " -> transfer_back_to_" + to + "{}#",
            "tool transfer_back_to_" + to + ": Successfully transferred back to " + to + " <- "};
  }
  static Lines joined(std::vector<Lines> parts) {
    Lines out;
    for (const Lines& part : parts) out.insert(out.end(), part.begin(), part.end());
    return out;
  }
  // The supervisor's call of one agent, and what it is answered.
  static Lines to(const std::string& agent, const std::string& id = "c1") {
    return {"ai supervisor:  -> transfer_to_" + agent + "{}#" + id,
            "tool transfer_to_" + agent + ": Successfully transferred to " + agent + " <- " + id};
  }

  std::map<std::string, std::unique_ptr<ScriptedModel>> models_;
};

}  // namespace docmind::supervisor::testing

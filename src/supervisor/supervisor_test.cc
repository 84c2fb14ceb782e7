// The cases of langgraph-supervisor's own tests and issues, message for message. tests/peers/supervisor.py runs the
// same scripts through the original.
#include "supervisor/supervisor.h"

#include "base/json.h"
#include "supervisor/testing/team.h"

namespace docmind::supervisor {
namespace {

using testing::call;
using testing::calls;
using testing::kHeadcounts;
using testing::kQuestion;
using testing::kTotal;
using testing::Lines;
using testing::lines_of;
using testing::says;
using testing::ScriptedModel;
using testing::telling;
using testing::tool;
using testing::tools_of;

class Supervisor : public testing::SupervisorStage {
 protected:
  static Lines faang_last_message() {
    return joined({{"human: " + std::string(kQuestion)},
                   to("research_expert", "s1"),
                   {"ai research_expert: " + std::string(kHeadcounts)},
                   back("research_expert"),
                   to("math_expert", "s2"),
                   {"ai math_expert: " + std::string(kTotal)},
                   back("math_expert"),
                   {"ai supervisor: " + std::string(kTotal)}});
  }
  static Lines faang_full_history() {
    return joined(
        {{"human: " + std::string(kQuestion)},
         to("research_expert", "s1"),
         {R"(ai research_expert:  -> web_search{"query":"FAANG"}#r1)", "tool web_search: found them <- r1",
          "ai research_expert: " + std::string(kHeadcounts)},
         back("research_expert"),
         to("math_expert", "s2"),
         {R"(ai math_expert:  -> add{"a":67317,"b":1551000}#m1 -> add{"a":164000,"b":14000}#m2)"
          R"( -> add{"a":181269,"b":0}#m3)",
          "tool add: 1618317 <- m1", "tool add: 178000 <- m2", "tool add: 181269 <- m3",
          R"(ai math_expert:  -> add{"a":1618317,"b":178000}#m4 -> add{"a":181269,"b":0}#m5)",
          "tool add: 1796317 <- m4", "tool add: 181269 <- m5", R"(ai math_expert:  -> add{"a":1796317,"b":181269}#m6)",
          "tool add: 1977586 <- m6", "ai math_expert: " + std::string(kTotal)},
         back("math_expert"),
         {"ai supervisor: " + std::string(kTotal)}});
  }
  static SupervisorOptions mode(OutputMode output) {
    SupervisorOptions options;
    options.output_mode = output;
    return options;
  }
  std::string mistake(std::vector<Agent> agents, SupervisorOptions options = {}) {
    ScriptedModel model({});
    const auto made = make_supervisor(std::move(agents), model, std::move(options));
    return made ? "none" : made.error().message;
  }
  static Result<graph::Command> nothing(const State&, graph::Context&) { return graph::Command(); }
};

TEST_F(Supervisor, S1FaangWorkflowLastMessage) {
  const Lines got = transcript(run(faang({}), asking(kQuestion)));
  EXPECT_EQ(got.size(), 12U);
  EXPECT_EQ(got, faang_last_message());
  EXPECT_EQ(tools_of(model("supervisor").asked.at(0)),
            (Lines{"transfer_to_math_expert", "transfer_to_research_expert"}));
  EXPECT_EQ(tools_of(model("math_expert").asked.at(0)), (Lines{"add"}));  // No worker ever sees a handoff tool.
}

TEST_F(Supervisor, S2FaangWorkflowFullHistory) {
  const Lines got = transcript(run(faang(mode(OutputMode::kFullHistory)), asking(kQuestion)));
  EXPECT_EQ(got.size(), 23U);
  EXPECT_EQ(got, faang_full_history());
}

TEST_F(Supervisor, S3FaangWorkflowWithInlineNamesLastMessage) {
  for (const AgentNames workers : {AgentNames::kField, AgentNames::kInline}) {
    SupervisorOptions options;
    options.agent.agent_names = AgentNames::kInline;
    EXPECT_EQ(transcript(run(faang(options, workers), asking(kQuestion))), faang_last_message());
    EXPECT_EQ(lines_of(model("supervisor").asked.at(1)).at(3),
              "ai research_expert: <name>research_expert</name><content>" + std::string(kHeadcounts) + "</content>");
    const bool inlined = workers == AgentNames::kInline;
    EXPECT_EQ(lines_of(model("math_expert").asked.at(0)).at(3),
              "ai research_expert: " +
                  (inlined ? "<name>research_expert</name><content>" + std::string(kHeadcounts) + "</content>"
                           : std::string(kHeadcounts)));
  }
}

TEST_F(Supervisor, S4FaangWorkflowWithInlineNamesFullHistory) {
  for (const AgentNames workers : {AgentNames::kField, AgentNames::kInline}) {
    SupervisorOptions options = mode(OutputMode::kFullHistory);
    options.agent.agent_names = AgentNames::kInline;
    EXPECT_EQ(transcript(run(faang(options, workers), asking(kQuestion))), faang_full_history());
  }
}

TEST_F(Supervisor, S5WorkerHideHandoffs) {
  SupervisorOptions options;
  options.handoff_messages = HandoffMessages::kLeaveOut;
  const auto graph =
      supervised({worker("echo_agent", {says("Echo 1!"), says("Echo 2!")})},
                 {transfer("echo_agent", "1"), says("boo"), transfer("echo_agent", "2"), says("END")}, options);
  const auto first = run(graph, asking("Scooby-dooby-doo"));
  EXPECT_EQ(lines_of(model("echo_agent").asked.at(0)), (Lines{"human: Scooby-dooby-doo"}));
  Array messages = State(first.values).list("messages");
  messages.push_back(user_message("Huh take two?"));
  run(graph, {{"messages", messages}});
  EXPECT_EQ(lines_of(model("echo_agent").asked.at(1)),
            (Lines{"human: Scooby-dooby-doo", "ai echo_agent: Echo 1!", "ai supervisor: boo", "human: Huh take two?"}));
}

class Forwarding : public Supervisor {
 protected:
  static testing::Line forward(std::string_view whom) {
    return calls({call("forward_message", "f", R"({"from_agent":")" + std::string(whom) + R"("})")});
  }
  static Lines forwarded() {
    return joined({{"human: Scooby-dooby-doo"},
                   to("echo_agent"),
                   {"ai echo_agent: Echo: test forwarding!"},
                   back("echo_agent"),
                   {"ai supervisor: Echo: test forwarding!"}});
  }
  Lines forwarding(std::string_view whom, std::vector<testing::Line> after = {}) {
    std::vector<testing::Line> lines{transfer("echo_agent"), forward(whom)};
    lines.insert(lines.end(), after.begin(), after.end());
    const auto graph = supervised({worker("echo_agent", {says("Echo: test forwarding!")})}, lines,
                                  with({forward_message_tool("supervisor")}));
    return transcript(run(graph, asking("Scooby-dooby-doo")));
  }
};

TEST_F(Forwarding, S6ForwardsAMessageWithoutAnotherCallOfTheModel) {
  EXPECT_EQ(forwarding("echo_agent"), forwarded());
  EXPECT_EQ(model("supervisor").asked.size(), 2U);
}

TEST_F(Forwarding, S7TheNameMayBeWrittenInAnyCase) { EXPECT_EQ(forwarding("Echo_AGENT"), forwarded()); }

TEST_F(Forwarding, S8AHandoffBackIsNoMessageToForward) {
  const Lines got = forwarding("echo_agent");
  EXPECT_EQ(got.back(), "ai supervisor: Echo: test forwarding!");
}

TEST_F(Forwarding, S9AnUnknownSourceIsToldWithTheNamesThatWereFound) {
  EXPECT_EQ(forwarding("nobody", {says("then I say it")}),
            joined({{"human: Scooby-dooby-doo"},
                    to("echo_agent"),
                    {"ai echo_agent: Echo: test forwarding!"},
                    back("echo_agent"),
                    {R"(ai supervisor:  -> forward_message{"from_agent":"nobody"}#f)",
                     "tool forward_message: Could not find message from source agent nobody. Found names: "
                     "{'echo_agent', 'supervisor'} <- f",
                     "ai supervisor: then I say it"}}));
}

TEST_F(Supervisor, S10MetadataReachesTheWorkers) {
  Agent tracking{.name = "test_agent", .function = [](const State&, graph::Context& context) -> Result<graph::Command> {
                   EXPECT_EQ(State(context.metadata()).text("test_key"), "test_value");
                   EXPECT_EQ(State(context.metadata()).integer("another_key"), 123);
                   return graph::Command{{"messages", Array{assistant_message("Test response")}}};
                 }};
  graph::RunOptions options;
  options.metadata = {{"test_key", "test_value"}, {"another_key", 123}};
  EXPECT_EQ(
      transcript(run(supervised({tracking}, {transfer("test_agent"), says("Final response")}), asking("q"), options)),
      joined({{"human: q"},
              to("test_agent"),
              {"ai: Test response"},
              back("test_agent"),
              {"ai supervisor: Final response"}}));
}

TEST_F(Supervisor, S11AFunctionIsAWorker) {
  Agent joker{.name = "joke_agent", .function = [](const State& state, graph::Context&) -> Result<graph::Command> {
                EXPECT_EQ(state.list("messages").size(), 3U);
                return graph::Command{{"messages", Array{assistant_message("step", "joke_agent"),
                                                         assistant_message("a joke", "joke_agent")}}};
              }};
  EXPECT_EQ(transcript(run(supervised({joker}, {transfer("joke_agent"), says("ha")}), asking("Tell me a joke!"))),
            joined({{"human: Tell me a joke!"},
                    to("joke_agent"),
                    {"ai joke_agent: a joke"},
                    back("joke_agent"),
                    {"ai supervisor: ha"}}));
}

TEST_F(Supervisor, S12AnAgentWithoutANameIsAnError) {
  EXPECT_EQ(mistake({{.name = "", .function = nothing}}), "please specify a name for every agent");
  EXPECT_EQ(mistake({{.name = "LangGraph", .function = nothing}}), "please specify a name for every agent");
}

TEST_F(Supervisor, S13TwoAgentsOfOneNameAreAnError) {
  EXPECT_EQ(mistake({{.name = "a", .function = nothing}, {.name = "a", .function = nothing}}),
            "an agent with the name 'a' already exists; agent names must be unique");
  EXPECT_EQ(mistake({{.name = "supervisor", .function = nothing}}),
            "an agent with the name 'supervisor' already exists; agent names must be unique");
}

TEST_F(Supervisor, S14AnUnknownOutputModeIsAnErrorWhenItIsBuilt) {
  EXPECT_EQ(mistake({{.name = "a", .function = nothing}}, mode(static_cast<OutputMode>(7))),
            "there is no such output_mode");
  EXPECT_EQ(output_mode_named("all_of_it").error().code, Code::kInvalidArgument);
  EXPECT_EQ(*output_mode_named("full_history"), OutputMode::kFullHistory);
  EXPECT_EQ(*output_mode_named("last_message"), OutputMode::kLastMessage);
  EXPECT_EQ(*output_mode_named("structured"), OutputMode::kStructured);
}

TEST_F(Supervisor, S15NamesAreNormalizedInTools) {
  EXPECT_EQ(normalized("  Math  Expert "), "math_expert");
  EXPECT_EQ(normalized("研究 员\t一"), "研究_员_一");
  EXPECT_EQ(handoff_tool({.agent = "  Math  Expert "}).definition.name, "transfer_to_math_expert");
  EXPECT_EQ(handoff_tool({.agent = "Math Expert"}).definition.description, "Ask agent 'Math Expert' for help");
  const auto graph = supervised({worker("Math Expert", {says("4")})}, {transfer("math_expert"), says("four")});
  EXPECT_EQ(transcript(run(graph, asking("2+2?"))),
            (Lines{"human: 2+2?", "ai supervisor:  -> transfer_to_math_expert{}#c1",
                   "tool transfer_to_math_expert: Successfully transferred to Math Expert <- c1", "ai Math Expert: 4",
                   "ai Math Expert: Transferring back to supervisor -> transfer_back_to_supervisor{}#",
                   "tool transfer_back_to_supervisor: Successfully transferred back to supervisor <- ",
                   "ai supervisor: four"}));
}

TEST_F(Supervisor, S15TwoAgentsWhoseToolsWouldBeCalledTheSameAreAnError) {
  EXPECT_EQ(mistake({{.name = "Math Expert", .function = nothing}, {.name = "math expert", .function = nothing}}),
            "two tools are called 'transfer_to_math_expert'");
}

TEST_F(Supervisor, S16ThePrefixIsTakenAsItIs) {
  SupervisorOptions options;
  options.handoff_tool_prefix = "delegate_to";
  supervised({worker("a", {})}, {}, options);
  const auto graph = supervised({worker("a", {says("x")})}, {calls({call("delegate_toa", "1")}), says("y")}, options);
  const Lines got = transcript(run(graph, asking("q")));
  EXPECT_EQ(got.at(2), "tool delegate_toa: Successfully transferred to a <- 1");
  EXPECT_EQ(tools_of(model("supervisor").asked.at(0)), (Lines{"delegate_toa"}));
}

TEST_F(Supervisor, S17HandoffToolsOfOnesOwnMustCallAllAgents) {
  const std::vector<Agent> agents{{.name = "a", .function = nothing}, {.name = "b", .function = nothing}};
  EXPECT_EQ(mistake(agents, with({handoff_tool({.agent = "a", .name = "ask_a"})})),
            "handoff tools must be given for all agents or for none; there is none for 'b'");
  EXPECT_EQ(mistake(agents, with({handoff_tool({.agent = "c"})})),
            "the tool 'transfer_to_c' calls 'c', which is no agent");
  const auto graph = supervised(agents, {says("done")},
                                with({handoff_tool({.agent = "a", .name = "ask_a"}), handoff_tool({.agent = "b"})}));
  run(graph, asking("q"));
  EXPECT_EQ(tools_of(model("supervisor").asked.at(0)), (Lines{"ask_a", "transfer_to_b"}));
}

TEST_F(Supervisor, S18AHandoffToolPassesATask) {
  const auto graph = supervised({worker("a", {says("found")})},
                                {calls({call("transfer_to_a", "1", R"({"task":"look at page 3"})")}), says("done")},
                                with({handoff_tool({.agent = "a", .task = TaskArgument::kText})}));
  const Lines kept = transcript(run(graph, asking("q")));
  EXPECT_EQ(lines_of(model("a").asked.at(0)),
            (Lines{"human: q", R"(ai supervisor:  -> transfer_to_a{"task":"look at page 3"}#1)",
                   "tool transfer_to_a: Successfully transferred to a <- 1", "human supervisor: look at page 3"}));
  EXPECT_EQ(kept.at(3), "ai a: found");  // The task's message is the worker's alone.
}

TEST_F(Supervisor, S18AHandoffToolOfOnesOwnWritesToChannelsThatWorkersShare) {
  Tool own = handoff_tool({.agent = "a"});
  own.run = [](const ToolInput& in) -> Result<ToolAnswer> {
    const Value& task = json_member(in.arguments, "task_description");
    if (task.is_null()) return Error{Code::kInvalidArgument, "task_description is missing"};
    return ToolAnswer{.text = "Over to a", .update = {{"task_description", task}}};
  };
  Agent reads{.name = "a", .function = [](const State& state, graph::Context&) -> Result<graph::Command> {
                return graph::Command{{"messages", Array{assistant_message(state.text("task_description"), "a")}}};
              }};
  SupervisorOptions options = with({own});
  options.agent.channels = {graph::last("task_description")};
  const auto graph = supervised({reads},
                                {calls({call("transfer_to_a", "1")}),
                                 calls({call("transfer_to_a", "2", R"({"task_description":"count"})")}), says("done")},
                                options);
  const Lines got = transcript(run(graph, asking("q")));
  EXPECT_EQ(got.at(2), "tool transfer_to_a: Error: task_description is missing\n Please fix your mistakes. <- 1");
  EXPECT_EQ(got.at(4), "tool transfer_to_a: Over to a <- 2");
  EXPECT_EQ(got.at(5), "ai a: count");
}

TEST_F(Supervisor, S19LastMessageWithATrailingToolMessageIsTwoMessages) {
  testing::Line with_call = calls({call("lookup", "1")});
  Tool last = telling("lookup", "the row");
  last.afterwards = Afterwards::kEnd;
  const auto graph = supervised({worker("a", {with_call}, {last})}, {transfer("a"), says("done")});
  EXPECT_EQ(transcript(run(graph, asking("q"))), joined({{"human: q"},
                                                         to("a"),
                                                         {"ai a:  -> lookup{}#1", "tool lookup: the row <- 1"},
                                                         back("a"),
                                                         {"ai supervisor: done"}}));
}

TEST_F(Supervisor, S20HandoffMessagesAreLeftOutAsIsSaid) {
  const auto got = [this](HandoffMessages there, HandoffBackMessages back) {
    SupervisorOptions options;
    options.handoff_messages = there;
    options.handoff_back_messages = back;
    return transcript(run(supervised({worker("a", {says("x")})}, {transfer("a"), says("done")}, options), asking("q")));
  };
  const Lines q{"human: q"};
  const Lines x{"ai a: x"};
  const Lines done{"ai supervisor: done"};
  EXPECT_EQ(got(HandoffMessages::kLeaveOut, HandoffBackMessages::kAsHandoffs), joined({q, x, done}));
  EXPECT_EQ(got(HandoffMessages::kLeaveOut, HandoffBackMessages::kKeep), joined({q, x, back("a"), done}));
  EXPECT_EQ(got(HandoffMessages::kKeep, HandoffBackMessages::kLeaveOut), joined({q, to("a"), x, done}));
  EXPECT_EQ(got(HandoffMessages::kKeep, HandoffBackMessages::kAsHandoffs), joined({q, to("a"), x, back("a"), done}));
}

TEST_F(Supervisor, S26ASupervisorIsAWorkerAndEachGivesBackToItsOwnParent) {
  ScriptedModel lead({transfer("a", "i1"), says("team says x")});
  SupervisorOptions inner;
  inner.agent.name = "team_lead";
  const auto team = built(make_supervisor({worker("a", {says("x")})}, lead, inner));
  const auto graph = supervised({{.name = "team", .graph = team}}, {transfer("team", "o1"), says("done")});
  EXPECT_EQ(
      transcript(run(graph, asking("q"))),
      joined({{"human: q"}, to("team", "o1"), {"ai team_lead: team says x"}, back("team"), {"ai supervisor: done"}}));
  EXPECT_EQ(lines_of(lead.asked.at(1)),
            joined({{"human: q"},
                    to("team", "o1"),
                    {"ai team_lead:  -> transfer_to_a{}#i1", "tool transfer_to_a: Successfully transferred to a <- i1",
                     "ai a: x", "ai a: Transferring back to team_lead -> transfer_back_to_team_lead{}#",
                     "tool transfer_back_to_team_lead: Successfully transferred back to "
                     "team_lead <- "}}));
}

TEST_F(Supervisor, S30AResponseFormatFillsStructuredResponseAtTheEnd) {
  SupervisorOptions options;
  options.agent.response_format.schema = R"({"type":"object"})";
  const auto graph =
      supervised({worker("a", {says("x")})}, {transfer("a"), says("done"), says(R"({"answer":"x"})")}, options);
  const auto result = run(graph, asking("q"));
  EXPECT_EQ(to_text(result.values.at("structured_response")), R"({"answer":"x"})");
  EXPECT_EQ(transcript(result), joined({{"human: q"}, to("a"), {"ai a: x"}, back("a"), {"ai supervisor: done"}}));
}

TEST_F(Supervisor, S30AWorkersStructuredResponseIsShownInStructuredModeAndStaysItsOwn) {
  ScriptedModel model({says("it is 4"), says(R"({"n":4})")});
  AgentOptions counts;
  counts.name = "a";
  counts.response_format.schema = "{}";
  const auto result =
      run(supervised({{.name = "a", .graph = built(react_agent(model, counts))}, worker("b", {says("plain")})},
                     {transfer("a", "1"), transfer("b", "2"), says("done")}, mode(OutputMode::kStructured)),
          asking("q"));
  EXPECT_EQ(transcript(result), joined({{"human: q"},
                                        to("a", "1"),
                                        {R"(ai a: {"n":4})"},
                                        back("a"),
                                        to("b", "2"),
                                        {"ai b: plain"},
                                        back("b"),
                                        {"ai supervisor: done"}}));
  EXPECT_TRUE(State(result.values)["structured_response"].is_null());
}

TEST_F(Supervisor, ToolsOfItsOwnAnswerBeforeItHandsOver) {
  const auto graph = supervised({worker("a", {says("x")})}, {calls({call("clock", "1")}), transfer("a"), says("done")},
                                with({telling("clock", "noon")}));
  EXPECT_EQ(transcript(run(graph, asking("q"))),
            joined({{"human: q", "ai supervisor:  -> clock{}#1", "tool clock: noon <- 1"},
                    to("a"),
                    {"ai a: x"},
                    back("a"),
                    {"ai supervisor: done"}}));
  EXPECT_EQ(tools_of(model("supervisor").asked.at(0)), (Lines{"clock", "transfer_to_a"}));
}

TEST_F(Supervisor, AConversationGoesOnOverTurnsAndHooksRunForTheSupervisor) {
  SupervisorOptions options;
  options.agent.pre_model_hook = [](const State& state, graph::Context&) -> Result<graph::Command> {
    if (state.list("messages").size() < 6) return graph::Command();
    return graph::Command{
        {"messages", Array{graph::remove_all_messages(), user_message("in short"), state.list("messages").back()}}};
  };
  const auto graph = supervised({worker("a", {says("x")})}, {transfer("a"), says("done"), says("again")}, options);
  graph::RunOptions on;
  on.thread = "t";
  // The hook's overwriting reaches the conversation itself, not only the supervisor's view of it.
  EXPECT_EQ(transcript(run(graph, asking("q"), on)),
            (Lines{"human: in short", back("a").at(1), "ai supervisor: done"}));
  EXPECT_EQ(transcript(run(graph, asking("more"), on)),
            (Lines{"human: in short", back("a").at(1), "ai supervisor: done", "human: more", "ai supervisor: again"}));
}

TEST_F(Supervisor, WhatIsStoredGrowsWithWhatIsSaid) {
  std::vector<testing::Line> lines;
  std::vector<testing::Line> answers;
  for (int turn = 0; turn < 60; ++turn) {
    lines.push_back(transfer("a", std::to_string(turn)));
    lines.push_back(says("done"));
    answers.push_back(says("x" + std::to_string(turn)));
  }
  const auto graph = supervised({worker("a", answers)}, lines);
  graph::RunOptions on;
  on.thread = "t";
  for (int turn = 0; turn < 60; ++turn) run(graph, asking("q"), on);
  const auto last = *saver_.get({"t", ""}, "", {});
  std::size_t stored = 0;
  for (const graph::Piece& piece : last->channels.at("messages")) stored += piece.value.as_array().size();
  EXPECT_EQ(stored, 60U * 7U);  // Every message once: nobody writes again what was there.
}

TEST_F(Supervisor, WorkersAndSupervisorStreamUnderTheirNames) {
  std::string heard;
  graph::RunOptions options;
  options.listening = {graph::Stream::kMessages, [&](const graph::Event& event) {
                         heard += event.space + " " + std::string(State(event.data.get_object()).text("agent")) + ": " +
                                  std::string(State(event.data.get_object()).text("text")) + "\n";
                       }};
  run(supervised({worker("a", {says("xy")})}, {transfer("a"), says("done")}), asking("q"), options);
  EXPECT_EQ(heard, "a a: x\na a: y\nsupervisor supervisor: do\nsupervisor supervisor: ne\n");
}

}  // namespace
}  // namespace docmind::supervisor

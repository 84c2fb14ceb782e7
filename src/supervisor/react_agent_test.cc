#include "supervisor/react_agent.h"

#include <latch>

#include "base/json.h"
#include "supervisor/testing/stage.h"

namespace docmind::supervisor {
namespace {

using testing::call;
using testing::calls;
using testing::Lines;
using testing::lines_of;
using testing::says;
using testing::ScriptedModel;
using testing::telling;
using testing::tool;
using testing::tools_of;

class ReactAgent : public testing::Stage {
 protected:
  static AgentOptions named(std::string name, std::vector<Tool> tools = {}) {
    AgentOptions options;
    options.name = std::move(name);
    options.tools = std::move(tools);
    return options;
  }
};

TEST_F(ReactAgent, AnswersWithoutTools) {
  ScriptedModel model({says("hello")});
  AgentOptions options = named("greeter");
  options.prompt = "Be kind.";
  EXPECT_EQ(transcript(run(built(react_agent(model, options)), asking("hi"))),
            (Lines{"human: hi", "ai greeter: hello"}));
  EXPECT_EQ(lines_of(model.asked.at(0)), (Lines{"system: Be kind.", "human: hi"}));
}

TEST_F(ReactAgent, ToolsOfOneMessageAnswerInTheOrderOfTheCalls) {
  ScriptedModel model({calls({call("b", "1"), call("a", "2"), call("b", "3")}), says("done")});
  const auto graph = built(react_agent(model, named("w", {telling("a", "from a"), telling("b", "from b")})));
  EXPECT_EQ(transcript(run(graph, asking("q"))),
            (Lines{"human: q", "ai w:  -> b{}#1 -> a{}#2 -> b{}#3", "tool b: from b <- 1", "tool a: from a <- 2",
                   "tool b: from b <- 3", "ai w: done"}));
  EXPECT_EQ(tools_of(model.asked.at(1)), (Lines{"a", "b"}));
}

TEST_F(ReactAgent, AtMostSoManyToolsRunInOneStep) {
  std::vector<llm::ToolCall> seven;
  for (int i = 0; i < 7; ++i) seven.push_back(call("t", std::to_string(i)));
  ScriptedModel model({calls(seven), says("done")});
  const auto graph = built(react_agent(model, named("w", {telling("t", "x")})));
  std::map<std::int64_t, int> starts;
  graph::RunOptions options;
  options.listening = {graph::Stream::kTasks, [&](const graph::Event& event) {
                         if (event.node == "tools" && State(event.data.get_object()).text("event") == "start")
                           ++starts[event.step];
                       }};
  EXPECT_EQ(transcript(run(graph, asking("q"), options)).size(), 10U);
  std::vector<int> waves;
  for (const auto& [step, count] : starts) waves.push_back(count);
  EXPECT_EQ(waves, (std::vector<int>{3, 3, 1}));
}

TEST_F(ReactAgent, S31TooFewStepsLeftForTools) {
  // LangGraph says this at even limits and fails at odd ones; here it always says it.
  for (const std::uint32_t limit : {1U, 2U, 3U, 4U, 5U, 6U}) {
    ScriptedModel model({calls({call("t", "1")}), calls({call("t", "2")}), calls({call("t", "3")})});
    graph::RunOptions options;
    options.recursion_limit = limit;
    const Lines got = transcript(run(built(react_agent(model, named("w", {telling("t", "x")}))), asking("q"), options));
    EXPECT_EQ(got.back(), "ai w: Sorry, need more steps to process this request.");
    EXPECT_EQ(got.size(), 2 + 2 * ((limit - 1) / 2));
  }
}

TEST_F(ReactAgent, S32AnUnknownToolAndAFailingOneAreToldAndTheLoopGoesOn) {
  ScriptedModel model(
      {calls({call("nope", "1"), call("bad", "2"), call("bad", "3", "{not json"), call("bad", "4", "[1]")}),
       says("sorry")});
  const auto bad = tool("bad", [](const ToolInput&) -> Result<ToolAnswer> {
    return Error{Code::kInvalidArgument, "x must be positive"};
  });
  const Lines got = transcript(run(built(react_agent(model, named("w", {bad, telling("ok", "")}))), asking("q")));
  ASSERT_EQ(got.size(), 7U);
  EXPECT_EQ(got[2], "tool nope: Error: nope is not a valid tool, try one of [bad, ok]. <- 1");
  EXPECT_EQ(got[3], "tool bad: Error: x must be positive\n Please fix your mistakes. <- 2");
  EXPECT_TRUE(got[4].starts_with("tool bad: Error: the arguments of bad: ")) << got[4];
  EXPECT_EQ(got[5], "tool bad: Error: the arguments of bad are no object\n Please fix your mistakes. <- 4");
  EXPECT_EQ(got[6], "ai w: sorry");
}

TEST_F(ReactAgent, AToolGetsItsArgumentsAndTheChannelsItSees) {
  ScriptedModel model({calls({call("t", "1", R"({"n":2})")}), says("done")});
  Tool adds = tool("t", [](const ToolInput& in) -> Result<ToolAnswer> {
    EXPECT_FALSE(in.state.has("secret"));
    EXPECT_FALSE(in.state.has("messages"));
    return ToolAnswer{.text = "ok", .update = {{"sum", State(in.arguments).integer("n") + in.state.integer("base")}}};
  });
  adds.sees = {"base"};
  AgentOptions options = named("w", {adds});
  options.channels = {graph::last("base"), graph::last("sum"), graph::last("secret")};
  Object input = asking("q");
  input["base"] = 40;
  input["secret"] = true;
  EXPECT_EQ(run(built(react_agent(model, options)), input).values.at("sum").as_int64(), 42);
}

TEST_F(ReactAgent, ToolsOfOneMessageRunAtTheSameTime) {
  // Each waits for the two others: one after the other they would wait for ever.
  std::latch all(3);
  const auto meets = tool("meet", [&](const ToolInput&) -> Result<ToolAnswer> {
    all.arrive_and_wait();
    return ToolAnswer{.text = "met"};
  });
  ScriptedModel model({calls({call("meet", "1"), call("meet", "2"), call("meet", "3")}), says("done")});
  const auto pool = *exec::Pool::open({.threads = 3});
  const graph::Engine engine(graph::Seams{.clock = clock_, .rng = rng_, .pool = pool.get()});
  const auto result = engine.run(built(react_agent(model, named("w", {meets}))), graph::Input::values(asking("q")), {});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(transcript(*result).back(), "ai w: done");
}

TEST_F(ReactAgent, AToolsAnswerIsBoundedAndWellFormed) {
  ScriptedModel model({calls({call("long", "1"), call("broken", "2")}), says("done")});
  AgentOptions options = named("w", {telling("long", "一二三四五"), telling("broken", "a\xff")});
  options.max_tool_bytes = 7;
  const Lines got = transcript(run(built(react_agent(model, options)), asking("q")));
  EXPECT_EQ(got.at(2), "tool long: 一二\n(cut off here: 15 bytes in all) <- 1");
  EXPECT_EQ(got.at(3), "tool broken: a\xEF\xBF\xBD <- 2");
}

TEST_F(ReactAgent, AToolMayEndTheConversation) {
  ScriptedModel model({calls({call("t", "1")})});
  Tool last = telling("t", "the answer");
  last.afterwards = Afterwards::kEnd;
  EXPECT_EQ(transcript(run(built(react_agent(model, named("w", {last}))), asking("q"))),
            (Lines{"human: q", "ai w:  -> t{}#1", "tool t: the answer <- 1"}));
}

TEST_F(ReactAgent, AToolAsksAPersonAndGoesOnWithTheAnswer) {
  ScriptedModel model({calls({call("ask", "1"), call("other", "2")}), says("done")});
  int others = 0;
  const auto ask = tool("ask", [](const ToolInput& in) -> Result<ToolAnswer> {
    const Value answer = DM_TRY(in.context.interrupt("may I?"));
    return ToolAnswer{.text = std::string(answer.as_string())};
  });
  const auto other = tool("other", [&](const ToolInput&) -> Result<ToolAnswer> {
    ++others;
    return ToolAnswer{.text = "once"};
  });
  const auto graph = built(react_agent(model, named("w", {ask, other})));
  graph::RunOptions options;
  options.thread = "t";
  EXPECT_EQ(run(graph, asking("q"), options).interrupts.size(), 1U);
  const auto resumed = engine_.run(graph, graph::Input::resume("you may"), options);
  ASSERT_TRUE(resumed) << resumed.error().message;
  EXPECT_EQ(transcript(*resumed), (Lines{"human: q", "ai w:  -> ask{}#1 -> other{}#2", "tool ask: you may <- 1",
                                         "tool other: once <- 2", "ai w: done"}));
  EXPECT_EQ(others, 1);
}

TEST_F(ReactAgent, S24OnlyTheFirstCallIsCarriedOutAndTheOthersAreAnswered) {
  ScriptedModel model({calls({call("t", "1"), call("t", "2")}), says("done")});
  AgentOptions options = named("w", {telling("t", "x")});
  options.parallel_calls = ParallelCalls::kOne;
  EXPECT_EQ(transcript(run(built(react_agent(model, options)), asking("q"))),
            (Lines{"human: q", "ai w:  -> t{}#1 -> t{}#2", "tool t: x <- 1",
                   "tool t: Error: 't' was not carried out: only one call at a time. Call it again if it is still "
                   "needed. <- 2",
                   "ai w: done"}));
}

TEST_F(ReactAgent, S27LlmInputMessagesAreNotStored) {
  ScriptedModel model({says("short")});
  AgentOptions options = named("w");
  options.pre_model_hook = [](const State&, graph::Context&) -> Result<graph::Command> {
    return graph::Command{{"llm_input_messages", Array{user_message("a summary")}}};
  };
  EXPECT_EQ(transcript(run(built(react_agent(model, options)), asking("a long story"))),
            (Lines{"human: a long story", "ai w: short"}));
  EXPECT_EQ(lines_of(model.asked.at(0)), (Lines{"human: a summary"}));
}

TEST_F(ReactAgent, S27TheHookRunsBeforeEveryCallOfTheModel) {
  ScriptedModel model({calls({call("t", "1")}), says("done")});
  AgentOptions options = named("w", {telling("t", "x")});
  int hooked = 0;
  options.pre_model_hook = [&](const State& state, graph::Context&) -> Result<graph::Command> {
    ++hooked;
    EXPECT_FALSE(state.has("llm_input_messages"));
    if (hooked == 2) return graph::Command{};
    return graph::Command{{"llm_input_messages", Array{user_message("first")}}};
  };
  run(built(react_agent(model, options)), asking("q"));
  EXPECT_EQ(hooked, 2);
  EXPECT_EQ(lines_of(model.asked.at(1)), (Lines{"human: q", "ai w:  -> t{}#1", "tool t: x <- 1"}));
}

TEST_F(ReactAgent, S28MessagesWithRemoveAllOverwrite) {
  ScriptedModel model({says("short")});
  AgentOptions options = named("w");
  options.pre_model_hook = [](const State&, graph::Context&) -> Result<graph::Command> {
    return graph::Command{{"messages", Array{graph::remove_all_messages(), user_message("a summary")}}};
  };
  EXPECT_EQ(transcript(run(built(react_agent(model, options)), asking("a long story"))),
            (Lines{"human: a summary", "ai w: short"}));
  EXPECT_EQ(lines_of(model.asked.at(0)), (Lines{"human: a summary"}));
}

TEST_F(ReactAgent, S29ThePostModelHookCanEndAndChangeWhereItGoes) {
  // Ends, though the model wants a tool; what is left unanswered is repaired when a model sees it.
  ScriptedModel ends({calls({call("t", "1")}), says("never")});
  AgentOptions options = named("w", {telling("t", "x")});
  options.post_model_hook = [](const State&, graph::Context&) -> Result<graph::Command> {
    graph::Command command;
    command.next = {std::string(graph::kEnd)};
    return command;
  };
  EXPECT_EQ(transcript(run(built(react_agent(ends, options)), asking("q"))), (Lines{"human: q", "ai w:  -> t{}#1"}));

  // Takes the call away: the conversation ends with the text in its place.
  ScriptedModel changes({calls({call("t", "1")})});
  options.post_model_hook = [](const State& state, graph::Context&) -> Result<graph::Command> {
    Object message = state.list("messages").back().get_object();
    set_calls(message, {});
    message["content"] = "not allowed";
    return graph::Command{{"messages", Array{std::move(message)}}};
  };
  EXPECT_EQ(transcript(run(built(react_agent(changes, options)), asking("q"))),
            (Lines{"human: q", "ai w: not allowed"}));

  // Sends the model back once.
  ScriptedModel again({says("bad"), says("good")});
  options.post_model_hook = [](const State& state, graph::Context&) -> Result<graph::Command> {
    graph::Command command;
    if (text_of(state.list("messages").back()) == "bad") command.next = {"model"};
    return command;
  };
  EXPECT_EQ(transcript(run(built(react_agent(again, options)), asking("q"))),
            (Lines{"human: q", "ai w: bad", "ai w: good"}));
}

TEST_F(ReactAgent, S30AResponseFormatFillsStructuredResponse) {
  ScriptedModel model({says("it is 4"), says(R"({"n":4})")});
  AgentOptions options = named("w");
  options.prompt = "Count.";
  options.response_format = {.schema = R"({"type":"object"})", .prompt = "Only the number."};
  const auto result = run(built(react_agent(model, options)), asking("2+2?"));
  EXPECT_EQ(to_text(result.values.at("structured_response")), R"({"n":4})");
  EXPECT_EQ(transcript(result), (Lines{"human: 2+2?", "ai w: it is 4"}));
  EXPECT_TRUE(model.asked.at(0).schema.empty());
  EXPECT_EQ(model.asked.at(1).schema, R"({"type":"object"})");
  EXPECT_EQ(lines_of(model.asked.at(1)), (Lines{"system: Only the number.", "human: 2+2?", "ai w: it is 4"}));
}

TEST_F(ReactAgent, S30AStructuredResponseThatIsNoJsonIsATypedError) {
  ScriptedModel model({says("it is 4"), says("four")});
  AgentOptions options = named("w");
  options.response_format.schema = "{}";
  EXPECT_EQ(try_run(built(react_agent(model, options)), asking("2+2?")).error().code, Code::kDataLoss);
}

TEST_F(ReactAgent, S33AnOrphanOfTheCallersIsNeverSent) {
  ScriptedModel model({says("fine")});
  const Object input{{"messages", Array{user_message("q"), assistant_message("", "w", {call("t", "1")}),
                                        tool_message(call("t", "7"), "whose?"), user_message("and now?")}}};
  run(built(react_agent(model, named("w", {telling("t", "x")}))), input);
  EXPECT_EQ(
      lines_of(model.asked.at(0)),
      (Lines{"human: q", "ai w:  -> t{}#1", "tool t: Error: this call was not carried out. <- 1", "human: and now?"}));
}

TEST_F(ReactAgent, CallsWithoutIdsOrWithTheSameGetTheirOwn) {
  ScriptedModel model({calls({call("t", ""), call("t", "x"), call("t", "x")}), says("done")});
  const auto result = run(built(react_agent(model, named("w", {telling("t", "y")}))), asking("q"));
  const Array& messages = State(result.values).list("messages");
  ASSERT_EQ(messages.size(), 6U);
  std::set<std::string> ids;
  for (const llm::ToolCall& one : calls_of(messages[1])) ids.insert(one.id);
  EXPECT_EQ(ids.size(), 3U);
  EXPECT_FALSE(ids.contains(""));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(calls_of(messages[1])[i].id, answers_of(messages[2 + i]));
}

TEST_F(ReactAgent, AModelThatSaysNothingIsMarkedAndNothingEmptyIsStored) {
  ScriptedModel model({says(""), says("better")});
  const auto graph = built(react_agent(model, named("w")));
  graph::RunOptions options;
  options.thread = "t";
  const auto first = run(graph, asking("q"), options);
  EXPECT_EQ(transcript(first), (Lines{"human: q", "ai w: Sorry, I have no answer."}));
  EXPECT_EQ(to_text(first.values.at("degraded")), R"([{"agent":"w","reason":"the model answered with nothing"}])");
  // The next question starts with a clean sheet.
  const auto second = run(graph, asking("again"), options);
  EXPECT_EQ(to_text(second.values.at("degraded")), "[]");
  EXPECT_TRUE(metadata_of(State(second.values).list("messages").back(), kDegraded).is_null());
}

TEST_F(ReactAgent, TrimmedToMaxMessages) {
  Array messages;
  for (int i = 0; i < 500; ++i) messages.push_back(i % 2 == 0 ? user_message("q") : assistant_message("a"));
  messages.push_back(user_message("the last"));
  ScriptedModel model({says("1"), says("2")});
  AgentOptions options = named("w");
  run(built(react_agent(model, options)), {{"messages", messages}});
  EXPECT_EQ(model.asked.at(0).messages.size(), 501U);
  options.trim_messages = TrimMessages::kYes;
  const auto result = run(built(react_agent(model, options)), {{"messages", messages}});
  EXPECT_EQ(model.asked.at(1).messages.size(), 100U);
  EXPECT_EQ(model.asked.at(1).messages.back().content, "the last");
  EXPECT_EQ(transcript(result).size(), 502U);
}

TEST_F(ReactAgent, TokensAreStreamedWithTheAgentsName) {
  ScriptedModel model({says("hello there")});
  std::string heard;
  graph::RunOptions options;
  options.listening = {graph::Stream::kMessages, [&](const graph::Event& event) { heard += to_text(event.data); }};
  run(built(react_agent(model, named("w"))), asking("q"), options);
  EXPECT_EQ(heard, R"({"agent":"w","text":"hello"}{"agent":"w","text":" there"})");
}

TEST_F(ReactAgent, APromptMadeOfTheStateReplacesWhatTheModelSees) {
  ScriptedModel model({says("ok")});
  AgentOptions options = named("w");
  options.channels = {graph::last("mood")};
  options.prompt_from = [](const State& state) -> Result<Array> {
    return Array{system_message("Be " + std::string(state.text("mood"))), state.list("messages").back()};
  };
  Object input = asking("one");
  input["mood"] = "brief";
  run(built(react_agent(model, options)), input);
  EXPECT_EQ(lines_of(model.asked.at(0)), (Lines{"system: Be brief", "human: one"}));
}

TEST_F(ReactAgent, NamesInlineBothWays) {
  ScriptedModel model({says("<name>w</name><content>hi\nthere</content>")});
  AgentOptions options = named("w");
  options.agent_names = AgentNames::kInline;
  const auto result = run(built(react_agent(model, options)),
                          {{"messages", Array{user_message("q"), assistant_message("x", "other")}}});
  EXPECT_EQ(lines_of(model.asked.at(0)), (Lines{"human: q", "ai other: <name>other</name><content>x</content>"}));
  EXPECT_EQ(transcript(result).back(), "ai w: hi\nthere");
}

TEST_F(ReactAgent, S36ADecisionThatIsLateIsReplacedByThePlan) {
  ScriptedModel model({{.error = Error{Code::kDeadlineExceeded, "too late"},
                        .first =
                            [this](const Deadline& deadline, const std::stop_token&) {
                              clock_.advance(std::chrono::milliseconds(250));
                              EXPECT_TRUE(deadline.expired());
                            }},
                       says("done")});
  AgentOptions options = named("w", {telling("search", "found")});
  options.decision_timeout = std::chrono::milliseconds(200);
  options.plan = [](const State&, const Error&) -> Result<Object> {
    return assistant_message("", "", {call("search", "plan-1")});
  };
  const auto result = run(built(react_agent(model, options)), asking("q"));
  EXPECT_EQ(transcript(result),
            (Lines{"human: q", "ai w:  -> search{}#plan-1", "tool search: found <- plan-1", "ai w: done"}));
  const std::string reason = R"([{"agent":"w","reason":"too late"}])";
  EXPECT_EQ(to_text(result.values.at("degraded")), reason);
  EXPECT_EQ(to_text(metadata_of(State(result.values).list("messages").back(), kDegraded)), reason);
}

TEST_F(ReactAgent, WhatIsWrongIsSaidWhenItIsBuilt) {
  ScriptedModel model({});
  const auto mistake = [&](auto change) {
    AgentOptions options = named("w", {telling("t", "x")});
    change(options);
    const auto made = react_agent(model, options);
    return made ? std::string("none") : made.error().message;
  };
  EXPECT_EQ(mistake([](AgentOptions&) {}), "none");
  EXPECT_EQ(mistake([](AgentOptions& o) { o.tools.push_back(o.tools[0]); }), "two tools are called 't'");
  EXPECT_EQ(mistake([](AgentOptions& o) { o.tools[0].run = {}; }), "the tool 't' has no function");
  EXPECT_EQ(mistake([](AgentOptions& o) { o.tools[0].definition.name = ""; }), "a tool has no name");
  EXPECT_EQ(mistake([](AgentOptions& o) { o.tools[0].sees = {"x"}; }),
            "the tool 't' sees the channel 'x', which is not there");
  EXPECT_EQ(mistake([](AgentOptions& o) { o.channels = {graph::last("messages")}; }),
            "the channel 'messages' is the agent's own");
  EXPECT_EQ(mistake([](AgentOptions& o) { o.max_parallel_calls = 0; }),
            "max_parallel_calls is 0, which lets no tool run");
  EXPECT_EQ(mistake([](AgentOptions& o) { o.max_messages = 0; }), "max_messages is 0, which shows the model nothing");
  EXPECT_TRUE(mistake([](AgentOptions& o) { o.response_format.schema = "{"; }).starts_with("the schema of"));
  EXPECT_TRUE(mistake([](AgentOptions& o) { o.tools[0].definition.parameters = "{"; }).starts_with("parameters of"));
  EXPECT_EQ(mistake([](AgentOptions& o) { o.tools[0].kind = ToolKind::kHandoff; }),
            "the tool 't' is for supervisors alone");
}

}  // namespace
}  // namespace docmind::supervisor

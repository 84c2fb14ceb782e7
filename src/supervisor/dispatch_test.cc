// Several agents at once, by handoff tools and by dispatch; and supervisors that turn in a circle. Most of these have
// no test upstream: what is expected here is our decision.
#include "base/json.h"
#include "supervisor/history.h"
#include "supervisor/testing/team.h"

namespace docmind::supervisor {
namespace {

using testing::call;
using testing::calls;
using testing::Lines;
using testing::lines_of;
using testing::says;
using testing::telling;
using testing::tools_of;

class Dispatch : public testing::SupervisorStage {
 protected:
  static llm::ToolCall dispatch(std::string id, std::vector<std::pair<std::string, std::string>> tasks) {
    Array destinations;
    for (const auto& [agent, task] : tasks) destinations.push_back(Object{{"agent", agent}, {"task", task}});
    return call("dispatch", std::move(id), to_text(Object{{"destinations", std::move(destinations)}}));
  }
  // Every call is answered, right after it, and nothing else is.
  static void expect_whole(const graph::RunResult& result) {
    const Array& messages = State(result.values).list("messages");
    EXPECT_EQ(lines_of(repaired(messages)), lines_of(messages));
  }
};

TEST_F(Dispatch, S21TwoHandoffsInOneMessageRunInOneSuperstepAndEachSeesItsOwnCall) {
  std::map<std::int64_t, std::string> started;
  graph::RunOptions options;
  options.listening = {graph::Stream::kTasks, [&](const graph::Event& event) {
                         if (event.space.empty() && State(event.data.get_object()).text("event") == "start")
                           started[event.step] += event.node + " ";
                       }};
  const auto graph =
      supervised({worker("a", {says("from a")}), worker("b", {says("from b")})},
                 {calls({call("transfer_to_b", "1"), call("transfer_to_a", "2")}), says("done")}, parallel());
  const auto result = run(graph, asking("q"), options);
  EXPECT_EQ(started.at(1), "a b ");
  EXPECT_EQ(lines_of(model("a").asked.at(0)), (Lines{"human: q", "ai supervisor:  -> transfer_to_a{}#2",
                                                     "tool transfer_to_a: Successfully transferred to a <- 2"}));
  EXPECT_EQ(lines_of(model("b").asked.at(0)), (Lines{"human: q", "ai supervisor:  -> transfer_to_b{}#1",
                                                     "tool transfer_to_b: Successfully transferred to b <- 1"}));
  EXPECT_EQ(transcript(result), joined({{"human: q", "ai supervisor:  -> transfer_to_b{}#1 -> transfer_to_a{}#2",
                                         "tool transfer_to_b: Successfully transferred to b <- 1",
                                         "tool transfer_to_a: Successfully transferred to a <- 2", "ai a: from a"},
                                        back("a"),
                                        {"ai b: from b"},
                                        back("b"),
                                        {"ai supervisor: done"}}));
  expect_whole(result);
}

TEST_F(Dispatch, S21WithoutHandoffMessagesEachSeesTheConversationBeforeThem) {
  SupervisorOptions options = parallel();
  options.handoff_messages = HandoffMessages::kLeaveOut;
  const auto graph =
      supervised({worker("a", {says("from a")}), worker("b", {says("from b")})},
                 {calls({call("transfer_to_b", "1"), call("transfer_to_a", "2")}), says("done")}, options);
  EXPECT_EQ(transcript(run(graph, asking("q"))),
            (Lines{"human: q", "ai a: from a", "ai b: from b", "ai supervisor: done"}));
  EXPECT_EQ(lines_of(model("a").asked.at(0)), (Lines{"human: q"}));
  EXPECT_EQ(lines_of(model("b").asked.at(0)), (Lines{"human: q"}));
}

TEST_F(Dispatch, S22AnOrdinaryToolBesideAHandoffIsAnsweredFirst) {
  SupervisorOptions options = parallel();
  options.agent.tools = {telling("clock", "noon")};
  const auto graph = supervised({worker("a", {says("x")})},
                                {calls({call("transfer_to_a", "1"), call("clock", "2")}), says("done")}, options);
  const auto result = run(graph, asking("q"));
  EXPECT_EQ(transcript(result),
            joined({{"human: q", "ai supervisor:  -> transfer_to_a{}#1 -> clock{}#2", "tool clock: noon <- 2",
                     "tool transfer_to_a: Successfully transferred to a <- 1", "ai a: x"},
                    back("a"),
                    {"ai supervisor: done"}}));
  EXPECT_EQ(lines_of(model("a").asked.at(0)), (Lines{"human: q", "ai supervisor:  -> transfer_to_a{}#1",
                                                     "tool transfer_to_a: Successfully transferred to a <- 1"}));
  // The supervisor's model is shown the answers in the order of the calls.
  EXPECT_EQ(lines_of(model("supervisor").asked.at(1)).at(2), "tool transfer_to_a: Successfully transferred to a <- 1");
}

TEST_F(Dispatch, S22WithoutHandoffMessagesTheOrdinaryCallStays) {
  SupervisorOptions options = parallel();
  options.agent.tools = {telling("clock", "noon")};
  options.handoff_messages = HandoffMessages::kLeaveOut;
  const auto graph = supervised({worker("a", {says("x")})},
                                {calls({call("transfer_to_a", "1"), call("clock", "2")}), says("done")}, options);
  const auto result = run(graph, asking("q"));
  EXPECT_EQ(transcript(result), (Lines{"human: q", "ai supervisor:  -> clock{}#2", "tool clock: noon <- 2", "ai a: x",
                                       "ai supervisor: done"}));
  expect_whole(result);
}

TEST_F(Dispatch, S23EachAgentOnceAndASecondDispatchIsMergedIntoTheFirst) {
  const auto graph = supervised(
      {worker("a", {says("from a")}), worker("b", {says("from b")})},
      {calls({dispatch("1", {{"a", "first"}, {"a", "again"}}), dispatch("2", {{"a", "third"}, {"b", "other"}})}),
       says("done")},
      dispatching());
  const auto result = run(graph, asking("q"));
  EXPECT_EQ(tools_of(model("supervisor").asked.at(0)), (Lines{"dispatch"}));
  EXPECT_EQ(lines_of(model("a").asked.at(0)), (Lines{"human: q", "human supervisor: first"}));
  EXPECT_EQ(lines_of(model("b").asked.at(0)), (Lines{"human: q", "human supervisor: other"}));
  const Lines got = transcript(result);
  EXPECT_EQ(got.at(2), "tool dispatch: Successfully transferred to a <- 1");
  EXPECT_EQ(got.at(3), "tool dispatch: Additional dispatch call merged into the first <- 2");
  EXPECT_EQ(Lines(got.begin() + 4, got.end()),
            joined({{"ai a: from a"}, back("a"), {"ai b: from b"}, back("b"), {"ai supervisor: done"}}));
  expect_whole(result);
}

TEST_F(Dispatch, S23ADuplicateHandoffIsAnsweredAndTheAgentRunsOnce) {
  const auto graph =
      supervised({worker("a", {says("x")})},
                 {calls({call("transfer_to_a", "1"), call("transfer_to_a", "2")}), says("done")}, parallel());
  const auto result = run(graph, asking("q"));
  EXPECT_EQ(transcript(result), joined({{"human: q", "ai supervisor:  -> transfer_to_a{}#1 -> transfer_to_a{}#2",
                                         "tool transfer_to_a: Successfully transferred to a <- 1",
                                         "tool transfer_to_a: Already transferred to a <- 2", "ai a: x"},
                                        back("a"),
                                        {"ai supervisor: done"}}));
}

TEST_F(Dispatch, S24OfTwoHandoffsThatMayNotBeParallelTheFirstCounts) {
  const auto graph = supervised({worker("a", {says("x")}), worker("b", {})},
                                {calls({call("transfer_to_a", "1"), call("transfer_to_b", "2")}), says("done")});
  const auto result = run(graph, asking("q"));
  EXPECT_EQ(transcript(result),
            joined({{"human: q", "ai supervisor:  -> transfer_to_a{}#1 -> transfer_to_b{}#2",
                     "tool transfer_to_a: Successfully transferred to a <- 1",
                     "tool transfer_to_b: Error: 'transfer_to_b' was not carried out: only one call at "
                     "a time. Call it again if it is still needed. <- 2",
                     "ai a: x"},
                    back("a"),
                    {"ai supervisor: done"}}));
}

TEST_F(Dispatch, S24OfAToolAndAHandoffThatMayNotBeParallelTheFirstCounts) {
  SupervisorOptions options;
  options.agent.tools = {telling("clock", "noon")};
  const auto graph =
      supervised({worker("a", {})}, {calls({call("clock", "1"), call("transfer_to_a", "2")}), says("done")}, options);
  const Lines got = transcript(run(graph, asking("q")));
  EXPECT_EQ(got.at(2), "tool clock: noon <- 1");
  EXPECT_TRUE(got.at(3).starts_with("tool transfer_to_a: Error: 'transfer_to_a' was not carried out")) << got.at(3);
  EXPECT_EQ(got.size(), 5U);
}

TEST_F(Dispatch, AllOfADispatchOrNothing) {
  Agent typed = worker("typed", {says("ok")});
  typed.task_schema = R"({"type":"object","required":["page"]})";
  const auto told = [&](std::string arguments) {
    const auto graph = supervised({typed, worker("a", {})},
                                  {calls({call("dispatch", "1", std::move(arguments))}), says("sorry")}, dispatching());
    const Lines got = transcript(run(graph, asking("q")));
    EXPECT_EQ(got.size(), 4U);
    EXPECT_EQ(got.back(), "ai supervisor: sorry");
    return got.at(2);
  };
  const std::string after = "\n Please fix your mistakes. <- 1";
  EXPECT_EQ(told(R"({"destinations":[{"agent":"a","task":"x"},{"agent":"z","task":"x"}]})"),
            "tool dispatch: Error: 'z' is not an agent, try one of [typed, a]" + after);
  EXPECT_EQ(told(R"({"destinations":[{"agent":"a"}]})"),
            "tool dispatch: Error: the task of 'a' must be a text" + after);
  EXPECT_EQ(told(R"({"destinations":[{"agent":"typed","task":"x"}]})"),
            "tool dispatch: Error: the task of 'typed' must be of type object" + after);
  EXPECT_EQ(told(R"({"destinations":[{"agent":"typed","task":{"line":1}}]})"),
            "tool dispatch: Error: the task of 'typed' lacks 'page'" + after);
  EXPECT_EQ(told(R"({"destinations":"a"})"),
            "tool dispatch: Error: 'destinations' names nobody, try some of [typed, a]" + after);
  EXPECT_TRUE(told("{").starts_with("tool dispatch: Error: the arguments of dispatch: "));
}

TEST_F(Dispatch, ATypedTaskReachesAFunctionAsItIsAndAModelAsText) {
  Agent reads{.name = "f", .function = [](const State& state, graph::Context&) -> Result<graph::Command> {
                return graph::Command{{"messages", Array{assistant_message(to_text(state["task"]), "f")}}};
              }};
  reads.task_schema = R"({"type":"object"})";
  Agent typed = worker("w", {says("ok")});
  typed.task_schema = R"({"type":"object"})";
  const auto graph = supervised(
      {reads, typed},
      {calls({call("dispatch", "1",
                   R"({"destinations":[{"agent":"f","task":{"page":3}},{"agent":"w","task":{"page":4}}]})")}),
       says("done")},
      dispatching());
  EXPECT_EQ(transcript(run(graph, asking("q"))).at(3), R"(ai f: {"page":3})");
  EXPECT_EQ(lines_of(model("w").asked.at(0)).back(), R"(human supervisor: {"page":4})");
}

TEST_F(Dispatch, AtMostThreeAgentsRunInOneSuperstep) {
  std::vector<Agent> agents;
  std::vector<std::pair<std::string, std::string>> tasks;
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g"}) {
    agents.push_back(worker(name, {says(std::string("from ") + name)}));
    tasks.emplace_back(name, "go");
  }
  std::map<std::int64_t, std::string> started;
  graph::RunOptions options;
  options.listening = {graph::Stream::kTasks, [&](const graph::Event& event) {
                         if (event.space.empty() && State(event.data.get_object()).text("event") == "start")
                           started[event.step] += event.node + " ";
                       }};
  const auto result = run(supervised(std::move(agents), {calls({dispatch("1", tasks)}), says("done")}, dispatching()),
                          asking("q"), options);
  Lines steps;
  for (const auto& [step, names] : started) steps.push_back(names);
  EXPECT_EQ(steps, (Lines{"supervisor ", "a b c ", "next_agents ", "d e f ", "next_agents ", "g ", "supervisor "}));
  // Those who came later saw nothing of those before.
  EXPECT_EQ(lines_of(model("g").asked.at(0)), (Lines{"human: q", "human supervisor: go"}));
  EXPECT_EQ(transcript(result).size(), 3U + 7 * 3 + 1);
  expect_whole(result);
}

TEST_F(Dispatch, BothKindsOfToolsMayBeOffered) {
  SupervisorOptions options = dispatching();
  options.handoff_tools = HandoffTools::kBoth;
  const auto graph = supervised(
      {worker("a", {says("x")}), worker("b", {says("y")})},
      {calls({call("transfer_to_a", "1"), dispatch("2", {{"a", "too"}, {"b", "you"}})}), says("done")}, options);
  const auto result = run(graph, asking("q"));
  EXPECT_EQ(tools_of(model("supervisor").asked.at(0)), (Lines{"transfer_to_a", "transfer_to_b", "dispatch"}));
  EXPECT_EQ(transcript(result).at(3), "tool dispatch: Successfully transferred to b <- 2");
  expect_whole(result);
}

TEST_F(Dispatch, AForwardBesideAHandoffWaits) {
  SupervisorOptions options = parallel();
  options.agent.tools = {forward_message_tool()};
  const auto graph = supervised(
      {worker("a", {says("x"), says("y")})},
      {transfer("a"), calls({call("forward_message", "2", R"({"from_agent":"a"})"), call("transfer_to_a", "3")}),
       says("done")},
      options);
  const Lines got = transcript(run(graph, asking("q")));
  EXPECT_EQ(got.at(8),
            "tool forward_message: Error: 'forward_message' was not carried out: agents were called. Call it "
            "again when they are done. <- 2");
}

TEST_F(Dispatch, TheSameTaskWithoutNewEvidenceStopsWithAReason) {
  const std::vector<testing::Line> same{says("nothing found"), says("nothing found"), says("nothing found")};
  for (const HandoffMessages kept : {HandoffMessages::kKeep, HandoffMessages::kLeaveOut}) {
    SupervisorOptions options;
    options.handoff_messages = kept;
    const auto graph = supervised({worker("a", same)},
                                  {transfer("a", "1"), transfer("a", "2"), transfer("a", "3"), says("never")}, options);
    const auto result = run(graph, asking("q"));
    // The second call had the first answer to go on from; the third has nothing new.
    EXPECT_EQ(model("a").asked.size(), 2U);
    EXPECT_EQ(transcript(result).back(),
              "ai supervisor: Stopped: agent 'a' was asked the same again, and nothing new had been said since.");
    EXPECT_EQ(State(result.values).text("stopped"),
              "agent 'a' was asked the same again, and nothing new had been said since");
    expect_whole(result);
  }
}

TEST_F(Dispatch, AnotherTaskAnotherAgentOrANewQuestionIsNoCircle) {
  const auto graph = supervised({worker("a", {says("x"), says("x"), says("x")}), worker("b", {says("y")})},
                                {calls({dispatch("1", {{"a", "one"}})}), calls({dispatch("2", {{"a", "two"}})}),
                                 calls({dispatch("3", {{"b", "one"}})}), calls({dispatch("4", {{"a", "two"}})}),
                                 says("done"), calls({dispatch("5", {{"a", "two"}})}), says("end")},
                                dispatching());
  graph::RunOptions on;
  on.thread = "t";
  const auto first = run(graph, asking("q"), on);
  EXPECT_TRUE(State(first.values)["stopped"].is_null());
  EXPECT_EQ(transcript(first).back(), "ai supervisor: done");
}

TEST_F(Dispatch, WhatStoppedOneTurnIsForgottenInTheNext) {
  const auto graph =
      supervised({worker("a", {says("x"), says("x"), says("z")})},
                 {transfer("a", "1"), transfer("a", "2"), transfer("a", "3"), transfer("a", "4"), says("done")});
  graph::RunOptions on;
  on.thread = "t";
  EXPECT_FALSE(State(run(graph, asking("q"), on).values)["stopped"].is_null());
  const auto next = run(graph, asking("something new"), on);
  EXPECT_TRUE(State(next.values)["stopped"].is_null());
  EXPECT_EQ(transcript(next).back(), "ai supervisor: done");
}

}  // namespace
}  // namespace docmind::supervisor

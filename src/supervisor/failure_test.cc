// Workers that write what others write, fail, hang or are cancelled; supervisors that do not decide in time. None has a
// test upstream: what is expected here is our decision.
#include <latch>

#include "base/json.h"
#include "base/testing/threaded_seams.h"
#include "supervisor/testing/team.h"

namespace docmind::supervisor {
namespace {

using testing::call;
using testing::calls;
using testing::Lines;
using testing::lines_of;
using testing::says;

class Failure : public testing::SupervisorStage {
 protected:
  static Agent writes(const std::string& name, const std::string& channel, Value value) {
    return {.name = name, .function = [=](const State&, graph::Context&) -> Result<graph::Command> {
              return graph::Command{{"messages", Array{assistant_message("wrote", name)}}, {channel, value}};
            }};
  }
  static std::vector<testing::Line> both() {
    return {calls({call("transfer_to_b", "1"), call("transfer_to_a", "2")}), says("done")};
  }
  static SupervisorOptions with_channel(graph::Channel channel) {
    SupervisorOptions options = parallel();
    options.agent.channels = {std::move(channel)};
    return options;
  }
  static graph::RunOptions on(std::string thread) {
    graph::RunOptions options;
    options.thread = std::move(thread);
    return options;
  }
};

TEST_F(Failure, S25OtherChannelsPropagate) {
  const auto result = run(
      supervised({writes("a", "note", "found it")}, {transfer("a"), says("done")}, with_channel(graph::last("note"))),
      asking("q"));
  EXPECT_EQ(State(result.values).text("note"), "found it");
}

TEST_F(Failure, S25TwoWorkersWritingOneLastValueAreATypedError) {
  const auto result =
      try_run(supervised({writes("a", "note", 1), writes("b", "note", 2)}, both(), with_channel(graph::last("note"))),
              asking("q"));
  EXPECT_EQ(result.error().code, Code::kConflict);
}

TEST_F(Failure, S25WithAReducerTheyAreOrderedByPath) {
  const auto result = run(supervised({writes("a", "notes", Array{"a"}), writes("b", "notes", Array{"b"})}, both(),
                                     with_channel(graph::append("notes"))),
                          asking("q"));
  EXPECT_EQ(to_text(result.values.at("notes")), R"(["a","b"])");
}

TEST_F(Failure, S28WhatAWorkersHookOverwritesIsItsOwnViewAlone) {
  testing::ScriptedModel model({says("x")});
  AgentOptions forgets;
  forgets.name = "a";
  forgets.pre_model_hook = [](const State& state, graph::Context&) -> Result<graph::Command> {
    return graph::Command{
        {"messages", Array{graph::remove_all_messages(), user_message("in short"), state.list("messages").back()}}};
  };
  SupervisorOptions options;
  options.output_mode = OutputMode::kFullHistory;
  const auto graph =
      supervised({{.name = "a", .graph = built(react_agent(model, forgets))}}, {transfer("a"), says("done")}, options);
  EXPECT_EQ(transcript(run(graph, asking("q"))),
            joined({{"human: q"}, to("a"), {"human: in short", "ai a: x"}, back("a"), {"ai supervisor: done"}}));
}

TEST_F(Failure, S34AWorkerThatFailsIsTriedAgainAndTheOthersAreKept) {
  int tried = 0;
  int others = 0;
  bool mended = false;
  Agent bad{.name = "a", .function = [&](const State&, graph::Context&) -> Result<graph::Command> {
              ++tried;
              if (!mended) return Error{Code::kUnavailable, "no network"};
              return graph::Command{{"messages", Array{assistant_message("better", "a")}}};
            }};
  bad.options.retry.attempts = 3;
  Agent good{.name = "b", .function = [&](const State&, graph::Context&) -> Result<graph::Command> {
               ++others;
               return graph::Command{{"messages", Array{assistant_message("fine", "b")}}};
             }};
  const auto graph = supervised({bad, good}, both(), parallel());
  const auto failed = try_run(graph, asking("q"), on("t"));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::kUnavailable);
  EXPECT_EQ(failed.error().message, "node 'a': no network");
  EXPECT_EQ(tried, 3);
  const auto state = engine_.state(*graph, "t", "", {});
  ASSERT_TRUE(state && *state);
  EXPECT_EQ((*state)->errors, (std::vector<std::string>{"node 'a': no network"}));
  mended = true;
  const auto mended_run = engine_.run(graph, graph::Input::proceed(), on("t"));
  ASSERT_TRUE(mended_run) << mended_run.error().message;
  EXPECT_EQ(others, 1);  // What it computed was kept.
  const Lines got = transcript(*mended_run);
  EXPECT_EQ(got.at(4), "ai a: better");
  EXPECT_EQ(got.at(7), "ai b: fine");
  EXPECT_EQ(got.back(), "ai supervisor: done");
}

TEST_F(Failure, S34AFailureMayBeToldToTheSupervisorInstead) {
  Agent bad = worker("a", {{.error = Error{Code::kInternal, "the model broke"}}});
  bad.failure = WorkerFailure::kIsTold;
  const auto result = run(supervised({bad}, {transfer("a"), says("without a, then")}), asking("q"));
  EXPECT_EQ(transcript(result), joined({{"human: q"},
                                        to("a"),
                                        {"ai a: Error: a could not do this: node 'model': the model broke"},
                                        back("a"),
                                        {"ai supervisor: without a, then"}}));
  const std::string reason = R"([{"agent":"a","reason":"node 'model': the model broke"}])";
  EXPECT_EQ(to_text(result.values.at("degraded")), reason);
  EXPECT_EQ(to_text(metadata_of(State(result.values).list("messages").back(), kDegraded)), reason);
}

TEST_F(Failure, S34AFallbackOfOnesOwnSpeaksForTheWorker) {
  Agent bad{.name = "a", .function = [](const State&, graph::Context&) -> Result<graph::Command> {
              return Error{Code::kInternal, "broken"};
            }};
  bad.options.fallback = [](const State&, const Error&) -> Result<graph::Command> {
    return graph::Command{{"messages", Array{assistant_message("from the cache", "a")}}};
  };
  EXPECT_EQ(transcript(run(supervised({bad}, {transfer("a"), says("done")}), asking("q"))),
            joined({{"human: q"}, to("a"), {"ai a: from the cache"}, back("a"), {"ai supervisor: done"}}));
}

TEST_F(Failure, S35CancelledInsideAWorkerTheCheckpointIsWholeAndTheRunFinishesLater) {
  std::stop_source stop;
  int searched = 0;
  const auto search = testing::tool("search", [&](const ToolInput&) -> Result<ToolAnswer> {
    ++searched;
    stop.request_stop();
    return ToolAnswer{.text = "found"};
  });
  const auto graph =
      supervised({worker("a", {calls({call("search", "1")}), says("x")}, {search})}, {transfer("a"), says("done")});
  graph::RunOptions options = on("t");
  options.stop = stop.get_token();
  const auto cancelled = try_run(graph, asking("q"), options);
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, Code::kCancelled);
  const auto state = engine_.state(*graph, "t", "", {});
  ASSERT_TRUE(state && *state);
  EXPECT_EQ((*state)->next, (std::vector<std::string>{"a"}));
  EXPECT_EQ(lines_of(State((*state)->values).list("messages")), joined({{"human: q"}, to("a")}));
  const auto finished = engine_.run(graph, graph::Input::proceed(), on("t"));
  ASSERT_TRUE(finished) << finished.error().message;
  EXPECT_EQ(transcript(*finished), joined({{"human: q"}, to("a"), {"ai a: x"}, back("a"), {"ai supervisor: done"}}));
  EXPECT_EQ(searched, 1);  // The worker went on from where it stood.
}

TEST_F(Failure, AWorkerAsksAPersonAndTheRunWaitsAndGoesOn) {
  const auto ask = testing::tool("ask", [](const ToolInput& in) -> Result<ToolAnswer> {
    return ToolAnswer{.text = std::string(json_text(DM_TRY(in.context.interrupt("sure?"))))};
  });
  const auto graph =
      supervised({worker("a", {calls({call("ask", "1")}), says("x")}, {ask})}, {transfer("a"), says("done")});
  const auto waits = run(graph, asking("q"), on("t"));
  ASSERT_EQ(waits.interrupts.size(), 1U);
  EXPECT_EQ(waits.interrupts[0].space, "a");
  const auto finished = engine_.run(graph, graph::Input::resume("yes"), on("t"));
  ASSERT_TRUE(finished) << finished.error().message;
  EXPECT_EQ(transcript(*finished), joined({{"human: q"}, to("a"), {"ai a: x"}, back("a"), {"ai supervisor: done"}}));
}

class Late : public Failure {
 protected:
  // A decision that takes longer than it may.
  testing::Line late() {
    return {.error = Error{Code::kDeadlineExceeded, "too late"},
            .first = [this](const Deadline& deadline, const std::stop_token&) {
              clock_.advance(std::chrono::milliseconds(300));
              EXPECT_TRUE(deadline.expired());
            }};
  }
  static SupervisorOptions hurried(Plan plan) {
    SupervisorOptions options;
    options.agent.decision_timeout = std::chrono::milliseconds(200);
    options.agent.plan = std::move(plan);
    return options;
  }
  static constexpr std::string_view kReason = R"([{"agent":"supervisor","reason":"too late"}])";
};

TEST_F(Late, S36TheFallbackPlanRunsAndTheAnswerIsMarkedDegraded) {
  const Plan plan = [](const State&, const Error&) -> Result<Object> {
    return assistant_message("", "", {call("transfer_to_a", "plan")});
  };
  const auto result = run(supervised({worker("a", {says("x")})}, {late(), says("done")}, hurried(plan)), asking("q"));
  EXPECT_EQ(transcript(result),
            joined({{"human: q"}, to("a", "plan"), {"ai a: x"}, back("a"), {"ai supervisor: done"}}));
  EXPECT_EQ(to_text(result.values.at("degraded")), kReason);
  EXPECT_EQ(to_text(metadata_of(State(result.values).list("messages").back(), kDegraded)), kReason);
}

TEST_F(Late, S36WithoutAPlanItSaysThatItCouldNotDecide) {
  const auto result = run(supervised({worker("a", {})}, {late()}, hurried({})), asking("q"));
  EXPECT_EQ(transcript(result), (Lines{"human: q", "ai supervisor: Sorry, I could not decide what to do."}));
  EXPECT_EQ(to_text(metadata_of(State(result.values).list("messages").back(), kDegraded)), kReason);
}

class OnAPool : public Failure {
 protected:
  // A model that answers when the test lets it, whatever its deadline. Time goes on from here.
  testing::Line hangs() {
    return {.first = [this](const Deadline&, const std::stop_token&) {
      pool_clock_.start();
      released_.wait();
    }};
  }
  Result<graph::RunResult> played(const GraphPtr& graph) {
    const graph::Engine engine(graph::Seams{.clock = pool_clock_, .rng = locked_, .pool = pool_.get()});
    Result<graph::RunResult> result = engine.run(graph, graph::Input::values(asking("q")), {});
    released_.count_down();
    return result;
  }

  std::latch released_{1};
  StartedClock pool_clock_;
  LockedRng locked_{3};
  std::unique_ptr<exec::Pool> pool_ = *exec::Pool::open({.threads = 4});  // Joins those who were left alone.
};

TEST_F(OnAPool, S36AWorkerThatHangsIsLeftAloneAndTheSupervisorIsTold) {
  Agent stuck = worker("a", {hangs()});
  stuck.options.timeout = std::chrono::milliseconds(1);
  stuck.failure = WorkerFailure::kIsTold;
  const auto result = played(supervised({stuck}, {transfer("a"), says("without a")}));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(transcript(*result),
            joined({{"human: q"},
                    to("a"),
                    {"ai a: Error: a could not do this: did not return in time and was left alone"},
                    back("a"),
                    {"ai supervisor: without a"}}));
  EXPECT_EQ(State(result->values).list("degraded").size(), 1U);
}

TEST_F(OnAPool, S36ASupervisorThatHangsIsLeftAloneAndItsAnswerIsMarked) {
  SupervisorOptions options;
  options.turn_timeout = std::chrono::milliseconds(1);
  const auto result = played(supervised({worker("a", {})}, {hangs()}, options));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(transcript(*result), (Lines{"human: q", "ai supervisor: Sorry, I could not decide what to do."}));
  EXPECT_EQ(to_text(metadata_of(State(result->values).list("messages").back(), kDegraded)),
            R"([{"agent":"supervisor","reason":"did not return in time and was left alone"}])");
}

TEST_F(OnAPool, WorkersAtTheSameTimeGiveTheSameConversationEveryTime) {
  const graph::Engine engine(graph::Seams{.clock = pool_clock_, .rng = locked_, .pool = pool_.get()});
  Lines first;
  for (int round = 0; round < 20; ++round) {
    const auto graph = supervised({worker("a", {says("1")}), worker("b", {says("2")})}, both(), parallel());
    const auto result = engine.run(graph, graph::Input::values(asking("q")), {});
    ASSERT_TRUE(result) << result.error().message;
    if (round == 0) first = transcript(*result);
    EXPECT_EQ(transcript(*result), first);
  }
}

}  // namespace
}  // namespace docmind::supervisor

// A chat model that plans: what it hands on is held to what was asked, and the rules stand behind it.
#include "agents/model_planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/value.hpp>
#include <latch>

#include "agents/replay.h"
#include "agents/structured_reply.h"
#include "agents/testing/asked_library.h"
#include "base/json.h"
#include "base/json_members.h"
#include "base/testing/threaded_seams.h"

namespace docmind::agents {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kQuestion = "Tell me the maker of the sails and the age of the hull of the Aurora";

class PlanByModel : public ::testing::Test {
 protected:
  Plan plan_of(const std::string& question, const std::string& written, const std::vector<HistoryTurn>& history = {}) {
    model_.says(written);
    const auto routing = route(question);
    EXPECT_TRUE(routing);
    const auto plan = plan_by_model(*routing, history, model_, Deadline::never(), {});
    EXPECT_TRUE(plan);
    return *plan;
  }

  static std::vector<std::string> asks(const Plan& plan) {
    std::vector<std::string> out;
    for (const Part& part : plan.parts) out.push_back(part.asks);
    return out;
  }

  // What the model wrote was not taken, and the rules planned.
  void expect_refused(const std::string& written, const std::string& why, const std::string& question = kQuestion) {
    const Plan got = plan_of(question, written);
    EXPECT_EQ(asks(got), asks(plan(question))) << written.substr(0, 200);
    ASSERT_TRUE(got.model);
    EXPECT_THAT(got.model->fallback, StartsWith("The question was planned by rules: ")) << written.substr(0, 200);
    EXPECT_THAT(got.model->fallback, HasSubstr(why)) << written.substr(0, 200);
  }

  OneLine model_;
};

TEST_F(PlanByModel, CutsWhatTheRulesDoNot) {
  ASSERT_EQ(plan(kQuestion).parts.size(), 1U);
  const Plan got =
      plan_of(kQuestion, R"({"parts":["the maker of the sails of the Aurora","the age of the hull of the Aurora"]})");
  EXPECT_THAT(asks(got), ElementsAre("the maker of the sails of the Aurora", "the age of the hull of the Aurora"));
  EXPECT_EQ(got.parts[0].text, got.parts[0].asks);
  ASSERT_TRUE(got.model);
  EXPECT_TRUE(got.model->fallback.empty());
  EXPECT_EQ(got.model->usage.prompt, 100U);
  ASSERT_EQ(model_.asked.size(), 1U);
  EXPECT_THAT(model_.asked[0].messages.front().content, HasSubstr("At most five parts"));
  EXPECT_EQ(model_.asked[0].messages.back().content, kQuestion);
}

TEST_F(PlanByModel, TakesNothingInventedLostOrTurned) {
  expect_refused(R"({"parts":["the maker of the sails of the Aurora","the captain of the Aurora"]})", "not asked");
  expect_refused(R"({"parts":["the sails"]})", "leaves out");
  expect_refused(R"({"parts":["the maker of the sails","the age of the hull that is not of the Aurora"]})", "denies");
  expect_refused(R"({"parts":["Why is the hull painted?"]})", "denies", "Why is the hull not painted?");
  expect_refused(R"({"parts":["  "]})", "empty");
}

TEST_F(PlanByModel, TakesNothingThatIsNotTheJsonItAskedFor) {
  expect_refused("", "did not write the JSON");
  expect_refused("Sure! Here are the parts.", "did not write the JSON");
  expect_refused(R"({"parts":[]})", "did not write the JSON");
  expect_refused(R"({"parts":["a","b","c","d","e","f"]})", "did not write the JSON");
  expect_refused(R"({"parts":"the maker of the sails"})", "did not write the JSON");
  expect_refused(R"({"parts":["the maker"],"note":"x"})", "did not write the JSON");
  expect_refused("{\"parts\":[\"" + std::string(2000, 'a') + "\"]}", "did not write the JSON");
  expect_refused("{\"parts\":[\"\xff\"]}", "");
  expect_refused("{\"parts\":[\"" + std::string(1U << 20U, 'a') + "\"]}", "1048590 bytes");
}

TEST_F(PlanByModel, AModelThatFailsOrIsCutIsNoFaultOfTheQuestion) {
  const Routing routing = *route(kQuestion);
  model_.line = [](const llm::ChatRequest&) -> Result<llm::ChatReply> {
    return Error{Code::kDeadlineExceeded, "The chat model did not answer in time."};
  };
  EXPECT_EQ(plan_by_model(routing, {}, model_, Deadline::never(), {})->model->fallback,
            "The question was planned by rules: The chat model did not answer in time.");
  model_.line = [](const llm::ChatRequest&) -> Result<llm::ChatReply> {
    return llm::ChatReply{.content = R"({"parts":["the maker)", .finish = llm::ChatFinish::kLength};
  };
  EXPECT_THAT(plan_by_model(routing, {}, model_, Deadline::never(), {})->model->fallback, HasSubstr("was cut"));
  std::stop_source stop;
  model_.line = [&](const llm::ChatRequest&) -> Result<llm::ChatReply> {
    stop.request_stop();
    return Error{Code::kCancelled, "cancelled"};
  };
  EXPECT_EQ(plan_by_model(routing, {}, model_, Deadline::never(), stop.get_token()).error().code, Code::kCancelled);
}

TEST_F(PlanByModel, TurnsBeforeMayBeMeant) {
  const std::vector<HistoryTurn> history{{.question = "What is the Aurora?", .answer = "A ship from Bergen."}};
  const Plan got =
      plan_of("How old is the hull of the ship?", R"({"parts":["How old is the hull of the Aurora?"]})", history);
  EXPECT_THAT(asks(got), ElementsAre("How old is the hull of the Aurora?"));
  ASSERT_EQ(model_.asked[0].messages.size(), 4U);
  EXPECT_EQ(model_.asked[0].messages[2].content, "A ship from Bergen.");
  const std::vector<HistoryTurn> long_ago{{.question = "What?", .answer = std::string(10'000, 'x')}, history.front()};
  (void)plan_of("How old is the hull?", R"({"parts":["How old is the hull?"]})", long_ago);
  EXPECT_EQ(model_.asked[1].messages.size(), 4U) << "the oldest turn has no room";
}

TEST_F(PlanByModel, WhatItsWordingRoutesIsNotPutToTheModel) {
  for (const char* question :
       {"How many ships are there?", "What is on page 3 of manual.pdf?", "\"sewn by hand\"", "/etc/apt/sources.list"}) {
    const Plan got = plan_of(question, "never");
    EXPECT_FALSE(got.model) << question;
  }
  EXPECT_THAT(model_.asked, IsEmpty());
}

TEST(StructuredReply, HoldsTheModelToItsSchemaWhereItCanBeHeld) {
  OneLine model;
  model.says(R"({"a":1})");
  const auto form = reply_form(R"({"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]})", 100);
  ASSERT_TRUE(form);
  llm::ChatUsage usage;
  EXPECT_TRUE(structured_reply(model, {}, *form, {.json_schema = true}, usage, Deadline::never(), {}));
  EXPECT_TRUE(structured_reply(model, {}, *form, {.json_schema = false}, usage, Deadline::never(), {}));
  EXPECT_EQ(model.asked[0].schema, form->schema);
  EXPECT_EQ(model.asked[1].schema, "");
  EXPECT_EQ(usage.prompt, 200U);
  EXPECT_EQ(reply_form("{\"type\":", 1).error().code, Code::kInvalidArgument);
  EXPECT_EQ(reply_form(R"({"not":{}})", 1).error().code, Code::kInternal);
}

// ---- in an answer ----

class PlannedAnswer : public AskedLibrary {
 protected:
  void SetUp() override {
    library_.put({"/d/boats.txt",
                  {{"Hull", {"The hull of the Aurora is built from larch planks. The Aurora was launched in Bergen."}},
                   {"Rig", {"The main mast of the Aurora is tall. The sails are sewn by hand in a loft."}}}});
    library_.put({"/d/bread.txt", {{"Dough", {"Knead the dough for ten minutes. Let it rest under a cloth."}}}});
    index_ = library_.index();
    options_.synthesis.tau = 0.5;
    options_.policies.planner = Policy::kModel;
  }

  static bool is_planner(const llm::ChatRequest& request) {
    return request.messages.front().content.starts_with("You cut a question");
  }

  void plans(const std::string& json) {
    model_.line = [json](const llm::ChatRequest& request) -> Result<llm::ChatReply> {
      if (is_planner(request)) return llm::ChatReply{.content = json, .usage = {.prompt = 50, .completion = 5}};
      return llm::ChatReply{.content = "The sails are sewn by hand in a loft [1].", .usage = {.prompt = 100}};
    };
  }

  const std::string question_ = "Where are sails sewn by hand plus the minutes for kneading dough?";
  AskOptions options_;
};

TEST_F(PlannedAnswer, HasTheModelsPartsAndIsReplayed) {
  plans(R"({"parts":["Where are sails sewn by hand?","minutes for kneading dough"]})");
  const Answer answer = answer_with({question_, {}}, options_, &writer_);
  EXPECT_EQ(answer.parts, 2U);
  EXPECT_THAT(answer.fallbacks, IsEmpty());
  EXPECT_EQ(answer.tokens.prompt, 250U);
  EXPECT_EQ(answer.status, AnswerStatus::kAnswered);
  expect_replays(answer);
}

TEST_F(PlannedAnswer, SaysThatTheRulesPlanned) {
  plans(R"({"parts":["Who is the king of Norway?"]})");
  const Answer answer = answer_with({question_, {}}, options_, &writer_);
  EXPECT_EQ(answer.parts, 1U);
  EXPECT_EQ(answer.status, AnswerStatus::kAnswered);
  EXPECT_THAT(answer.fallbacks,
              ElementsAre("The question was planned by rules: its plan has words that were not asked"));
  const auto trace = parse_json(*library_.read().trace(answer.trace_id));
  EXPECT_EQ(json_text(json_member(json_member(json_member(*trace, "decisions"), "query_planner"), "fallback")),
            answer.fallbacks.front());
  expect_replays(answer);
}

TEST_F(PlannedAnswer, IsByRulesUnlessItIsWantedAndThereIsAModel) {
  plans("never");
  options_.policies.planner = Policy::kRules;
  EXPECT_THAT(answer_with({question_, {}}, options_, &writer_).fallbacks, IsEmpty());
  options_.policies.planner = Policy::kModel;
  EXPECT_THAT(answer_with({question_, {}}, options_, nullptr).fallbacks, IsEmpty());
  options_.off = {"query_planner"};
  EXPECT_THAT(answer_with({question_, {}}, options_, &writer_).fallbacks, IsEmpty());
  for (const llm::ChatRequest& request : model_.asked) EXPECT_FALSE(is_planner(request));
}

TEST_F(PlannedAnswer, AModelThatDoesNotComeBackIsLeft) {
  std::latch released(1);
  StartedClock clock;
  LockedRng rng(5);
  model_.line = [&](const llm::ChatRequest& request) -> Result<llm::ChatReply> {
    if (is_planner(request)) {
      clock.start();  // Until here no time went by.
      released.wait();
    }
    return llm::ChatReply{.content = "The sails are sewn by hand in a loft [1]."};
  };
  options_.budgets.deciding = std::chrono::milliseconds(1);
  const auto pool = *exec::Pool::open({.threads = 8});
  const std::string two = "Where are the sails sewn by hand, and how long should you knead the dough?";
  const auto answer = ask({two, {}}, options_,
                          {.library = library_.library(),
                           .index = *index_,
                           .clock = clock,
                           .rng = rng,
                           .writer = &writer_,
                           .pool = pool.get()},
                          Deadline::never(), {});
  released.count_down();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->parts, 2U) << "the rules' plan, not the question in one part";
  EXPECT_EQ(answer->status, AnswerStatus::kPartial);
  EXPECT_THAT(answer->fallbacks, Contains(StartsWith("query_planner failed: ")));
  EXPECT_THAT(answer->text, HasSubstr("loft"));
}

}  // namespace
}  // namespace docmind::agents

// What the agents take and hand on in real runs is what their schemas say.
#include "agents/agent_schemas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/value.hpp>

#include "agents/testing/asked_library.h"
#include "agents/testing/typed_agents.h"

namespace docmind::agents {
namespace {

using testing::HasSubstr;

class AgentSchemas : public AskedLibrary {
 protected:
  void SetUp() override {
    library_.put({"/d/boats.pdf",
                  {{"Hull", {"The hull of the Aurora is built from larch planks. The Aurora was launched in Bergen."}},
                   {"Rig", {"The main mast of the Aurora is tall. The sails are sewn by hand in a loft."}}},
                  "pdf",
                  0,
                  1});
    library_.put({"/d/bread.txt", {{"Dough", {"Knead the dough for ten minutes. Let it rest under a cloth."}}}});
    index_ = library_.index();
  }

  Answered run(const std::string& text, const AnswerWriter* writer = nullptr,
               const GeneralKnowledge* general = nullptr) {
    const Question question{text, {}};
    AskOptions options;
    options.synthesis.tau = 0.5;
    options.policies = {.planner = Policy::kModel, .validator = Policy::kModel};
    const AskDeps deps{.library = library_.library(),
                       .index = *index_,
                       .clock = library_.clock(),
                       .rng = library_.rng(),
                       .writer = writer,
                       .general = general};
    auto answered = answer_by(typed_.around(agents_for(question, options, deps)),
                              typed_.around(agents_of_last_resort(question, options, deps)), question, options,
                              {.library = library_.library(),
                               .clock = library_.clock(),
                               .rng = library_.rng(),
                               .writer = writer,
                               .general = general},
                              Deadline::never(), {});
    EXPECT_TRUE(answered) << (answered ? "" : answered.error().message);
    return *std::move(answered);
  }

  TypedAgents typed_;
};

TEST_F(AgentSchemas, HoldInEveryKindOfRun) {
  EXPECT_EQ(run("Where are the sails sewn by hand?").answer.status, AnswerStatus::kAnswered);
  EXPECT_EQ(run("Where are the sails sewn by hand, and how long should you knead the dough?").answer.parts, 2U);
  EXPECT_EQ(run("How often is \"Aurora\" mentioned?").answer.route, "exhaustive");
  EXPECT_EQ(run("What is on page 2 of boats.pdf?").answer.route, "direct");
  EXPECT_EQ(run("What is on page 9 of boats.pdf?").answer.status, AnswerStatus::kAbstained);
  EXPECT_EQ(run("\"sewn by hand\"").answer.route, "keyword");
  for (std::size_t agent = 0; agent < kAgentNames.size(); ++agent) EXPECT_GE(typed_.calls(agent), 6) << agent;
}

TEST_F(AgentSchemas, HoldWhenAModelWritesFailsAndInvents) {
  model_.says("The sails are sewn by hand [1]. They are red [1]. They cost 40 crowns.");
  EXPECT_TRUE(run("Where are the sails sewn by hand?", &writer_).answer.generated);
  model_.says("Michelangelo [9].");
  EXPECT_FALSE(run("Where are the sails sewn by hand?", &writer_).answer.generated);
  model_.line = [](const llm::ChatRequest&) -> Result<llm::ChatReply> { return Error{Code::kUnavailable, "gone"}; };
  EXPECT_FALSE(run("Where are the sails sewn by hand?", &writer_).outcome.replaced.empty());
  model_.line = [](const llm::ChatRequest& request) -> Result<llm::ChatReply> {
    return llm::ChatReply{.content = request.passages.empty() ? "It was Michelangelo." : "NOT IN THE DOCUMENTS"};
  };
  EXPECT_EQ(run("Who sewed the sails by hand?", &writer_, &general_).answer.route, "general");
}

TEST_F(AgentSchemas, RefuseWhatIsNotOfTheType) {
  EXPECT_TRUE(typed_.output(1).validate(R"({"parts":[{"text":"a","asks":"a"}],"model":null})"));
  for (const char* wrong :
       {R"({"parts":[],"model":null})", R"({"parts":[{"text":"","asks":"a"}],"model":null})",
        R"({"parts":[{"text":"a"}],"model":null})", R"({"parts":[{"text":"a","asks":"a","more":1}],"model":null})",
        R"({"parts":"a"})", R"({"parts":[{"text":"a","asks":"a"}]})", "{}", "[]"}) {
    EXPECT_FALSE(typed_.output(1).validate(wrong)) << wrong;
  }
  EXPECT_FALSE(typed_.output(0).validate(R"({"route":"guess","question":"a","reason":"b"})"));
  EXPECT_FALSE(typed_.output(4).validate(R"({"claims":[{"text":"a"}],"dropped":[]})"));
}

TEST(AgentSchemaNames, AreThoseOfTheEnums) {
  const auto routes = names_of(Route());
  for (std::size_t i = 0; i < routes.size(); ++i) EXPECT_EQ(routes[i], name(static_cast<Route>(i)));
  EXPECT_EQ(routes.size(), static_cast<std::size_t>(Route::kDirect) + 1);
  const auto fates = names_of(Fate());
  for (std::size_t i = 0; i < fates.size(); ++i) EXPECT_EQ(fates[i], name(static_cast<Fate>(i)));
  EXPECT_EQ(fates.size(), static_cast<std::size_t>(Fate::kNotReached) + 1);
  EXPECT_EQ(names_of(library::UnitKind()).size(), static_cast<std::size_t>(library::UnitKind::kHeading) + 1);
}

}  // namespace
}  // namespace docmind::agents

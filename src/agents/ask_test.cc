#include "agents/ask.h"

#include <gtest/gtest.h>

#include <boost/json/value.hpp>

#include "base/json.h"
#include "retrieval/testing/small_library.h"

namespace docmind::agents {
namespace {

class AskTest : public testing::Test {
 protected:
  void SetUp() override {
    library_.put({"/d/boats.txt",
                  {{"Hull", {"The hull of the Aurora is built from larch planks. The Aurora was launched in Bergen."}},
                   {"Rig", {"The main mast of the Aurora is tall. The sails are sewn by hand in a loft."}}}});
    library_.put({"/d/bread.txt", {{"Dough", {"Knead the dough for ten minutes. Let it rest under a cloth."}}}});
    index_ = library_.index();
  }

  Answer answer_to(const std::string& text, double tau = 1.0, const std::string& off = {}, std::uint32_t claims = 5) {
    AskOptions options;
    options.synthesis.tau = tau;
    options.synthesis.claims = claims;
    if (!off.empty()) options.off = {off};
    auto answer = ask({text, {}}, options, deps(), Deadline::never(), {});
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().message);
    return *std::move(answer);
  }

  AskDeps deps() { return {library_.library(), *index_, library_.clock(), library_.rng()}; }

  retrieval::SmallLibrary library_;
  std::unique_ptr<retrieval::Index> index_;
};

TEST_F(AskTest, AnswersWithCitationsThatStand) {
  const Answer answer = answer_to("Where are the sails sewn by hand?");
  EXPECT_EQ(answer.status, AnswerStatus::kAnswered);
  EXPECT_FALSE(answer.generated);
  ASSERT_FALSE(answer.claims.empty());
  EXPECT_NE(answer.text.find("The sails are sewn by hand in a loft."), std::string::npos);
  auto at = library_.read();
  for (const Claim& claim : answer.claims) {
    ASSERT_FALSE(claim.citations.empty());
    for (const Citation& citation : claim.citations) {
      EXPECT_EQ(citation.quote, *at.text_of_version(citation.document_id, citation.version, citation.span));
    }
  }
  EXPECT_TRUE(answer.nearest.empty());
  EXPECT_EQ(answer.route, "hybrid");
  EXPECT_GT(answer.units_read, 0U);
  EXPECT_LE(answer.units_read, answer.units_total);
}

TEST_F(AskTest, RunsTheFiveAgentsInOrder) {
  const Answer answer = answer_to("Where are the sails sewn by hand?");
  std::vector<std::string> names;
  for (const AgentRun& run : answer.agents) names.push_back(run.name);
  EXPECT_EQ(names, (std::vector<std::string>{"query_router", "query_planner", "retrieval_expert", "result_synthesizer",
                                             "response_validator"}));
}

TEST_F(AskTest, WhoWatchesSeesEachAgentBeginAndEnd) {
  std::vector<std::string> seen;
  AskDeps watched = deps();
  watched.watch.step = [&](const WatchedStep& step) {
    seen.push_back(std::string(step.agent) + " " + std::string(step.status));
  };
  ASSERT_TRUE(ask({"Where are the sails sewn by hand?", {}}, {}, watched, Deadline::never(), {}));
  EXPECT_EQ(seen, (std::vector<std::string>{"query_router running", "query_router ok", "query_planner running",
                                            "query_planner ok", "retrieval_expert running", "retrieval_expert ok",
                                            "result_synthesizer running", "result_synthesizer ok",
                                            "response_validator running", "response_validator ok"}));
}

TEST_F(AskTest, AbstainsWithTheNearestPassages) {
  const Answer answer = answer_to("Who painted the ceiling?", 1.62);
  EXPECT_EQ(answer.status, AnswerStatus::kAbstained);
  EXPECT_TRUE(answer.claims.empty());
  EXPECT_TRUE(answer.text.empty());
  EXPECT_FALSE(answer.nearest.empty());
  EXPECT_EQ(answer.agents.back().status, "skipped");
}

TEST_F(AskTest, HalfAnAnswerSaysWhichHalfIsMissing) {
  const Answer answer =
      answer_to("Where are the sails sewn by hand in a loft, and who painted chapel ceilings before Easter?", 1.3);
  EXPECT_EQ(answer.status, AnswerStatus::kPartial);
  EXPECT_FALSE(answer.claims.empty());
  EXPECT_NE(answer.partial_reason.find("who painted chapel ceilings"), std::string::npos);
}

TEST_F(AskTest, AnEmptyLibraryAbstains) {
  retrieval::SmallLibrary empty;
  const auto index = empty.index();
  const auto answer =
      ask({"Anything?", {}}, {}, {empty.library(), *index, empty.clock(), empty.rng()}, Deadline::never(), {});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, AnswerStatus::kAbstained);
  EXPECT_TRUE(answer->nearest.empty());
}

TEST_F(AskTest, TheFilterHolds) {
  AskOptions options;
  options.synthesis.tau = -10;
  const auto answer =
      ask({"Where are the sails?", {.documents = {"/d/bread.txt"}}}, options, deps(), Deadline::never(), {});
  ASSERT_TRUE(answer);
  ASSERT_FALSE(answer->claims.empty());
  for (const Claim& claim : answer->claims) {
    for (const Citation& citation : claim.citations) EXPECT_EQ(citation.document, "/d/bread.txt");
  }
}

TEST_F(AskTest, WithoutAnEmbedderKeywordsAnswer) {
  library_.embedder().fail_after(0, Error{Code::kUnavailable, "gone"});
  const Answer answer = answer_to("Where are the sails sewn by hand?");
  EXPECT_EQ(answer.status, AnswerStatus::kAnswered);
  EXPECT_NE(answer.text.find("sewn by hand"), std::string::npos);
  EXPECT_EQ(answer_to("Who painted the ceiling?").status, AnswerStatus::kAbstained);
}

TEST_F(AskTest, TheTraceSaysWhyButQuotesNothing) {
  const Answer answer = answer_to("Where are the sails sewn by hand?");
  ASSERT_FALSE(answer.trace_id.empty());
  const auto text = library_.read().trace(answer.trace_id);
  ASSERT_TRUE(text);
  EXPECT_EQ(text->find("loft"), std::string::npos);
  const auto json = parse_json(*text);
  ASSERT_TRUE(json);
  const auto& trace = json->as_object();
  EXPECT_EQ(trace.at("question").as_string(), "Where are the sails sewn by hand?");
  EXPECT_EQ(trace.at("status").as_string(), "answered");
  const auto& part = trace.at("parts").as_array().at(0).as_object();
  const auto& unit = part.at("units").as_array().at(0).as_object();
  EXPECT_EQ(unit.at("fate").as_string(), "chosen");
  EXPECT_TRUE(unit.at("features").as_object().contains("cosine"));
  EXPECT_EQ(trace.at("agents").as_array().size(), 5U);
}

// ---- what each agent is worth: with it the named thing holds, without it it does not ----

TEST_F(AskTest, WithoutThePlannerTheSecondHalfIsMissing) {
  const std::string two = "Where are the sails sewn by hand, and how long should you knead the dough?";
  const auto says_both = [&](const Answer& answer) {
    return answer.text.find("in a loft") != std::string::npos && answer.text.find("ten minutes") != std::string::npos;
  };
  EXPECT_TRUE(says_both(answer_to(two, 0.5, {}, 2)));
  EXPECT_FALSE(says_both(answer_to(two, 0.5, "query_planner", 1))) << "one claim has no room for both";
  EXPECT_EQ(answer_to(two, 0.5).parts, 2U);
  EXPECT_EQ(answer_to(two, 0.5, "query_planner").parts, 1U);
}

TEST_F(AskTest, WithoutRetrievalThereIsNoAnswer) {
  const Answer answer = answer_to("Where are the sails sewn by hand?", 1.0, "retrieval_expert");
  EXPECT_EQ(answer.status, AnswerStatus::kAbstained);
  EXPECT_TRUE(answer.nearest.empty());
}

TEST_F(AskTest, WithoutTheSynthesizerSentencesOfOneParagraphComeApart) {
  const std::string question = "What is known of the Aurora's hull planks and where it was launched?";
  EXPECT_EQ(answer_to(question, -10).claims.front().text,
            "The hull of the Aurora is built from larch planks. The Aurora was launched in Bergen.");
  for (const Claim& claim : answer_to(question, -10, "result_synthesizer").claims) {
    EXPECT_EQ(claim.text.find(". The"), std::string::npos) << claim.text;
  }
}

TEST_F(AskTest, WithoutTheValidatorAPlantedFalsehoodShows) {
  const Question question{"Where are the sails sewn by hand?", {}};
  const AskOptions options;
  Agents agents = agents_for(question, options, deps());
  agents.result_synthesizer = [honest = agents.result_synthesizer](const std::vector<Evidence>& evidence,
                                                                   const Call& call) -> Result<Draft> {
    Draft draft = DM_TRY(honest(evidence, call));
    for (DraftClaim& claim : draft.claims)
      claim.passages.front().pieces = {"The sails are sewn by machines in a mill."};
    return draft;
  };
  const Agents last = agents_of_last_resort(question, options, deps());
  const auto says = [&](const Agents& these) {
    const auto outcome =
        run_agents(question.text, these, last, {}, {library_.clock(), library_.rng()}, Deadline::never(), {});
    EXPECT_TRUE(outcome);
    return outcome->validated.claims;
  };
  EXPECT_TRUE(says(agents).empty());
  agents.response_validator = [](const Draft& draft, const Call&) { return Result<Validated>(believe(draft)); };
  ASSERT_FALSE(says(agents).empty());
  EXPECT_EQ(says(agents).front().text, "The sails are sewn by machines in a mill.");
}

TEST_F(AskTest, WhoIsOffIsToldAndMustBeThere) {
  const Answer answer = answer_to("Where are the sails sewn by hand?", 1.0, "query_planner");
  EXPECT_EQ(answer.agents.at(1).status, "skipped");
  EXPECT_EQ(answer.agents.at(0).status, "ok");
  AskOptions options;
  options.off = {"nobody"};
  EXPECT_EQ(ask({"sails?", {}}, options, deps(), Deadline::never(), {}).error().code, Code::kInvalidArgument);
}

TEST_F(AskTest, ErrorsAreTheCallersToSee) {
  EXPECT_EQ(ask({"", {}}, {}, deps(), Deadline::never(), {}).error().code, Code::kInvalidArgument);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(ask({"sails?", {}}, {}, deps(), Deadline::never(), stop.get_token()).error().code, Code::kCancelled);
}

}  // namespace
}  // namespace docmind::agents

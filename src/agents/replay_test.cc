// A run is answered again from its trace, without index and model, to the same bytes; what was changed is told.
#include "agents/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/value.hpp>
#include <functional>

#include "agents/testing/asked_library.h"
#include "base/json.h"
#include "base/json_members.h"
#include "retrieval/testing/set_library.h"

namespace docmind::agents {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace json = boost::json;

constexpr const char* kSails = "Where are the sails sewn by hand?";
constexpr const char* kTwoParts = "Where are the sails sewn by hand, and how long should you knead the dough?";

class ReplayTest : public AskedLibrary {
 protected:
  void SetUp() override {
    put_boats();
    library_.put({"/d/bread.txt", {{"Dough", {"Knead the dough for ten minutes. Let it rest under a cloth."}}}});
    index_ = library_.index();
  }

  library::Document put_boats(const std::string& loft = "loft") {
    return library_.put(
        {"/d/boats.txt",
         {{"Hull", {"The hull of the Aurora is built from larch planks. The Aurora was launched in 1911 in Bergen."}},
          {"Rig", {"The main mast of the Aurora is tall. The sails are sewn by hand in a " + loft + "."}}},
         "text",
         0,
         1});
  }

  enum class Model : std::uint8_t { kNone, kWrites };
  Answer answer_to(const std::string& text, Model model = Model::kNone, AskOptions options = {},
                   const retrieval::Filter& filter = {}) {
    if (options.synthesis.tau == AskOptions().synthesis.tau) options.synthesis.tau = 0.5;
    return answer_with({text, filter}, options, model == Model::kWrites ? &writer_ : nullptr,
                       allows_general_ ? &general_ : nullptr);
  }

  std::string trace_of(const Answer& answer) { return *library_.read().trace(answer.trace_id); }

  Result<Replay> replayed(std::string_view trace) {
    model_.line = [](const llm::ChatRequest&) -> Result<llm::ChatReply> {
      ADD_FAILURE() << "the model was asked";
      return Error{Code::kInternal, "it was asked"};
    };
    index_.reset();  // So that nothing can be searched.
    return replay(trace, {.library = library_.library(), .clock = library_.clock(), .rng = library_.rng()},
                  Deadline::never(), {});
  }

  void expect_same(const Answer& answer) {
    const auto again = replayed(trace_of(answer));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_THAT(again->differences, IsEmpty());
    EXPECT_EQ(again->answer.text, answer.text);
    ASSERT_EQ(again->answer.claims.size(), answer.claims.size());
    for (std::size_t i = 0; i < answer.claims.size(); ++i) {
      ASSERT_EQ(again->answer.claims[i].citations.size(), answer.claims[i].citations.size());
      for (std::size_t j = 0; j < answer.claims[i].citations.size(); ++j) {
        EXPECT_EQ(again->answer.claims[i].citations[j].quote, answer.claims[i].citations[j].quote);
      }
    }
    EXPECT_EQ(again->answer.fallbacks, answer.fallbacks);
    EXPECT_EQ(again->answer.nearest.size(), answer.nearest.size());
  }

  // What replaying a trace says in which something was changed.
  std::vector<std::string> told_of(const Answer& answer, const std::function<void(json::object&)>& change) {
    json::value trace = *parse_json(trace_of(answer));
    change(trace.as_object());
    const auto again = replayed(to_text(trace));
    EXPECT_TRUE(again) << (again ? "" : again.error().message);
    return again ? again->differences : std::vector<std::string>();
  }
  bool allows_general_ = false;
};

TEST_F(ReplayTest, TheDocumentsOwnWordsAreTheSame) {
  const Answer answer = answer_to(kSails);
  ASSERT_EQ(answer.status, AnswerStatus::kAnswered);
  EXPECT_THAT(trace_of(answer), Not(HasSubstr("loft"))) << "a recording holds no words of documents";
  expect_same(answer);
}

TEST_F(ReplayTest, TwoPartsAndAnAbstentionAreTheSame) {
  const Answer two = answer_to(kTwoParts);
  EXPECT_EQ(two.parts, 2U);
  AskOptions strict;
  strict.synthesis.tau = 9;
  const Answer none = answer_to("Who painted the ceiling?", Model::kNone, strict);
  EXPECT_EQ(none.status, AnswerStatus::kAbstained);
  EXPECT_FALSE(none.nearest.empty());
  expect_same(two);
  expect_same(none);
}

TEST_F(ReplayTest, KeywordsAloneAndOptionsAreTheSame) {
  AskOptions options;
  options.synthesis.claims = 1;
  options.synthesis.weights.cue = 0.1 + 0.2;  // A number that only all its digits bring back.
  options.off = {"query_planner", "response_validator"};
  const Answer answer = answer_to(kSails, Model::kNone, options);
  library_.embedder().fail_after(0, Error{Code::kUnavailable, "gone"});
  const Answer degraded = answer_to(kSails);
  EXPECT_FALSE(degraded.fallbacks.empty());
  expect_same(answer);
  expect_same(degraded);
}

TEST_F(ReplayTest, OccurrencesInTextsAreTheSame) {
  const Answer answer = answer_to("How often is \"Aurora\" mentioned?");
  ASSERT_EQ(answer.route, "exhaustive");
  ASSERT_FALSE(answer.claims.empty());
  expect_same(answer);
}

TEST_F(ReplayTest, ATableThatWasCountedIsTheSame) {
  retrieval::SetLibrary fleet;
  fleet.put("/d/fleet.md", {"# Fleet", "## Ships", "= Ship | Port | Sauna", "Aurora | Bergen | yes",
                            "Bris | Bergen | no", "Dag | Oslo | yes"});
  llm::FakeEmbedder embedder;
  const auto lexical = library::fts5_index();
  auto index = library::testing::must(retrieval::Index::open({}, fleet.library(), *lexical, embedder, fleet.clock()));
  const auto answer =
      library::testing::must(ask({"How many ships have a sauna?", {}}, {},
                                 {fleet.library(), *index, fleet.clock(), fleet.rng()}, Deadline::never(), {}));
  ASSERT_THAT(answer.text, HasSubstr("2 rows"));
  index.reset();
  const auto again = library::testing::must(
      replay(*fleet.read().trace(answer.trace_id),
             {.library = fleet.library(), .clock = fleet.clock(), .rng = fleet.rng()}, Deadline::never(), {}));
  EXPECT_THAT(again.differences, IsEmpty());
  EXPECT_EQ(again.answer.text, answer.text);
  EXPECT_EQ(again.answer.claims.front().citations.size(), 2U);
}

TEST_F(ReplayTest, WhatAModelWroteIsTheSame) {
  model_.says("The sails are sewn by hand in a loft [1]. The mast is 90 metres tall [1].");
  const Answer answer = answer_to(kSails, Model::kWrites);
  EXPECT_TRUE(answer.generated || !answer.dropped.empty());
  ASSERT_EQ(model_.asked.size(), 1U);
  expect_same(answer);
}

TEST_F(ReplayTest, PartsThatWereWrittenApartAreTheSame) {
  model_.line = [](const llm::ChatRequest& request) -> Result<llm::ChatReply> {
    const bool dough = request.messages.back().content.ends_with("how long should you knead the dough?") &&
                       request.messages.back().content.find("only this part") != std::string::npos;
    return llm::ChatReply{.content = dough ? "Knead the dough for ten minutes [1] [2]."
                                           : "The sails are sewn by hand in a loft [1] [2]."};
  };
  const Answer answer = answer_to(kTwoParts, Model::kWrites);
  ASSERT_EQ(model_.asked.size(), 2U);
  ASSERT_EQ(answer.claims.size(), 2U);
  expect_same(answer);
}

TEST_F(ReplayTest, WhatAModelWasShownOfTheChatIsShownAgain) {
  model_.says("The sails are sewn by hand in a loft [1].");
  AskOptions options;
  options.synthesis.tau = 0.5;
  const Question question{
      .text = kSails, .filter = {}, .history = {{.question = "What is the Aurora?", .answer = "A boat."}}};
  const Answer answer = library::testing::must(ask(question, options,
                                                   {.library = library_.library(),
                                                    .index = *index_,
                                                    .clock = library_.clock(),
                                                    .rng = library_.rng(),
                                                    .writer = &writer_},
                                                   Deadline::never(), {}));
  EXPECT_EQ(model_.asked.front().messages.size(), 4U);
  expect_same(answer);
}

TEST_F(ReplayTest, AModelThatFailedFailsAgain) {
  model_.line = [](const llm::ChatRequest&) -> Result<llm::ChatReply> {
    return Error{Code::kUnavailable, "The model's server is gone.", "Start it."};
  };
  const Answer answer = answer_to(kSails, Model::kWrites);
  ASSERT_EQ(answer.status, AnswerStatus::kPartial);
  expect_same(answer);
}

TEST_F(ReplayTest, GeneralKnowledgeAndAWholeDocumentAreTheSame) {
  allows_general_ = true;
  model_.says("Michelangelo painted it.");
  AskOptions strict;
  strict.synthesis.tau = 9;
  const Answer general = answer_to("Who painted the ceiling?", Model::kWrites, strict);
  ASSERT_EQ(general.route, "general");
  model_.says("NOT IN THE DOCUMENTS");
  const Answer whole = answer_to(kSails, Model::kWrites, {}, {.documents = {"/d/boats.txt"}});
  ASSERT_EQ(model_.asked.back().documents.size(), 1U);
  expect_same(general);
  expect_same(whole);
}

TEST_F(ReplayTest, MoreThanIsRecordedIsSaid) {
  model_.says(std::string(600U << 10U, 'a'));
  const Answer answer = answer_to(kSails, Model::kWrites);
  EXPECT_LT(trace_of(answer).size(), 100U << 10U);
  EXPECT_EQ(replayed(trace_of(answer)).error().code, Code::kNotFound);
}

TEST_F(ReplayTest, ChangedRecordsAreDetected) {
  model_.says("The sails are sewn by hand in a loft [1].");
  const Answer answer = answer_to(kSails, Model::kWrites);
  ASSERT_TRUE(answer.generated);
  const auto call = [](json::object& trace) -> json::object& {
    return trace["model_calls"].as_array().at(0).as_object();
  };
  EXPECT_THAT(told_of(answer, [&](json::object& t) { call(t)["content"] = "The sails are sewn by hand [1]."; }),
              AllOf(Contains(HasSubstr("Claim 1")), Contains("The text of the answer is another.")));
  EXPECT_THAT(told_of(answer, [&](json::object& t) { call(t)["request"] = std::string(64, 'a'); }),
              Contains(HasSubstr("asked something else")));
  EXPECT_THAT(told_of(answer, [&](json::object& t) { t["question"] = "Who sewed the sails?"; }),
              Contains(HasSubstr("asked something else")));
  EXPECT_THAT(told_of(answer, [&](json::object& t) { t["model_calls"] = json::array(); }), Not(IsEmpty()));
  EXPECT_THAT(told_of(answer,
                      [&](json::object& t) {
                        t["agents"].as_array().at(2).as_object()["error"] = {{"code", "unavailable"},
                                                                             {"message", "gone"}};
                      }),
              Contains("It was answered and is now partial."));
  EXPECT_THAT(told_of(answer,
                      [&](json::object& t) {
                        t["recording"].as_object()["answer"].as_object()["claims"].as_array().emplace_back("x");
                      }),
              Contains("It had 2 claims and has now 1."));
}

TEST_F(ReplayTest, BrokenRecordsHarmNothing) {
  const std::string trace = trace_of(answer_to(kSails));
  for (const char* broken :
       {"", "[]", "{}", "{\"recording\":7}", "{\"recording\":{}}",
        "{\"recording\":{\"answer\":{\"status\":\"answered\"},\"parts\":[1,{\"found\":{\"units\":[1]}}]}}"}) {
    EXPECT_FALSE(replayed(broken)) << broken;
  }
  // Every number of the recording in turn is another.
  const std::size_t from = trace.find("\"recording\"");
  ASSERT_NE(from, std::string::npos);
  for (std::size_t at = from; at < trace.size(); at += 37) {
    std::string changed = trace;
    if (changed[at] < '0' || changed[at] > '9') continue;
    changed[at] = changed[at] == '9' ? '1' : '9';
    (void)replayed(changed);
  }
}

TEST_F(ReplayTest, AChangedDocumentIsSaid) {
  const std::string trace = trace_of(answer_to(kSails));
  put_boats("hangar");
  const auto again = replayed(trace);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::kConflict);
  EXPECT_THAT(again.error().message, HasSubstr("changed or deleted"));
}

TEST_F(ReplayTest, ADeletedDocumentTakesItsRecordingsAlong) {
  model_.says("The sails are sewn by hand in a loft [1].");
  const Answer answer = answer_to(kSails, Model::kWrites);
  const std::string trace = trace_of(answer);
  EXPECT_THAT(trace, HasSubstr("in a loft [1]")) << "what the model said is recorded";
  ASSERT_TRUE(library_.library().remove_document("/d/boats.txt", Deadline::never(), {}));
  EXPECT_EQ(library_.read().trace(answer.trace_id).error().code, Code::kNotFound);
  EXPECT_EQ(replayed(trace).error().code, Code::kConflict) << "from a copy of the trace";
}

TEST_F(ReplayTest, ATraceWithoutARecordingIsSaid) {
  json::value trace = *parse_json(trace_of(answer_to(kSails)));
  trace.as_object().erase("recording");
  const auto again = replayed(to_text(trace));
  EXPECT_EQ(again.error().code, Code::kNotFound);
  EXPECT_THAT(again.error().message, HasSubstr("no recording"));
}

TEST_F(ReplayTest, EachPartHasARunOfItsOwn) {
  const json::value trace = *parse_json(trace_of(answer_to(kTwoParts)));
  std::vector<std::pair<std::string, std::uint64_t>> runs;
  for (const json::value& run : json_list(json_member(trace, "agents"))) {
    runs.emplace_back(json_text(json_member(run, "name")), json_count(json_member(run, "part")));
  }
  EXPECT_EQ(runs, (std::vector<std::pair<std::string, std::uint64_t>>{{"query_router", 0},
                                                                      {"query_planner", 0},
                                                                      {"retrieval_expert", 0},
                                                                      {"retrieval_expert", 1},
                                                                      {"result_synthesizer", 0},
                                                                      {"response_validator", 0}}));
}

TEST_F(ReplayTest, EachRunAndCallHasItsTimesAndTokens) {
  model_.line = [this](const llm::ChatRequest&) -> Result<llm::ChatReply> {
    library_.clock().advance(std::chrono::milliseconds(250));
    return llm::ChatReply{.content = "The sails are sewn by hand in a loft [1].",
                          .usage = {.prompt = 100, .cached = 40, .completion = 9}};
  };
  const json::value trace = *parse_json(trace_of(answer_to(kSails, Model::kWrites)));
  const json::array& calls = json_list(json_member(trace, "model_calls"));
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(json_member(calls[0], "seconds").to_number<double>(), 0.25);
  EXPECT_EQ(json_count(json_member(calls[0], "prompt")), 100U);
  EXPECT_EQ(json_count(json_member(calls[0], "reused")), 40U);
  EXPECT_EQ(json_count(json_member(calls[0], "computed")), 60U);
  EXPECT_EQ(json_count(json_member(calls[0], "completion")), 9U);
  const json::array& agents = json_list(json_member(trace, "agents"));
  ASSERT_EQ(agents.size(), 5U);
  EXPECT_EQ(json_member(agents[3], "seconds").to_number<double>(), 0.25);
  EXPECT_EQ(json_member(agents[4], "began").to_number<double>(), 0.25);
  EXPECT_EQ(json_member(trace, "seconds").to_number<double>(), 0.25);
}

TEST_F(ReplayTest, WhoStoodInForWhomIsTold) {
  model_.line = [](const llm::ChatRequest&) -> Result<llm::ChatReply> {
    return Error{Code::kUnavailable, "The model's server is gone."};
  };
  const json::value trace = *parse_json(trace_of(answer_to(kSails, Model::kWrites)));
  const json::value& writer = json_list(json_member(trace, "agents"))[3];
  EXPECT_EQ(json_text(json_member(writer, "status")), "failed");
  EXPECT_EQ(json_text(json_member(writer, "replaced_by")), "the documents' own words");
  EXPECT_THAT(std::string(json_text(json_member(json_member(writer, "error"), "message"))), HasSubstr("is gone"));
}

}  // namespace
}  // namespace docmind::agents

#include "session/sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <thread>

#include "base/json_members.h"
#include "graph/memory_saver.h"
#include "session/forget.h"
#include "session/history.h"
#include "session/markdown.h"
#include "session/parts.h"

namespace docmind::session {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

// Passes everything on to one memory that outlives it, until the puts it was given are used up: then it fails as a disk
// would, and the program with it.
class FailingSaver final : public graph::Saver {
 public:
  FailingSaver(graph::Saver& inner, int& puts) : inner_(inner), puts_(puts) {}
  Result<> put(const graph::NewCheckpoint& checkpoint, graph::Waiting waiting) override {
    if (puts_-- <= 0) return Error{Code::kDataLoss, "the disk is gone"};
    return inner_.put(checkpoint, waiting);
  }
  Result<> put_writes(const graph::Place& place, std::string_view checkpoint,
                      const std::vector<graph::PendingWrite>& writes, graph::Waiting waiting) override {
    return inner_.put_writes(place, checkpoint, writes, waiting);
  }
  Result<std::optional<graph::SavedCheckpoint>> get(const graph::Place& place, std::string_view id,
                                                    graph::Waiting waiting) override {
    return inner_.get(place, id, waiting);
  }
  Result<std::vector<graph::SavedCheckpoint>> list(const graph::ListFilter& filter, graph::Waiting waiting) override {
    return inner_.list(filter, waiting);
  }
  Result<std::vector<std::string>> threads(std::string_view after, std::size_t limit, graph::Waiting waiting) override {
    return inner_.threads(after, limit, waiting);
  }
  Result<> delete_thread(std::string_view thread, graph::Waiting waiting) override {
    return inner_.delete_thread(thread, waiting);
  }
  Result<> delete_runs(const std::vector<std::string>& runs, graph::Waiting waiting) override {
    return inner_.delete_runs(runs, waiting);
  }
  Result<> copy_thread(std::string_view from, std::string_view to, graph::Waiting waiting) override {
    return inner_.copy_thread(from, to, waiting);
  }
  Result<> prune(const std::vector<std::string>& threads, graph::Prune what, graph::Waiting waiting) override {
    return inner_.prune(threads, what, waiting);
  }

 private:
  graph::Saver& inner_;
  int& puts_;
};

json::value answer_of(std::string_view text) {
  return json::object{{"answer", text}, {"status", "answered"}, {"claims", json::array()}};
}

struct SessionsTest : ::testing::Test {
  std::unique_ptr<Sessions> open() {
    return *Sessions::create({clock, rng, [this]() -> Result<std::unique_ptr<graph::Saver>> {
                                ++opened;
                                return std::unique_ptr<graph::Saver>(std::make_unique<FailingSaver>(memory, puts));
                              }});
  }
  Ask asking() {
    return [this](const Query& query, Deadline, std::stop_token) -> Result<json::value> {
      queries.push_back(query.text);
      filter = query.filter;
      history = query.history;
      if (failure) return *failure;
      return answer_of("To " + query.text);
    };
  }
  Result<Asked> ask(const std::string& id, const std::string& question) {
    clock.advance(std::chrono::seconds(1));
    return sessions->ask(id, {question}, asking(), {});
  }

  ManualClock clock;
  SeededRng rng{7};
  graph::MemorySaver memory;
  int puts = 1'000'000;
  int opened = 0;
  std::vector<std::string> queries;
  json::value filter;
  std::vector<agents::HistoryTurn> history;
  std::optional<Error> failure;
  std::unique_ptr<Sessions> sessions = open();
};

TEST_F(SessionsTest, TurnsFollowOneAnotherAndRefersBack) {
  EXPECT_EQ(opened, 0);  // No file before the first use.
  const auto first = ask("s", "Who wrote the Debian manual?");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->number, 1U);
  EXPECT_EQ(first->turn.because, "");
  const auto second = ask("s", "When was it published?");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->number, 2U);
  EXPECT_EQ(second->turn.question, "When was it published?");
  EXPECT_EQ(second->turn.query, "When was the Debian manual published?");
  EXPECT_EQ(second->turn.because, "it");
  EXPECT_EQ(queries.back(), second->turn.query);
  sessions = open();  // Another process.
  const auto shown = sessions->show("s", {});
  ASSERT_TRUE(shown);
  ASSERT_EQ(shown->turns.size(), 2U);
  EXPECT_EQ(shown->overview.title, "Who wrote the Debian manual?");
  EXPECT_EQ(shown->overview.turns, 2U);
  EXPECT_LT(shown->overview.started_ms, shown->overview.changed_ms);
  EXPECT_EQ(shown->turns[1].because, "it");
  EXPECT_EQ(json_text(json_member(shown->turns[1].answer, "answer")), "To When was the Debian manual published?");
}

TEST_F(SessionsTest, AsTypedIsSearchedAsTyped) {
  ASSERT_TRUE(ask("s", "Who wrote the Debian manual?"));
  const auto typed = sessions->ask("s", {.text = "Is it long?", .rewriting = Rewriting::kNever}, asking(), {});
  ASSERT_TRUE(typed);
  EXPECT_EQ(typed->turn.query, "Is it long?");
  EXPECT_EQ(typed->turn.because, "");
}

TEST_F(SessionsTest, ARepeatedRequestIsAnsweredOnce) {
  const Question once{.text = "Who wrote the manual?", .turn = 1};
  ASSERT_TRUE(sessions->ask("s", once, asking(), {}));
  const auto again = sessions->ask("s", once, asking(), {});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->number, 1U);
  EXPECT_EQ(queries.size(), 1U);
  EXPECT_EQ(sessions->show("s", {})->turns.size(), 1U);
  EXPECT_EQ(sessions->ask("s", {.text = "Another?", .turn = 1}, asking(), {}).error().code, Code::kConflict);
  EXPECT_EQ(sessions->ask("s", {.text = "Another?", .turn = 3}, asking(), {}).error().code, Code::kConflict);
}

// Wherever the program ends within a turn: the turns before are whole, nothing is doubled, the question can be asked.
TEST_F(SessionsTest, EveryPlaceToDieLeavesWholeTurns) {
  for (int last = 0;; ++last) {
    const std::string id = "s" + std::to_string(last);
    ASSERT_TRUE(ask(id, "Who wrote the manual?"));
    puts = last;
    const bool done = bool(ask(id, "When was it published?"));
    puts = 1'000'000;
    sessions = open();
    const auto shown = sessions->show(id, {});
    ASSERT_TRUE(shown);
    EXPECT_EQ(shown->turns.size(), done ? 2U : 1U) << last;
    if (done) break;
    ASSERT_LT(last, 10);
    const std::string unanswered = shown->overview.unanswered;
    EXPECT_EQ(unanswered, last == 0 ? "" : "When was it published?");
    const auto resumed = unanswered.empty() ? ask(id, "When was it published?") : sessions->resume(id, asking(), {});
    ASSERT_TRUE(resumed) << resumed.error().message;
    EXPECT_EQ(resumed->number, 2U);
    EXPECT_EQ(resumed->turn.query, "When was the manual published?");
    EXPECT_EQ(sessions->show(id, {})->turns.size(), 2U);
    EXPECT_EQ(sessions->show(id, {})->overview.unanswered, "");
  }
}

TEST_F(SessionsTest, AFailureIsToldAsItIsAndCanBeResumedWithItsFilter) {
  failure = Error{Code::kUnavailable, "the index is loading", "wait"};
  const auto failed = sessions->ask("s", {.text = "Why?", .filter = json::object{{"types", {"pdf"}}}}, asking(), {});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::kUnavailable);
  EXPECT_EQ(failed.error().message, "the index is loading");
  EXPECT_EQ(sessions->list(10, {})->front().turns, 0U);
  EXPECT_EQ(sessions->list(10, {})->front().unanswered, "Why?");
  failure.reset();
  filter = nullptr;
  ASSERT_TRUE(sessions->resume("s", asking(), {}));
  EXPECT_EQ(filter, (json::object{{"types", {"pdf"}}}));
  EXPECT_EQ(sessions->resume("s", asking(), {}).error().code, Code::kConflict);
}

TEST_F(SessionsTest, AnotherQuestionDropsTheInterruptedOne) {
  failure = Error{Code::kCancelled, "stopped"};
  EXPECT_FALSE(ask("s", "Who?"));
  failure.reset();
  ASSERT_TRUE(ask("s", "What is a ferry?"));
  const auto shown = sessions->show("s", {});
  ASSERT_EQ(shown->turns.size(), 1U);
  EXPECT_EQ(shown->turns[0].question, "What is a ferry?");
  EXPECT_EQ(shown->overview.unanswered, "");
}

TEST_F(SessionsTest, ListedNewestFirst) {
  ASSERT_TRUE(ask("b", "One?"));
  ASSERT_TRUE(ask("a", "Two?"));
  ASSERT_TRUE(ask("船舶", "渡船什么时候出发？"));
  ASSERT_TRUE(ask("b", "Three bridges?"));
  const auto listed = sessions->list(10, {});
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 3U);
  EXPECT_EQ((*listed)[0].id, "b");
  EXPECT_EQ((*listed)[0].turns, 2U);
  EXPECT_EQ((*listed)[0].title, "One?");
  EXPECT_EQ((*listed)[1].id, "船舶");
  EXPECT_EQ(sessions->list(1, {})->size(), 1U);
}

TEST_F(SessionsTest, AForkGoesItsOwnWay) {
  ASSERT_TRUE(ask("s", "Who wrote the manual?"));
  ASSERT_TRUE(ask("s", "When was it published?"));
  ASSERT_TRUE(sessions->fork("s", "t", 1, {}));
  EXPECT_EQ(sessions->show("t", {})->turns.size(), 1U);
  EXPECT_EQ(sessions->show("t", {})->overview.unanswered, "");
  const auto next = ask("t", "Where is it kept?");
  ASSERT_TRUE(next);
  EXPECT_EQ(next->number, 2U);
  EXPECT_EQ(next->turn.query, "Where is the manual kept?");
  EXPECT_EQ(sessions->show("s", {})->turns[1].question, "When was it published?");
  EXPECT_EQ(sessions->fork("s", "t", {}, {}).error().code, Code::kConflict);
  EXPECT_EQ(sessions->fork("s", "u", 3, {}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(sessions->fork("none", "u", {}, {}).error().code, Code::kNotFound);
  EXPECT_EQ(sessions->fork("s", "u", {}, {})->turns, 2U);
}

TEST_F(SessionsTest, AChatOfAnotherProgramIsASessionWithItsTimes) {
  clock.advance(std::chrono::seconds(10));
  const std::vector<Turn> turns = {{.question = "When?",
                                    .query = {},
                                    .because = {},
                                    .asked_ms = 1,
                                    .filter = {},
                                    .answer = json::object{{"answer", "Tuesday."}}},
                                   {.question = "Who?",
                                    .query = {},
                                    .because = {},
                                    .asked_ms = 0,
                                    .filter = {},
                                    .answer = json::object{{"answer", "Anna."}}}};
  const auto imported = sessions->import("open-webui-1", "Boats", turns, {});
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_EQ(imported->title, "Boats");
  const auto shown = sessions->show("open-webui-1", {});
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->overview.started_ms, 1);
  EXPECT_EQ(shown->overview.changed_ms, 10'000) << "a time that is not known is now";
  ASSERT_EQ(shown->turns.size(), 2U);
  EXPECT_EQ(shown->turns[0].query, "When?");
  EXPECT_EQ(shown->turns[1].answer.at("answer"), "Anna.");
  EXPECT_EQ(ask("open-webui-1", "Why?")->number, 3U);
  EXPECT_EQ(sessions->import("open-webui-1", "", turns, {}).error().code, Code::kConflict);
  EXPECT_EQ(sessions->import("a/b", "", turns, {}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(sessions->import("empty", "", {}, {}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(sessions->import("untitled", "", turns, {})->title, "When?");
}

TEST_F(SessionsTest, DeletedIsGone) {
  ASSERT_TRUE(ask("s", "Who?"));
  EXPECT_EQ(sessions->remove("s", {})->title, "Who?");
  EXPECT_EQ(sessions->show("s", {}).error().code, Code::kNotFound);
  EXPECT_EQ(sessions->remove("s", {}).error().code, Code::kNotFound);
  EXPECT_TRUE(sessions->list(10, {})->empty());
}

// With a claim besides that a model `said` and that nothing bears out.
json::value answer_citing(std::string_view words, std::string_view document, std::string_view said = "so") {
  const json::object passage{{"document_id", document}, {"quote", words}};
  return json::object{{"answer", words},
                      {"claims",
                       {{{"text", words}, {"supported", true}, {"citations", json::array{passage}}},
                        {{"text", "Says " + std::string(said)}, {"supported", false}, {"citations", json::array()}}}},
                      {"nearest", json::array{passage}},
                      {"dropped", json::array{words}},
                      {"partial_reason", nullptr}};
}

TEST_F(SessionsTest, ADeletedDocumentsWordsAreForgotten) {
  const auto citing = [](std::string_view words, std::string_view document, std::string_view said = "so") -> Ask {
    return [=](const Query&, Deadline, std::stop_token) -> Result<json::value> {
      return answer_citing(words, document, said);
    };
  };
  ASSERT_TRUE(sessions->ask("s", {"Who built the ferry?"}, citing("Built by Secret Weber.", "D1"), {}));
  ASSERT_TRUE(sessions->ask("s", {"When did she die?"}, citing("She died in 1950.", "D2", "Secret"), {}));
  EXPECT_EQ(sessions->show("s", {})->turns[1].query, "When did Secret Weber die?");
  ASSERT_TRUE(sessions->ask("t", {"Who?"}, citing("Other words.", "D2"), {}));
  failure = Error{Code::kCancelled, "stopped"};
  EXPECT_FALSE(ask("s", "And why?"));
  EXPECT_EQ(*sessions->count_with("D1", {}), 1U);
  EXPECT_EQ(*sessions->count_with("D2", {}), 2U);
  ASSERT_TRUE(sessions->forget_document("D1", {}));
  EXPECT_EQ(*sessions->count_with("D1", {}), 0U);
  const auto shown = sessions->show("s", {});
  ASSERT_EQ(shown->turns.size(), 2U);
  EXPECT_EQ(shown->overview.turns, 2U);
  EXPECT_EQ(shown->overview.unanswered, "And why?");
  EXPECT_EQ(shown->turns[1].query, "When did she die?");
  EXPECT_EQ(json_text(json_member(shown->turns[1].answer, "answer")), "She died in 1950.");
  EXPECT_THAT(std::string(json_text(json_member(shown->turns[0].answer, "partial_reason"))), HasSubstr("deleted"));
  EXPECT_EQ(json_text(json_member(sessions->show("t", {})->turns[0].answer, "answer")), "Other words.");
  // Nowhere in what is stored, history and all.
  for (const auto& one : *memory.list({}, {})) {
    const auto saved = *memory.get(one.place, one.checkpoint.id, {});
    for (const auto& [channel, pieces] : saved->channels) {
      for (const auto& piece : pieces) EXPECT_THAT(to_text(piece.value), Not(HasSubstr("Secret")));
    }
  }
  failure.reset();
  EXPECT_EQ(sessions->resume("s", asking(), {})->number, 3U);
  // And the next question's model is shown what is left: the turn that is empty now is not there.
  ASSERT_EQ(history.size(), 1U);
  EXPECT_EQ(history[0].question, "When did she die?");
  EXPECT_EQ(history[0].answer, "She died in 1950.");
  EXPECT_EQ(history[0].documents, std::vector<std::string>{"D2"});
}

// Of three documents, each asked by itself: the first has two claims, the second one, the third does not say.
json::value separate_answer() {
  const auto claim = [](std::string_view text, std::string_view document) -> json::value {
    return {{"text", text}, {"supported", true}, {"citations", {{{"document_id", document}, {"quote", text}}}}};
  };
  const auto part = [](std::string_view document, int first, int count) -> json::value {
    return {{"document", "/d/" + std::string(document) + ".txt"},
            {"document_id", document},
            {"title", document},
            {"status", count > 0 ? "answered" : "abstained"},
            {"reason", nullptr},
            {"first", first},
            {"count", count}};
  };
  json::value unsaid = part("D3", 3, 0);
  unsaid.as_object()["nearest"] = {{{"document_id", "D3"}, {"text", "Secret of three."}}};
  return json::object{
      {"answer", "as it was"},
      {"claims", {claim("One.", "D1"), claim("Secret one.", "D1"), claim("Two.", "D2")}},
      {"parts", {part("D1", 0, 2), part("D2", 2, 1), unsaid}},
  };
}

TEST(Parts, ADeletedDocumentsPartGoesAndTheOthersKeepTheirClaims) {
  json::value answer = separate_answer();
  EXPECT_TRUE(quotes_document(answer, "D3")) << "it was looked at";
  ASSERT_TRUE(forget_document(answer, "D1"));
  EXPECT_EQ(answer.at("answer"), "D2.txt:\nTwo.");
  const std::vector<Part> parts = parts_of(answer);
  ASSERT_EQ(parts.size(), 2U);
  ASSERT_EQ(parts[0].claims.size(), 1U);
  EXPECT_EQ(parts[0].claims[0].at("text"), "Two.");
  EXPECT_EQ(answer.at("parts").at(1).at("first"), 1);
  ASSERT_TRUE(forget_document(answer, "D3"));
  EXPECT_THAT(to_text(answer), Not(HasSubstr("Secret")));
  EXPECT_FALSE(quotes_document(answer, "D3"));
}

TEST(Parts, WhatADoubtedClaimLeavesIsCountedAnew) {
  json::value answer = separate_answer();
  answer.at("claims").at(0).as_object()["supported"] = false;
  forget_unsupported(answer);
  EXPECT_EQ(answer.at("parts").at(0).at("count"), 1);
  EXPECT_EQ(answer.at("parts").at(1).at("first"), 1);
}

TEST(Parts, WhatLiesOutsideIsCutOff) {
  json::value answer = separate_answer();
  answer.at("parts").at(0).as_object()["first"] = 2;
  answer.at("parts").at(0).as_object()["count"] = 1000;
  answer.at("parts").at(1).as_object()["first"] = -1;
  answer.at("parts").at(2) = "no object";
  EXPECT_EQ(parts_of(answer).at(0).claims.size(), 1U);
  EXPECT_TRUE(forget_document(answer, "D2"));
  EXPECT_TRUE(parts_of(json::object{{"claims", json::array(2)}}).empty()) << "an answer of an earlier version";
}

TEST_F(SessionsTest, HowItIsToBeAnsweredIsKeptForLater) {
  std::string analysis;
  const Ask asking_how = [&](const Query& query, Deadline, std::stop_token) -> Result<json::value> {
    analysis = query.analysis;
    if (failure) return *failure;
    return json::value{{"answer", "so"}};
  };
  failure = Error{Code::kCancelled, "stopped"};
  EXPECT_FALSE(sessions->ask("s", {.text = "Who?", .analysis = "separate"}, asking_how, {}));
  EXPECT_EQ(analysis, "separate");
  failure.reset();
  analysis.clear();
  sessions = open();
  EXPECT_TRUE(sessions->resume("s", asking_how, {}));
  EXPECT_EQ(analysis, "separate");
  EXPECT_TRUE(sessions->ask("s", {.text = "Why?"}, asking_how, {}));
  EXPECT_EQ(analysis, "");
}

TEST_F(SessionsTest, AModelIsShownTheTurnsBefore) {
  ASSERT_TRUE(ask("s", "Who wrote the Debian manual?"));
  EXPECT_TRUE(history.empty());
  ASSERT_TRUE(ask("s", "When was it published?"));
  ASSERT_EQ(history.size(), 1U);
  EXPECT_EQ(history[0].answer, "To Who wrote the Debian manual?");
  sessions = open();  // Another process.
  ASSERT_TRUE(ask("s", "What is a runlevel?"));
  ASSERT_EQ(history.size(), 2U) << "a question that stands alone has them, too";
  EXPECT_EQ(history[1].question, "When was the Debian manual published?") << "as it was searched";
  ASSERT_TRUE(ask("t", "What is a mast?"));
  EXPECT_TRUE(history.empty()) << "another session";
}

TEST_F(SessionsTest, NamesAndQuestionsAreChecked) {
  for (const std::string& id : {std::string(), std::string("a/b"), std::string("a\nb"), std::string("a\0b", 3),
                                std::string("\xff"), std::string(".."), std::string(129, 'x')}) {
    EXPECT_EQ(ask(id, "Who?").error().code, Code::kInvalidArgument) << id;
  }
  EXPECT_EQ(ask("s", " \n\t ").error().code, Code::kInvalidArgument);
  EXPECT_EQ(ask("s", std::string((16U << 10U) + 1, 'x')).error().code, Code::kInvalidArgument);
  EXPECT_TRUE(sessions->list(10, {})->empty());
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "船";
  ASSERT_TRUE(ask("s", wide + "\n"));
  EXPECT_EQ(sessions->show("s", {})->overview.title, wide.substr(0, 80U * 3) + "…");
}

TEST_F(SessionsTest, OneQuestionAtATime) {
  const Ask nested = [this](const Query&, Deadline, std::stop_token) -> Result<json::value> {
    Code code = Code::kInternal;
    std::jthread([&] { code = sessions->ask("s", {"Another?"}, asking(), {}).error().code; }).join();
    EXPECT_EQ(code, Code::kConflict);
    EXPECT_EQ(sessions->remove("s", {}).error().code, Code::kConflict);
    EXPECT_TRUE(sessions->ask("t", {"Elsewhere?"}, asking(), {}));
    return answer_of("done");
  };
  EXPECT_TRUE(sessions->ask("s", {"Who?"}, nested, {}));
  EXPECT_TRUE(ask("s", "And then?"));
}

TEST_F(SessionsTest, AnAnswerThatIsTooLongIsNotKept) {
  const Ask huge = [](const Query&, Deadline, std::stop_token) -> Result<json::value> {
    return answer_of(std::string(17U << 20U, 'x'));
  };
  EXPECT_EQ(sessions->ask("s", {"Who?"}, huge, {}).error().code, Code::kResourceExhausted);
  EXPECT_EQ(sessions->show("s", {})->turns.size(), 0U);
}

TEST(History, OnlyAppendsUntilFourGoAtOnce) {
  std::vector<Turn> turns;
  std::size_t changes = 0;
  std::vector<agents::HistoryTurn> before;
  for (int i = 0; i < 100; ++i) {
    turns.emplace_back().query = "Q" + std::to_string(i);
    turns.back().answer = answer_of("A" + std::to_string(i));
    const auto now = history_of(turns);
    ASSERT_LE(now.size(), 8U);
    ASSERT_GE(now.size(), std::min<std::size_t>(turns.size(), 5));
    EXPECT_EQ(now.back().question, turns.back().query);
    if (!before.empty() && now.front().question != before.front().question) ++changes;
    before = now;
  }
  EXPECT_EQ(changes, 23U);
}

TEST(History, LeavesOutWhatWasNotAnsweredAndCutsWhatIsLong) {
  std::vector<Turn> turns(3);
  turns[0].query = "Why?";
  turns[0].answer = answer_of("");
  turns[1].query = "What?";  // Its answer is no object.
  std::string wide = "ab";
  for (int i = 0; i < 2000; ++i) wide += "船";
  turns[2].query = "Which?";
  turns[2].answer = answer_of(wide);
  const auto history = history_of(turns);
  ASSERT_EQ(history.size(), 1U);
  EXPECT_EQ(history[0].question, "Which?");
  EXPECT_EQ(history[0].answer, wide.substr(0, 4094) + " …");
  EXPECT_TRUE(history_of({}).empty());
}

TEST(Markdown, GeneralKnowledgeSaysThatItIs) {
  Session session;
  session.turns.resize(1);
  session.turns[0].answer =
      json::object{{"answer", "x"}, {"claims", {{{"text", "By Michelangelo."}, {"origin", "general"}}}}};
  EXPECT_THAT(to_markdown(session),
              HasSubstr("Not from them, but what the chat model knows of itself:\n\n> By Michelangelo.\n"));
}

TEST(Markdown, EachDocumentHasItsHeading) {
  Session session;
  session.turns.resize(1);
  session.turns[0].answer = separate_answer();
  session.turns[0].answer.at("parts").at(2).as_object()["document"] = "/d/# D3.txt";
  EXPECT_THAT(to_markdown(session),
              HasSubstr("\n### /d/D1.txt\n\n> One. (1)\n>\n> Secret one. (1)\n>\n\n### /d/D2.txt\n\n> Two. (2)\n>\n\n"
                        "### /d/\\# D3.txt\n\nThis document does not say.\n\n\nSources:"));
}

TEST(Markdown, QuotesDocumentsAndLetsThemSayNothingElse) {
  Session session;
  session.overview.title = "Who?";
  session.overview.unanswered = "And why?";
  Turn turn;
  turn.question = "Is it # tall?";
  turn.query = "Is the mast tall?";
  turn.because = "it";
  turn.answer =
      json::object{{"answer", "x"},
                   {"claims",
                    {{{"text", "It is <b>tall</b>.\n# Heading"},
                      {"citations", {{{"document", "/d/船.pdf"}, {"page", 3}, {"quote", "It is [tall](x)."}}}}}}}};
  session.turns = {turn, Turn()};
  session.turns[1].question = "Nothing?";
  const std::string out = to_markdown(session);
  EXPECT_THAT(out, HasSubstr("# Who?\n"));
  EXPECT_THAT(out, HasSubstr("## Is it \\# tall?\n\nSearched: Is the mast tall?\n"));
  EXPECT_THAT(out, HasSubstr("> It is \\<b\\>tall\\</b\\>. \\# Heading (1)\n"));
  EXPECT_THAT(out, HasSubstr("1. /d/船.pdf, page 3\n   > It is \\[tall\\](x).\n"));
  EXPECT_THAT(out, HasSubstr("The documents do not say.\n"));
  EXPECT_THAT(out, HasSubstr("## And why?\n\nNot answered.\n"));
  EXPECT_THAT(out, Not(HasSubstr("<b>")));
}

}  // namespace
}  // namespace docmind::session

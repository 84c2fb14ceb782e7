#include "service/separate_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <mutex>

#include "base/testing/threaded_seams.h"
#include "library/testing/sample_document.h"
#include "library/testing/temp_library.h"

namespace docmind::service {
namespace {

using agents::AnswerStatus;
using agents::DocumentPart;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Answer says(const library::Document& document, const std::string& sentence) {
  Answer out;
  out.status = AnswerStatus::kAnswered;
  out.text = sentence;
  agents::Claim& claim = out.claims.emplace_back();
  claim.text = sentence;
  agents::Citation& citation = claim.citations.emplace_back();
  citation.document = document.path;
  citation.document_id = document.id;
  citation.version = document.version;
  citation.span = {0, sentence.size()};
  citation.quote = sentence;
  out.tokens.prompt = 10;
  out.agents = {{.name = "query_router", .seconds = 0.5}};
  out.trace_id = "trace of " + document.path;
  return out;
}

// A library of documents "a", "b", ...; every document says its own name unless a test has it do otherwise.
struct SeparateTest : ::testing::Test {
  void add(const std::string& path) {
    const auto sample = library::testing::sample_document(path, {"I am " + path + "."});
    ASSERT_TRUE(library->put_embeddings(sample.embeddings, Deadline::never(), {}));
    library::testing::must(library->put_document(sample.document, Deadline::never(), {}));
  }
  void add_all(std::string_view names) {
    for (const char name : names) add(std::string("/docs/") + name);
  }
  library::Document find(std::string_view id) { return library::testing::must(library.read().find(id)); }
  void found(std::string_view names) {  // By the search, the best first.
    for (const char name : names) {
      const library::Document document = find(std::string("/docs/") + name);
      retrieval::Hit hit;
      hit.document = document.path;
      hit.document_id = document.id;
      hit.score = 1.0 / static_cast<double>(hits.size() + 1);
      hits.push_back(hit);
    }
  }

  Result<Answer> ask(Question question = {.text = "Who are you?", .filter = {}}, std::size_t parallel = 1,
                     std::stop_token stop = {}) {
    const SeparateDeps deps{.library = *library,
                            .clock = clock,
                            .rng = rng,
                            .pool = *pool,
                            .parallel = parallel,
                            .search = [this](const Query&, Deadline, std::stop_token) -> Result<SearchResult> {
                              SearchResult out;
                              out.hits = hits;
                              return out;
                            },
                            .ask = [this](const Question& one, Deadline, std::stop_token stopped) -> Result<Answer> {
                              const library::Document document =
                                  DM_TRY(DM_TRY(library->read(Deadline::never(), {})).find(one.filter.documents.at(0)));
                              {
                                const std::lock_guard lock(mutex);
                                asked.push_back(one);
                                order += document.path.back();
                              }
                              return each ? each(one, document, stopped)
                                          : says(document, "I am " + document.path + ".");
                            }};
    return answer_separately(question, deps, Deadline::in(std::chrono::seconds(100), clock), std::move(stop));
  }

  library::testing::TempLibrary library;
  ManualClock clock;
  LockedRng rng{1};
  std::unique_ptr<exec::Pool> pool = library::testing::must(exec::Pool::open({.threads = 4}));
  std::vector<retrieval::Hit> hits;
  std::function<Result<Answer>(const Question&, const library::Document&, std::stop_token)> each;
  std::mutex mutex;
  std::vector<Question> asked;
  std::string order;
};

std::vector<std::string> names_of(const Answer& answer) {
  std::vector<std::string> out;
  for (const DocumentPart& part : answer.by_document) out.push_back(part.document);
  return out;
}

TEST_F(SeparateTest, EachDocumentIsAskedByItselfTheBestPassageFirst) {
  add_all("abc");
  found("cbcb");
  const auto answer = ask();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(answer->separate);
  EXPECT_EQ(answer->status, AnswerStatus::kAnswered);
  EXPECT_THAT(names_of(*answer), ElementsAre("/docs/c", "/docs/b", "/docs/a")) << "one without a passage comes last";
  ASSERT_THAT(asked, SizeIs(3));
  EXPECT_THAT(asked[0].filter.documents, ElementsAre(find("/docs/c").id));
  EXPECT_EQ(asked[0].analysis, Analysis::kCombined);
  EXPECT_THAT(answer->claims, SizeIs(3));
  EXPECT_EQ(answer->by_document[1].first, 1U);
  EXPECT_EQ(answer->by_document[1].count, 1U);
  EXPECT_EQ(answer->by_document[1].title, "Title of /docs/b");
  EXPECT_EQ(answer->text, "c:\nI am /docs/c.\n\nb:\nI am /docs/b.\n\na:\nI am /docs/a.");
  EXPECT_EQ(answer->tokens.prompt, 30U);
  EXPECT_THAT(answer->agents, ElementsAre(Field(&agents::AgentRun::seconds, 1.5)));
  EXPECT_EQ(answer->unit, "document");
  EXPECT_EQ(answer->units_read, 3U);
  EXPECT_EQ(answer->units_total, 3U);
  EXPECT_FALSE(answer->given_again);
}

TEST_F(SeparateTest, MoreThanTheBoundAreCountedNotAsked) {
  add_all("abcdefghijkl");
  found("lk");
  const auto answer = ask();
  ASSERT_TRUE(answer);
  EXPECT_THAT(answer->by_document, SizeIs(kMostDocuments));
  EXPECT_EQ(answer->units_read, 10U);
  EXPECT_EQ(answer->units_total, 12U);
  EXPECT_EQ(order.substr(0, 4), "lkab");
}

TEST_F(SeparateTest, OnlyDocumentsOfTheFilterAreAsked) {
  add_all("abc");
  ASSERT_TRUE(ask({.text = "Who are you?", .filter = {.documents = {"/docs/b"}, .types = {"pdf"}}}));
  EXPECT_EQ(order, "b");
  const auto none = ask({.text = "Who are you?", .filter = {.types = {"epub"}}});
  ASSERT_TRUE(none);
  EXPECT_EQ(none->status, AnswerStatus::kAbstained);
  EXPECT_THAT(none->by_document, IsEmpty());
}

TEST_F(SeparateTest, SomeSaySomeDoNot) {
  add_all("ab");
  each = [](const Question&, const library::Document& document, std::stop_token) -> Result<Answer> {
    if (document.path == "/docs/b") return says(document, "I am b.");
    Answer out;
    out.nearest.resize(5);
    return out;
  };
  auto answer = ask();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, AnswerStatus::kAnswered);
  EXPECT_EQ(answer->by_document[0].status, "abstained");
  EXPECT_THAT(answer->by_document[0].nearest, SizeIs(3));
  EXPECT_EQ(answer->by_document[0].count, 0U);
  EXPECT_EQ(answer->by_document[1].first, 0U);
  EXPECT_THAT(answer->nearest, IsEmpty());
  EXPECT_EQ(answer->text, "b:\nI am b.");
  each = [](const Question&, const library::Document&, std::stop_token) -> Result<Answer> {
    Answer out;
    out.nearest.resize(2);
    return out;
  };
  answer = ask();
  EXPECT_EQ(answer->status, AnswerStatus::kAbstained);
  EXPECT_EQ(answer->text, "");
  EXPECT_THAT(answer->nearest, SizeIs(3)) << "so that it reads as any abstention";
}

TEST_F(SeparateTest, APartThatFailsIsToldAndTheRestIsGiven) {
  add_all("ab");
  each = [](const Question&, const library::Document& document, std::stop_token) -> Result<Answer> {
    if (document.path == "/docs/a") return Error{Code::kUnavailable, "The model is away.", ""};
    return says(document, "I am b.");
  };
  auto answer = ask();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, AnswerStatus::kPartial);
  EXPECT_EQ(answer->partial_reason, "a: The model is away.");
  EXPECT_EQ(answer->by_document[0].status, "failed");
  EXPECT_EQ(answer->by_document[0].reason, "The model is away.");
  EXPECT_EQ(answer->units_read, 1U);
  each = [](const Question&, const library::Document&, std::stop_token) -> Result<Answer> {
    return Error{Code::kUnavailable, "The model is away.", "Start it."};
  };
  answer = ask();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().hint, "Start it.");
}

TEST_F(SeparateTest, ThePartsLeaveTimeToKeepWhatTheyBrought) {
  add_all("ab");
  each = [this](const Question&, const library::Document& document, std::stop_token) -> Result<Answer> {
    if (order == "a") {
      clock.advance(std::chrono::seconds(95));
      return says(document, "I am a.");
    }
    return Error{Code::kDeadlineExceeded, "There was no time left.", ""};
  };
  const auto answer = ask();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->partial_reason, "b: There was no time left.");
  EXPECT_FALSE(answer->trace_id.empty());
}

TEST_F(SeparateTest, AStopBetweenPartsEndsIt) {
  add_all("abc");
  std::stop_source source;
  each = [&](const Question&, const library::Document& document, std::stop_token) -> Result<Answer> {
    source.request_stop();
    return says(document, "I am " + document.path);
  };
  const auto answer = ask({.text = "Who are you?", .filter = {}}, 1, source.get_token());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kCancelled);
  EXPECT_EQ(order, "a");
}

TEST_F(SeparateTest, ADocumentDeletedBetweenPartsLeavesNothing) {
  add_all("abc");
  each = [this](const Question&, const library::Document& document, std::stop_token) -> Result<Answer> {
    if (document.path == "/docs/c") {
      EXPECT_TRUE(library->remove_document("/docs/a", Deadline::never(), {}));
    }
    Answer out = says(document, "I am " + document.path + ".");
    out.dropped = {"Perhaps " + document.path};
    return out;
  };
  const auto answer = ask();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_THAT(names_of(*answer), ElementsAre("/docs/b", "/docs/c"));
  EXPECT_EQ(answer->by_document[0].first, 0U);
  EXPECT_EQ(answer->by_document[1].first, 1U);
  EXPECT_EQ(answer->claims.at(1).text, "I am /docs/c.");
  EXPECT_THAT(answer->text, Not(HasSubstr("/docs/a")));
  EXPECT_THAT(answer->dropped, IsEmpty());
  EXPECT_EQ(answer->status, AnswerStatus::kPartial);
  EXPECT_EQ(answer->partial_reason, "A document that was read for it has been deleted.");
}

TEST_F(SeparateTest, IsGivenAgainWhereAllPartsAre) {
  add_all("ab");
  std::string fresh = "/docs/b";
  each = [&](const Question&, const library::Document& document, std::stop_token) -> Result<Answer> {
    Answer out = says(document, "I am " + document.path);
    const double age = document.path == "/docs/a" ? 5 : 3;
    if (document.path != fresh) out.given_again = agents::GivenAgain{.layer = "exact", .age = age};
    return out;
  };
  EXPECT_FALSE(ask()->given_again);
  fresh.clear();
  const auto answer = ask();
  ASSERT_TRUE(answer->given_again);
  EXPECT_EQ(answer->given_again->layer, "exact");
  EXPECT_EQ(answer->given_again->age, 5);
}

// The second document is done before the first: it is told behind it all the same, and its draft is not seen before.
TEST_F(SeparateTest, PartsMadeAtTheSameTimeAreToldInOrder) {
  add_all("ab");
  std::latch second_done(1);
  each = [&](const Question& question, const library::Document& document, std::stop_token) -> Result<Answer> {
    if (document.path == "/docs/a") second_done.wait();
    question.watch.step({.agent = "query_router", .status = "ok"});
    question.watch.wrote("draft of " + document.path);
    if (document.path == "/docs/b") second_done.count_down();
    return says(document, "I am " + document.path);
  };
  Question question{.text = "Who are you?", .filter = {}};
  std::vector<std::string> seen;
  std::vector<std::string> steps;
  question.watch.step = [&](const agents::WatchedStep& step) {
    const std::lock_guard lock(mutex);
    steps.emplace_back(step.document);
  };
  question.watch.wrote = [&](std::string_view text) { seen.emplace_back(text); };
  question.on_part = [&](const Answer& so_far, std::size_t parts) {
    seen.push_back(so_far.by_document.back().document + " of " + std::to_string(parts));
  };
  const auto answer = ask(question, 2);
  ASSERT_TRUE(answer);
  EXPECT_THAT(seen, ElementsAre("draft of /docs/a", "/docs/a of 2", "/docs/b of 2"));
  EXPECT_THAT(steps, ElementsAre("/docs/b", "/docs/a"));
}

TEST_F(SeparateTest, ItsTraceNamesThoseOfTheParts) {
  add_all("ab");
  const auto answer = ask();
  const std::string trace = library::testing::must(library.read().trace(answer->trace_id));
  EXPECT_THAT(traces_of_parts(trace), ElementsAre("trace of /docs/a", "trace of /docs/b"));
  EXPECT_THAT(traces_of_parts(R"({"trace_id":"x"})"), IsEmpty());
  EXPECT_THAT(traces_of_parts("no JSON"), IsEmpty());
  EXPECT_EQ(made_in(R"({"cache":{"trace_id":"y"}})"), "y");
  EXPECT_EQ(made_in(trace), "");
  ASSERT_TRUE(library->remove_document("/docs/a", Deadline::never(), {}));
  EXPECT_EQ(library.read().trace(answer->trace_id).error().code, Code::kNotFound) << "it goes with each of them";
}

}  // namespace
}  // namespace docmind::service

#include "service/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/testing/one_line.h"
#include "cache/testing/fake_entries.h"
#include "doc/testing/fake_parser.h"
#include "doc/testing/fake_renderer.h"
#include "library/library.h"
#include "llm/testing/fake_embedder.h"
#include "sys/clock.h"
#include "sys/testing/temp_folder.h"

namespace docmind::service {
namespace {

using testing::HasSubstr;

constexpr const char* kBoats =
    "# Boats\n\n## Rig\n\nThe main mast is 24 metres tall. The sails are sewn by hand in a loft near the harbour.\n";

struct ServiceTest : testing::Test {
  // A vocabulary of single characters and the words of the test: enough to count tokens.
  static std::string vocabulary() {
    std::string lines = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
    for (char c = '!'; c <= '~'; ++c) lines += std::string(1, c) + "\n##" + c + "\n";
    return lines;
  }

  std::unique_ptr<Service> open(ServiceOptions options = {}) {
    options.library_path = (folder / "library.db").string();
    options.vocabulary = folder.write("vocab.txt", vocabulary()).string();
    options.threshold = 0.5;
    options.originals = (folder / "originals").string();
    auto service = Service::open(
        options, {clock, rng, files, log, metrics, parser, embedder, chat, answers, &guards, {}, nullptr, &renderer});
    if (!service) throw std::runtime_error(service.error().message);
    return std::move(*service);
  }

  sys::TempFolder folder;
  sys::RealClock clock;
  SeededRng rng{1};
  sys::RealFiles files;
  obs::Log log;
  obs::Metrics metrics;
  doc::FakeParser parser;
  doc::FakeRenderer renderer;
  llm::FakeEmbedder embedder;
  llm::ChatModel* chat = nullptr;
  cache::FakeEntries kept;
  cache::Guards guards;
  cache::Entries* answers = nullptr;
};

TEST_F(ServiceTest, FromFileToVerifiedAnswerAndBack) {
  auto service = open();
  const std::string path = folder.write("docs/boats.txt", kBoats).string();
  const auto summary = service->ingest({path}, nullptr, Deadline::never(), {});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->added, 1U);

  const auto answer = service->ask({"How tall is the main mast?", {}}, Deadline::never(), {});
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(answer->status, agents::AnswerStatus::kAnswered);
  EXPECT_THAT(answer->text, HasSubstr("24 metres"));
  const auto trace = service->trace(answer->trace_id, Deadline::never(), {});
  ASSERT_TRUE(trace);
  EXPECT_THAT(*trace, HasSubstr("main mast"));
  const auto again = service->replay(answer->trace_id, Deadline::never(), {});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->differences.empty());
  EXPECT_EQ(again->answer.text, answer->text);
  EXPECT_EQ(service->replay("no such", Deadline::never(), {}).error().code, Code::kNotFound);

  std::vector<agents::Citation> citations = answer->claims.at(0).citations;
  EXPECT_TRUE(service->verify(citations, Deadline::never(), {})->holds);
  citations.at(0).quote = "The main mast is 25 metres tall.";
  const auto forged = service->verify(citations, Deadline::never(), {});
  EXPECT_FALSE(forged->holds);
  EXPECT_EQ(forged->citations.at(0).state, "forged");

  EXPECT_EQ(service->remove(path, Deadline::never(), {})->document, path);
  EXPECT_EQ(service->remove(path, Deadline::never(), {}).error().code, Code::kNotFound);
  EXPECT_EQ(service->verify(answer->claims.at(0).citations, Deadline::never(), {})->citations.at(0).state, "deleted");
  EXPECT_EQ(service->ask({"How tall is the main mast?", {}}, Deadline::never(), {})->status,
            agents::AnswerStatus::kAbstained);
  EXPECT_EQ(service->agent_totals().queries, 2U);
  EXPECT_EQ(service->agent_totals().agents.at(0).ok, 2U);
}

TEST_F(ServiceTest, MetricsFollowTheSizeOfTheLibrary) {
  const auto sizes = [&] {
    return std::pair(metrics.gauge("docmind_library_documents", "").value(),
                     metrics.gauge("docmind_library_passages", "").value());
  };
  auto service = open();
  EXPECT_EQ(sizes(), std::pair(0.0, 0.0));
  const std::string boats = folder.write("docs/boats.txt", kBoats).string();
  const std::string bread = folder.write("docs/bread.txt", "# Bread\n\nKnead flour and water.\n").string();
  ASSERT_TRUE(service->ingest({boats, bread}, nullptr, Deadline::never(), {}));
  double passages = 0;
  const auto there = service->documents(Hashing::kSkip, Deadline::never(), {});
  for (const DocumentInfo& one : there->documents) passages += one.chunks;
  EXPECT_GE(passages, 2);
  EXPECT_EQ(sizes(), std::pair(2.0, passages));
  const auto gone = service->remove(boats, Deadline::never(), {});
  EXPECT_EQ(sizes(), std::pair(1.0, passages - gone->chunks));
  const auto before = sizes();
  service.reset();
  metrics.gauge("docmind_library_documents", "").set(0);
  service = open();
  EXPECT_EQ(sizes(), before);
}

TEST_F(ServiceTest, EachDocumentIsAskedByItself) {
  auto service = open();
  const std::string boats = folder.write("docs/boats.txt", kBoats).string();
  const std::string ships =
      folder.write("docs/ships.txt", "# Ships\n\n## Rig\n\nThe main mast is 31 metres tall.\n").string();
  const std::string bread = folder.write("docs/bread.txt", "# Bread\n\nKnead flour and water.\n").string();
  ASSERT_TRUE(service->ingest({boats, ships, bread}, nullptr, Deadline::never(), {}));
  Question question{.text = "How tall is the main mast?", .filter = {}, .analysis = Analysis::kSeparate};
  const auto answer = service->ask(question, Deadline::never(), {});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, agents::AnswerStatus::kAnswered);
  ASSERT_EQ(answer->by_document.size(), 3U);
  std::vector<agents::Citation> citations;
  for (const agents::DocumentPart& part : answer->by_document) {
    EXPECT_EQ(part.status, part.document == bread ? "abstained" : "answered") << part.document;
    EXPECT_THAT(*service->trace(part.trace_id, Deadline::never(), {}), HasSubstr("main mast"));
    for (std::size_t i = part.first; i < part.first + part.count; ++i) {
      for (const agents::Citation& one : answer->claims.at(i).citations) {
        EXPECT_EQ(one.document, part.document);
        citations.push_back(one);
      }
    }
  }
  EXPECT_GE(citations.size(), 2U);
  EXPECT_TRUE(service->verify(citations, Deadline::never(), {})->holds);
  EXPECT_THAT(answer->text, testing::AllOf(HasSubstr("24 metres"), HasSubstr("31 metres")));
  const auto again = service->replay(answer->trace_id, Deadline::never(), {});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->differences.empty());
  EXPECT_EQ(service->agent_totals().queries, 3U) << "each is a question to the agents";
}

TEST_F(ServiceTest, OneDocumentThatDoesNotSayIsNotSpokenForByTheModel) {
  agents::OneLine model;
  model.says("It is 330 metres tall.");
  chat = &model;
  ServiceOptions allowed;
  allowed.general_knowledge = true;
  auto service = open(allowed);
  ASSERT_TRUE(service->ingest({folder.write("docs/bread.txt", "Knead flour and water.").string()}, nullptr,
                              Deadline::never(), {}));
  const auto answer = service->ask({.text = "How tall is the tower?", .filter = {}, .analysis = Analysis::kSeparate},
                                   Deadline::never(), {});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, agents::AnswerStatus::kAbstained);
}

TEST_F(ServiceTest, GeneralKnowledgeIsToBeAllowed) {
  agents::OneLine model;
  model.says("It is 330 metres tall.");
  chat = &model;
  EXPECT_EQ(open()->ask({"How tall is the tower?", {}}, Deadline::never(), {})->status,
            agents::AnswerStatus::kAbstained);
  EXPECT_TRUE(model.asked.empty());
  ServiceOptions allowed;
  allowed.general_knowledge = true;
  const auto answer = open(allowed)->ask({"How tall is the tower?", {}}, Deadline::never(), {});
  EXPECT_EQ(answer->status, agents::AnswerStatus::kPartial);
  EXPECT_EQ(answer->claims.at(0).origin, "general");
}

TEST_F(ServiceTest, ASupervisorIsToBeAskedFor) {
  agents::OneLine model;
  model.tools = true;
  model.says("The main mast is 24 metres tall [1].");
  chat = &model;
  for (const bool on : {false, true}) {
    model.asked.clear();
    ServiceOptions options;
    options.supervisor = on;
    auto service = open(options);
    ASSERT_TRUE(service->ingest({folder.write("docs/boats.txt", kBoats).string()}, nullptr, Deadline::never(), {}));
    const auto answer = service->ask({"How tall is the main mast?", {}}, Deadline::never(), {});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, agents::AnswerStatus::kAnswered) << answer->partial_reason;
    ASSERT_EQ(model.asked.size(), 1U);
    EXPECT_EQ(model.asked[0].tools.size(), on ? 1U : 0U);
    const auto again = service->replay(answer->trace_id, Deadline::never(), {});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_TRUE(again->differences.empty());
  }
}

TEST_F(ServiceTest, AModelThatWritesIsShownTheTurnsBefore) {
  agents::OneLine model;
  model.says("The main mast is 24 metres tall [1].");
  chat = &model;
  auto service = open();
  ASSERT_TRUE(service->ingest({folder.write("docs/boats.txt", kBoats).string()}, nullptr, Deadline::never(), {}));
  ASSERT_TRUE(
      service->ask({"How tall is the main mast?", {}, {{.question = "Q", .answer = "A"}}}, Deadline::never(), {}));
  ASSERT_EQ(model.asked.size(), 1U);
  ASSERT_EQ(model.asked[0].messages.size(), 4U);
  EXPECT_EQ(model.asked[0].messages[2].content, "A");
}

constexpr const char* kTwoPages = "The main mast is 24 metres tall.\fThe sails are sewn by hand.";

TEST_F(ServiceTest, APageIsShownOnlyFromTheBytesThatWereRead) {
  auto service = open();
  const std::string path = folder.write("docs/boats.pdf", kTwoPages).string();
  ASSERT_TRUE(service->ingest({path}, nullptr, Deadline::never(), {}));
  const auto page = [&](PageAsked asked) {
    asked.document = path;
    asked.width = 900;
    return service->page(asked, Deadline::never(), {});
  };
  const auto second = page({.page = 2});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(*second->png, std::string("2 at 900 of ") + kTwoPages);
  EXPECT_EQ(page({.page = 2})->png, second->png);  // Drawn once.
  EXPECT_EQ(renderer.calls, 1U);
  EXPECT_EQ(page({.version = second->version, .page = 1, .known = second->version})->png, nullptr);
  EXPECT_EQ(page({.page = 3}).error().code, Code::kNotFound);
  EXPECT_EQ(page({.page = 1'000'000'000}).error().code, Code::kNotFound);
  EXPECT_EQ(page({.version = "other"}).error().code, Code::kConflict);

  folder.write("docs/boats.pdf", "Something else.\fIn its place.");
  EXPECT_EQ(page({.page = 1}).error().code, Code::kConflict);
  std::filesystem::remove(path);
  EXPECT_EQ(page({.page = 1}).error().code, Code::kNotFound);
  ASSERT_TRUE(page({.page = 2})) << "it is in memory still";
  ASSERT_TRUE(service->remove(path, Deadline::never(), {}));
  EXPECT_EQ(page({.page = 2}).error().code, Code::kNotFound);
}

TEST_F(ServiceTest, AnUploadWithPagesIsKeptWhileItIsThere) {
  auto service = open();
  ASSERT_TRUE(service->upload("boats.pdf", kTwoPages, nullptr, Deadline::never(), {}));
  ASSERT_TRUE(service->upload("notes.txt", kBoats, nullptr, Deadline::never(), {}));  // Its text shows all of it.
  const auto originals = [&] {
    std::vector<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(folder / "originals")) {
      names.push_back(file.path().filename());
    }
    return names;
  };
  const auto going = service->removal("boats.pdf", Deadline::never(), {});
  ASSERT_TRUE(going) << going.error().message;
  EXPECT_EQ(going->pages, 2U);
  EXPECT_FALSE(going->original_stays);
  EXPECT_GE(going->bytes, 2 * std::string_view(kTwoPages).size() - 2);
  const PageAsked asked{.document = "boats.pdf", .page = 1, .width = 900};
  ASSERT_TRUE(service->page(asked, Deadline::never(), {}));
  ASSERT_EQ(originals().size(), 1U);

  ASSERT_TRUE(service->upload("boats.pdf", "Another one.\fOf two pages.", nullptr, Deadline::never(), {}));
  EXPECT_EQ(*service->page(asked, Deadline::never(), {})->png, "1 at 900 of Another one.\fOf two pages.");
  EXPECT_EQ(originals().size(), 1U);
  EXPECT_EQ(service->page({.document = "notes.txt", .page = 1, .width = 900}, Deadline::never(), {}).error().code,
            Code::kNotFound);

  std::filesystem::remove_all(folder / "originals");
  PageAsked other = asked;
  other.width = 901;
  const auto gone = service->page(other, Deadline::never(), {});
  EXPECT_EQ(gone.error().code, Code::kNotFound);
  EXPECT_THAT(gone.error().hint, HasSubstr("Upload it again"));
  ASSERT_TRUE(service->upload("boats.pdf", "Another one.\fOf two pages.", nullptr, Deadline::never(), {}));
  EXPECT_TRUE(service->page(other, Deadline::never(), {})) << "though nothing of it had changed";

  ASSERT_TRUE(service->remove("boats.pdf", Deadline::never(), {}));
  EXPECT_TRUE(originals().empty());
}

TEST_F(ServiceTest, AnUploadIsKnownByItsName) {
  auto service = open();
  ASSERT_TRUE(service->upload("船.txt", kBoats, nullptr, Deadline::never(), {}));
  const auto listed = service->documents(Hashing::kContent, Deadline::never(), {});
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->documents.at(0).document, "船.txt");
  EXPECT_EQ(listed->content_hash.value_or("").size(), 64U);
}

TEST_F(ServiceTest, WithoutAnEmbedderSearchGoesByKeywordsAndHealthSaysSo) {
  auto service = open();
  ASSERT_TRUE(service->ingest({folder.write("a.txt", kBoats).string()}, nullptr, Deadline::never(), {}));
  service.reset();
  service = open();  // A start that never had an embedder.
  embedder.fail_after(0, {Code::kUnavailable, "the engine does not start", "see its log"});
  EXPECT_FALSE(service->warm_up(Deadline::never(), {}));
  EXPECT_FALSE(service->ready());
  EXPECT_EQ(service->health().at(1).status, CheckStatus::kDegraded);
  const auto found = service->search({"main mast", 5, {}}, Deadline::never(), {});
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->dense_used);
  EXPECT_EQ(found->hits.size(), 1U);
  embedder.heal();
  EXPECT_TRUE(service->warm_up(Deadline::never(), {}));
  EXPECT_TRUE(service->ready());
  EXPECT_TRUE(service->search({"main mast", 5, {}}, Deadline::never(), {})->dense_used);
}

TEST_F(ServiceTest, HealthFollowsTheLastCallThatNeededTheEmbedder) {
  auto service = open();
  ASSERT_TRUE(service->ingest({folder.write("a.txt", kBoats).string()}, nullptr, Deadline::never(), {}));
  const auto embedder_check = [&] { return service->health().at(1); };
  EXPECT_TRUE(service->ready()) << "an ingest has heard from it";
  const Error gone{Code::kUnavailable, "the engine is gone", "see its log"};

  embedder.fail_after(0, gone);
  const auto found = service->search({"main mast", 5, {}}, Deadline::never(), {});
  EXPECT_EQ(found->degraded, "the engine is gone");
  EXPECT_EQ(embedder_check().status, CheckStatus::kDegraded);
  EXPECT_THAT(embedder_check().message, HasSubstr("the engine is gone"));
  EXPECT_TRUE(service->ready()) << "questions are answered, if in a lesser way";
  embedder.heal();
  EXPECT_EQ(service->search({"main mast", 5, {}}, Deadline::never(), {})->degraded, "");
  EXPECT_EQ(embedder_check().status, CheckStatus::kOk);

  embedder.fail_after(0, gone);
  const auto answer = service->ask({"How tall is the main mast?", {}}, Deadline::never(), {});
  EXPECT_THAT(answer->fallbacks, testing::ElementsAre("Searched by keywords alone: the engine is gone"));
  EXPECT_EQ(embedder_check().status, CheckStatus::kDegraded);
  embedder.heal();
  EXPECT_THAT(service->ask({"How tall is the main mast?", {}}, Deadline::never(), {})->fallbacks, testing::IsEmpty());
  EXPECT_EQ(embedder_check().status, CheckStatus::kOk);

  embedder.fail_after(0, gone);
  const std::string other = folder.write("b.txt", "Another sentence about bread stands here.").string();
  EXPECT_EQ(service->ingest({other}, nullptr, Deadline::never(), {})->failed.size(), 1U);
  EXPECT_EQ(embedder_check().status, CheckStatus::kDegraded);
  embedder.heal();
  EXPECT_EQ(service->ingest({other}, nullptr, Deadline::never(), {})->added, 1U);
  EXPECT_EQ(embedder_check().status, CheckStatus::kOk);
}

TEST_F(ServiceTest, ACallerThatLeavesSaysNothingAboutTheEmbedder) {
  auto service = open();
  ASSERT_TRUE(service->warm_up(Deadline::never(), {}));
  std::stop_source left;
  left.request_stop();
  EXPECT_FALSE(service->search({"main mast", 5, {}}, Deadline::never(), left.get_token()));
  EXPECT_EQ(service->health().at(1).status, CheckStatus::kOk);
}

TEST_F(ServiceTest, WhatAnUnfinishedIngestLeftGoesWithTheNextWholeOneOrADeletion) {
  auto service = open();
  const auto sections = [](const std::string& word) {
    std::string text;
    for (int i = 0; i < 40; ++i) text += "# " + word + std::to_string(i) + "\n\nA " + word + " of its own.\n\n";
    return text;
  };
  const auto embeddings = [&] {
    library::LibraryOptions options;
    options.path = (folder / "library.db").string();
    auto library = library::Library::open(std::move(options), clock, rng);
    return (*library)->read(Deadline::never(), {})->stats()->embeddings;
  };
  const auto interrupted = [&](const std::string& path) {
    embedder.fail_after(2, {Code::kUnavailable, "the engine is gone", "see its log"});
    EXPECT_EQ(service->ingest({path}, nullptr, Deadline::never(), {})->failed.size(), 1U);
    embedder.heal();
    service.reset();
    const auto left = embeddings();
    service = open();
    return left;
  };
  const auto at_rest = [&] {
    service.reset();
    const auto there = embeddings();
    service = open();
    return there;
  };
  const std::string secret = folder.write("secret.txt", sections("secret")).string();
  const std::string other = folder.write("other.txt", kBoats).string();

  EXPECT_GT(interrupted(secret), 0U);
  EXPECT_EQ(service->remove(secret, Deadline::never(), {}).error().code, Code::kNotFound);
  EXPECT_EQ(at_rest(), 0U);

  EXPECT_GT(interrupted(secret), 0U);
  const std::uint64_t before = embedder.texts().size();
  ASSERT_EQ(service->ingest({secret}, nullptr, Deadline::never(), {})->added, 1U);
  const std::uint64_t rest = embedder.texts().size() - before;
  EXPECT_LT(rest, at_rest()) << "resumed, not begun anew";

  const std::string third = folder.write("third.txt", sections("third")).string();
  const std::uint64_t whole = at_rest();
  EXPECT_GT(interrupted(third), whole);
  ASSERT_EQ(service->ingest({other}, nullptr, Deadline::never(), {})->added, 1U);
  ASSERT_TRUE(service->remove(other, Deadline::never(), {}));
  EXPECT_EQ(at_rest(), whole);
}

struct ServiceCacheTest : ServiceTest {
  ServiceCacheTest() {
    answers = &kept;
    chat = &model;
    model.says("The main mast is 24 metres tall [1].");
    service = open();
    ingest(kBoats);
  }
  void ingest(const std::string& text) {
    path = folder.write("docs/boats.txt", text).string();
    ASSERT_TRUE(service->ingest({path}, nullptr, Deadline::never(), {}));
  }
  Answer ask(Question question = {.text = "How tall is the main mast?", .filter = {}}) {
    const auto answer = service->ask(question, Deadline::never(), {});
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().message);
    return *answer;
  }
  agents::OneLine model;
  std::unique_ptr<Service> service;
  std::string path;
};

TEST_F(ServiceCacheTest, AnAnswerIsGivenAgainWithoutTheModel) {
  const Answer first = ask();
  EXPECT_FALSE(first.given_again);
  const std::size_t calls = model.asked.size();
  const Answer again = ask();
  ASSERT_TRUE(again.given_again);
  EXPECT_EQ(again.given_again->layer, "exact");
  EXPECT_EQ(again.given_again->trace_id, first.trace_id);
  EXPECT_EQ(again.text, first.text);
  EXPECT_EQ(again.tokens.prompt, 0U);
  EXPECT_EQ(model.asked.size(), calls);
  EXPECT_EQ(service->agent_totals().queries, 1U);
  EXPECT_TRUE(service->verify(again.claims.at(0).citations, Deadline::never(), {})->holds);
  EXPECT_THAT(*service->trace(again.trace_id, Deadline::never(), {}), HasSubstr(R"("layer":"exact")"));
  EXPECT_EQ(service->replay(again.trace_id, Deadline::never(), {}).error().code, Code::kNotFound);
  service.reset();
  service = open();
  EXPECT_TRUE(ask().given_again) << "after a restart";
}

TEST_F(ServiceCacheTest, ADocumentOfASeparateAnswerIsGivenAgain) {
  const Question separate{.text = "How tall is the main mast?", .filter = {}, .analysis = Analysis::kSeparate};
  const Answer first = ask(separate);
  EXPECT_FALSE(first.given_again);
  const std::size_t calls = model.asked.size();
  const Answer again = ask(separate);
  EXPECT_TRUE(again.given_again);
  EXPECT_EQ(again.text, first.text);
  EXPECT_EQ(model.asked.size(), calls);
  const auto replayed = service->replay(again.trace_id, Deadline::never(), {});
  ASSERT_TRUE(replayed) << replayed.error().message;
  EXPECT_TRUE(replayed->differences.empty());
  EXPECT_FALSE(ask().given_again) << "all documents at once is another question";
}

TEST_F(ServiceCacheTest, AQuestionIsEmbeddedOnce) {
  embedder.forget_texts();
  EXPECT_FALSE(ask().given_again);
  EXPECT_THAT(embedder.texts(), testing::ElementsAre("How tall is the main mast?"));
  ask();
  EXPECT_EQ(embedder.texts().size(), 1U);
}

TEST_F(ServiceCacheTest, AConversationAWishAndAnotherUserPassItBy) {
  ask();
  EXPECT_FALSE(ask({.text = "How tall is the main mast?", .filter = {}, .history = {{}}}).given_again);
  EXPECT_FALSE(ask({.text = "How tall is the main mast?", .filter = {}, .cache = cache::Use::kBypass}).given_again);
  EXPECT_FALSE(ask({.text = "How tall is the main mast?", .filter = {.types = {"text"}}}).given_again);
  EXPECT_FALSE(ask({.text = "How tall is the main mast?", .filter = {}, .user = "anna"}).given_again);
  EXPECT_TRUE(ask({.text = "How tall is the main mast?", .filter = {}, .user = "anna"}).given_again);
  ServiceOptions fewer;
  fewer.max_claims = 3;
  service.reset();
  service = open(fewer);
  EXPECT_FALSE(ask().given_again) << "other parameters";
}

TEST_F(ServiceCacheTest, AChangeOrADeletionOfItsDocumentEndsItAndTakesItsWordsAway) {
  ask();
  EXPECT_EQ(kept.answers().size(), 1U);
  ingest(std::string(kBoats) + "\nThe harbour is old.\n");
  EXPECT_TRUE(kept.answers().empty());
  EXPECT_FALSE(ask().given_again);
  EXPECT_EQ(kept.answers().size(), 1U);
  ASSERT_TRUE(service->remove(path, Deadline::never(), {}));
  EXPECT_TRUE(kept.answers().empty());
  EXPECT_EQ(ask().status, agents::AnswerStatus::kAbstained);
  EXPECT_TRUE(kept.answers().empty()) << "an abstention is not kept";
}

TEST_F(ServiceCacheTest, ADeletionTakesThemAwayBeforeAnybodyHasAsked) {
  ask();
  service.reset();
  service = open();
  ASSERT_TRUE(service->remove(path, Deadline::never(), {}));
  EXPECT_TRUE(kept.answers().empty());
}

// What it wrote ends where its tokens ended, or does not stand in the passages: neither is given twice.
TEST_F(ServiceCacheTest, CutAndUnsupportedAnswersAreNotKept) {
  model.says("The main mast is 99 metres tall [1].");
  ask();
  EXPECT_TRUE(kept.answers().empty());
  model.line = [](const llm::ChatRequest&) -> Result<llm::ChatReply> {
    return llm::ChatReply{.content = "The main mast is 24 metres tall [1].", .finish = llm::ChatFinish::kLength};
  };
  EXPECT_FALSE(ask().given_again);
  EXPECT_TRUE(kept.answers().empty());
}

TEST_F(ServiceCacheTest, IsCountedAndPurged) {
  ask({.text = "How tall is the main mast?", .filter = {}, .session = "one"});
  ask();
  EXPECT_EQ(service->cache_stats()->exact, 1U);
  EXPECT_EQ(*service->purge_cache(cache::PurgeBy::kSession, "one", Deadline::never(), {}), 1U);
  ask();
  EXPECT_EQ(*service->purge_cache(cache::PurgeBy::kDocument, path, Deadline::never(), {}), 1U);
  ask();
  EXPECT_EQ(*service->purge_cache(cache::PurgeBy::kAll, "", Deadline::never(), {}), 1U);
  service.reset();
  answers = nullptr;
  service = open();
  EXPECT_EQ(service->cache_stats().error().code, Code::kNotFound);
  EXPECT_EQ(*service->purge_cache(cache::PurgeBy::kSession, "one", Deadline::never(), {}), 0U);
}

TEST_F(ServiceTest, DoctorFindsWhatIsBroken) {
  auto service = open();
  for (const Check& check : service->doctor(Deadline::never(), {}))
    EXPECT_EQ(check.status, CheckStatus::kOk) << check.name << check.message;
  embedder.fail_after(0, {Code::kUnavailable, "the engine does not start", "see its log"});
  EXPECT_THAT(service->doctor(Deadline::never(), {}),
              testing::Contains(testing::AllOf(testing::Field(&Check::name, "embedder"),
                                               testing::Field(&Check::status, CheckStatus::kFailed),
                                               testing::Field(&Check::message, HasSubstr("see its log")))));
}

}  // namespace
}  // namespace docmind::service

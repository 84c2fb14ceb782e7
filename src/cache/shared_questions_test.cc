#include "cache/shared_questions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cache/entries/testing/settable_clock.h"
#include "cache/testing/cached_library.h"
#include "sys/files.h"
#include "sys/testing/temp_folder.h"
#include "vectors/embedded.h"
#include "vectors/testing/failing_store.h"

namespace docmind::cache {
namespace {

using library::testing::must;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::SettableClock;
using ::testing::SizeIs;

// What several machines share.
struct Shared {
  std::unique_ptr<vectors::Embedded> store = must(vectors::Embedded::open(collection_of_questions()));
  SettableClock clock{};
  sys::RealFiles files{};
  obs::Metrics metrics{};
  obs::Log log{};
};

// One machine: its journal, and its way to the store.
struct Machine {
  explicit Machine(Shared& its, std::filesystem::path folder) : shared(its), path(std::move(folder)) { restart(); }
  void restart() {
    questions.reset();
    journal = std::make_unique<PurgeJournal>(path / "purges.json", shared.files);
    questions = must(SharedQuestions::open(std::chrono::hours(24 * 14),
                                           {store, *journal, shared.clock, shared.metrics, shared.log}));
  }

  void add(const std::string& question, const std::string& scope = "a", const std::vector<std::string>& tags = {}) {
    Record record;
    record.question = question;
    record.scope = content_hash(scope);
    record.key = key_of(record.scope, question);
    record.vector = to_halves(vector_of(question));
    questions->add(record, tags, Deadline::never(), {});
  }
  std::vector<std::string> near(const std::string& question, const std::string& scope = "a") {
    std::vector<std::string> keys;
    for (const auto& one : questions->nearest(content_hash(scope), vector_of(question), 5, Deadline::never(), {})) {
      keys.push_back(one.key);
    }
    return keys;
  }
  bool purge(std::string_view tag) { return static_cast<bool>(questions->purge(tag, Deadline::never(), {})); }

  static std::vector<float> vector_of(const std::string& question) {
    std::vector<float> out(4);
    out.at(question.size() % 4) = 1;
    return out;
  }
  static std::string key(const std::string& question, const std::string& scope = "a") {
    return key_of(content_hash(scope), question);
  }

  Shared& shared;
  const std::filesystem::path path;
  vectors::FailingStore store{*shared.store};
  std::unique_ptr<PurgeJournal> journal{};
  std::unique_ptr<SharedQuestions> questions{};
};

class SharedQuestionsTest : public ::testing::Test {
 protected:
  std::uint64_t stored() { return must(shared_.store->count(Deadline::never(), {})); }
  // Longer than the breaker waits.
  void later() { shared_.clock.go_on(std::chrono::seconds(20)); }

  Shared shared_{};
  sys::TempFolder first_folder_{};
  sys::TempFolder second_folder_{};
  Machine first_{shared_, first_folder_.path()};
  Machine second_{shared_, second_folder_.path()};
};

TEST_F(SharedQuestionsTest, OneMachineFindsWhatAnotherHasKept) {
  EXPECT_THAT(second_.near("why"), IsEmpty());
  first_.add("why");
  EXPECT_EQ(second_.near("why"), std::vector{Machine::key("why")});
  EXPECT_THAT(second_.near("why", "b"), IsEmpty());
  first_.questions->remove(Machine::key("why"), Deadline::never(), {});
  EXPECT_THAT(second_.near("why"), IsEmpty());
}

TEST_F(SharedQuestionsTest, NoWordsAreStored) {
  first_.add("who owns the secret mine", "a", {"user:ann", "document:17"});
  const auto found = must(shared_.store->nearest(
      {.vector = Machine::vector_of("x"), .k = 5, .payload = {"key", "scope", "tags"}}, Deadline::never(), {}));
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].payload, SizeIs(3));
  for (const auto& [field, value] : found[0].payload) {
    const auto* text = std::get_if<std::string>(&value);
    const vectors::Texts texts = text != nullptr ? vectors::Texts{*text} : std::get<vectors::Texts>(value);
    for (const std::string& one : texts) {
      EXPECT_EQ(one.find_first_not_of("0123456789abcdef"), std::string::npos) << field << " " << one;
    }
  }
}

TEST_F(SharedQuestionsTest, APurgeTakesWhatHasItsTag) {
  first_.add("why", "a", {"user:ann", "document:17"});
  first_.add("when", "a", {"user:bob"});
  EXPECT_TRUE(second_.purge("user:ann"));
  EXPECT_EQ(stored(), 1U);
  EXPECT_TRUE(first_.journal->empty() && second_.journal->empty());
  EXPECT_TRUE(second_.purge(""));
  EXPECT_EQ(stored(), 0U);
}

TEST_F(SharedQuestionsTest, APurgeWhileItIsAwayIsMadeBeforeAnythingIsRead) {
  first_.add("why", "a", {"user:ann"});
  first_.add("when", "a", {"user:bob"});
  first_.store.fail_after(0);
  EXPECT_TRUE(first_.purge("user:ann"));
  EXPECT_EQ(stored(), 2U);
  first_.restart();  // It is remembered in another life.
  EXPECT_THAT(first_.near("why"), IsEmpty());
  EXPECT_THAT(first_.questions->trouble(), HasSubstr("1 purges wait"));
  first_.store.heal();
  later();
  EXPECT_EQ(first_.near("why"), std::vector{Machine::key("when")});  // Bob's is left.
  EXPECT_EQ(stored(), 1U);
  EXPECT_EQ(first_.near("when"), std::vector{Machine::key("when")});
  EXPECT_TRUE(first_.journal->empty());
  EXPECT_EQ(first_.questions->trouble(), "");
}

TEST_F(SharedQuestionsTest, APurgeIsMadeWhereNobodyHasAskedYet) {
  first_.add("why", "a", {"user:ann"});
  second_.restart();
  EXPECT_TRUE(second_.purge("user:ann"));
  EXPECT_EQ(stored(), 0U);
}

TEST_F(SharedQuestionsTest, APurgeThatCannotBeNotedFails) {
  std::filesystem::remove_all(first_folder_.path());
  EXPECT_FALSE(first_.purge("user:ann"));
  std::filesystem::create_directories(first_folder_.path());
}

TEST_F(SharedQuestionsTest, WhileItIsAwayOneCallTriesItAndItComesBackByItself) {
  first_.add("why");
  second_.store.fail_after(0);
  EXPECT_THAT(second_.near("why"), IsEmpty());
  EXPECT_THAT(second_.questions->trouble(), HasSubstr("The vector store does not answer."));
  const std::uint64_t calls = second_.store.calls();
  for (int i = 0; i < 10; ++i) {
    EXPECT_THAT(second_.near("why"), IsEmpty());
    second_.add("when");
  }
  EXPECT_EQ(second_.store.calls(), calls);
  second_.store.heal();
  later();
  EXPECT_EQ(second_.near("why"), std::vector{Machine::key("why")});
  EXPECT_EQ(second_.questions->trouble(), "");
}

TEST_F(SharedQuestionsTest, ADroppedCollectionIsMadeAgain) {
  first_.add("why");
  ASSERT_TRUE(shared_.store->drop(Deadline::never(), {}));
  EXPECT_THAT(first_.near("why"), IsEmpty());
  later();
  EXPECT_THAT(first_.near("why"), IsEmpty());
  first_.add("why");
  EXPECT_EQ(second_.near("why"), std::vector{Machine::key("why")});
}

TEST_F(SharedQuestionsTest, QuestionsOfLongAgoGo) {
  first_.add("why");
  shared_.clock.go_on(std::chrono::hours(24 * 10));
  first_.add("when");
  EXPECT_EQ(stored(), 2U);
  shared_.clock.go_on(std::chrono::hours(24 * 6));
  EXPECT_EQ(second_.near("when"), std::vector{Machine::key("when")});
  EXPECT_EQ(stored(), 1U);
}

// ---- with the cache before it ----

class SharedCacheTest : public CachedLibrary {
 protected:
  SharedCacheTest() {
    questions_ =
        must(SharedQuestions::open(std::chrono::hours(24), {store_, journal_, library_.clock(), metrics_, log_}));
    shared_questions_ = questions_.get();
    reopen();
    ask(kQuestion);
    another_machine();
  }
  // With the same entries and store, and an index of its own that knows nothing.
  void another_machine() {
    entries_.lose_lists();
    reopen();
  }

  std::unique_ptr<vectors::Embedded> embedded_ = must(vectors::Embedded::open(collection_of_questions()));
  vectors::FailingStore store_{*embedded_};
  sys::TempFolder folder_{};
  sys::RealFiles files_{};
  PurgeJournal journal_{folder_ / "purges.json", files_};
  obs::Log log_{};
  std::unique_ptr<SharedQuestions> questions_{};
};

TEST_F(SharedCacheTest, AnotherMachinesQuestionIsFoundByItsMeaning) {
  EXPECT_EQ(ask(kOther).layer, "semantic");
  EXPECT_EQ(made_, 1);
}

TEST_F(SharedCacheTest, AnotherMachinesEntryIsReadOnce) {
  const std::uint64_t before = entries_.reads();
  EXPECT_EQ(ask(kOther).layer, "semantic");
  EXPECT_EQ(entries_.reads() - before, 3);  // And twice under the question's own words: before and after waiting.
}

TEST_F(SharedCacheTest, GuardsScopeAndEvidenceDecideHere) {
  difference_ = [this](std::string_view asked, std::string_view stored) -> Result<std::string> {
    return std::string(asked != stored && stored == kQuestion ? "polarity" : "");
  };
  EXPECT_EQ(ask(kOther, Use::kUse).why, "polarity");
}

TEST_F(SharedCacheTest, AnotherScopeIsNotFound) {
  scope_.user = "anna";
  EXPECT_EQ(layer(kOther), "miss");
}

TEST_F(SharedCacheTest, AChangedDocumentEndsIt) {
  put("pump.txt", "The pump runs at 50 bar.");
  EXPECT_EQ(layer(kOther), "miss");
}

TEST_F(SharedCacheTest, WhatWasPurgedIsNotFound) {
  ASSERT_TRUE(cache_->purge(PurgeBy::kAll, "", Deadline::never(), {}));
  EXPECT_EQ(must(embedded_->count(Deadline::never(), {})), 0U);
  EXPECT_EQ(layer(kOther), "miss");
}

TEST_F(SharedCacheTest, AQuestionWithoutItsEntryIsPassedOver) {
  ASSERT_TRUE(entries_.purge("", Deadline::never(), {}));
  EXPECT_EQ(ask(kOther).layer, "miss");
}

TEST_F(SharedCacheTest, WhileTheStoreIsAwayOnesOwnQuestionsAreFound) {
  store_.fail_after(0);
  EXPECT_EQ(ask(kOther).layer, "miss");
  EXPECT_EQ(ask(kOther + " now").layer, "semantic");
}

}  // namespace
}  // namespace docmind::cache

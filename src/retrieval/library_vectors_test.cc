#include "retrieval/library_vectors.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "library/testing/temp_library.h"
#include "retrieval/impl/document_rows.h"
#include "retrieval/testing/small_library.h"
#include "vectors/embedded.h"
#include "vectors/testing/failing_store.h"

namespace docmind::retrieval {
namespace {

using library::testing::must;

TestDocument document(int number, const std::string& words = {}) {
  const std::string n = std::to_string(number);
  return {"/home/a/" + n + ".txt",
          {{"Part " + n, {"The mast of ship " + n + " is tall. " + words + " It was launched in Bergen."}},
           {"Crew " + n, {"The cook of ship " + n + " bakes bread at dawn."}}}};
}

// A library with a store outside of it that can be sent away.
class LibraryVectorsTest : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 6; ++i) library_.put(document(i));
  }

  std::unique_ptr<Index> index() {
    auto made = must(Index::open({}, library_.library(), library_.lexical(), library_.embedder(), library_.clock(),
                                 {.chunks = &chunks_, .units = &units_, .pause = std::chrono::milliseconds(1)}));
    return made;
  }
  std::unique_ptr<Index> index_in_step() {
    auto made = index();
    EXPECT_TRUE(made->wait_outside(Deadline::never(), {}));
    return made;
  }

  // What a search finds, as text; with the memory of this process alone when `index` is null.
  std::string found(Index* index, const Query& query) {
    const auto local = index == nullptr ? library_.index() : nullptr;
    const auto result = (index == nullptr ? *local : *index).search(query, Deadline::never(), {});
    EXPECT_TRUE(result) << result.error().message;
    std::string out = result && result->degraded.empty() ? "" : "degraded ";
    for (const Hit& hit : result->hits) {
      out += hit.document + "#" + hit.heading + " " + std::to_string(hit.ranks.dense.value_or(0)) + "\n";
    }
    return out;
  }
  std::string scored(Index* index, const std::string& text) {
    const auto local = index == nullptr ? library_.index() : nullptr;
    const auto set = (index == nullptr ? *local : *index).candidates({text, 5, {}}, {}, Deadline::never(), {});
    EXPECT_TRUE(set) << set.error().message;
    std::string out;
    for (const Candidate& one : set->candidates) {
      out += std::to_string(one.unit) + " " + std::to_string(std::lround(one.cosine * 1000)) + "\n";
    }
    return out;
  }
  std::uint64_t stored(vectors::Store& store) { return must(store.count(Deadline::never(), {})); }

  SmallLibrary library_;
  std::unique_ptr<vectors::Embedded> kept_chunks_ = must(vectors::Embedded::open(outside("chunks")));
  std::unique_ptr<vectors::Embedded> kept_units_ = must(vectors::Embedded::open(outside("units")));
  vectors::FailingStore chunks_{*kept_chunks_};
  vectors::FailingStore units_{*kept_units_};
};

const Query kCook{"the cook bakes bread", 8, {}};

TEST_F(LibraryVectorsTest, InStepItFindsTheSameWithoutTheMemory) {
  const auto one = index_in_step();
  EXPECT_TRUE(one->stats().outside);
  EXPECT_EQ(one->stats().bytes, 0U);
  EXPECT_EQ(one->stats().chunks, 12U);
  EXPECT_EQ(stored(chunks_), 12U);
  EXPECT_EQ(stored(units_), one->stats().units);
  for (const Query& query : {kCook, Query{"launched in Bergen", 3, {}},
                             Query{"the mast", 8, {.documents = {"/home/a/1.txt", "/home/a/4.txt"}}}}) {
    EXPECT_EQ(found(one.get(), query), found(nullptr, query)) << query.text;
  }
  EXPECT_EQ(scored(one.get(), "the cook bakes bread"), scored(nullptr, "the cook bakes bread"));
}

TEST_F(LibraryVectorsTest, ACommitIsWrittenThroughBeforeItReturns) {
  const auto one = index_in_step();
  const auto whales = library_.put(document(7, "Whales sing at night."));
  EXPECT_EQ(found(one.get(), {"whales sing", 1, {}}), found(nullptr, {"whales sing", 1, {}}));
  EXPECT_TRUE(found(one.get(), {"whales sing", 1, {}}).starts_with("/home/a/7.txt#Part 7"));
  library_.put(document(7, "Owls are silent."));
  EXPECT_EQ(found(one.get(), {"owls silent", 1, {}}), found(nullptr, {"owls silent", 1, {}}));
  EXPECT_EQ(stored(chunks_), 14U) << "the rows of the version before are gone";
  ASSERT_TRUE(library_.library().remove_document(whales.id, Deadline::never(), {}));
  EXPECT_EQ(stored(chunks_), 12U);
  EXPECT_TRUE(one->stats().outside);
}

TEST_F(LibraryVectorsTest, RowsAreStampedForAStoreAlone) {
  library::Snapshot at = library_.read();
  const auto stamp = [&](std::int64_t document, bool stamped) { return must(read_rows(at, document, stamped))->stamp; };
  const std::vector<std::int64_t> documents = must(at.matching({}));
  EXPECT_EQ(stamp(documents[0], false), "");
  EXPECT_EQ(stamp(documents[0], true).size(), 32);
  EXPECT_NE(stamp(documents[0], true), stamp(documents[1], true));
}

TEST_F(LibraryVectorsTest, AnEmptyLibraryIsInStepAndFillsUp) {
  SmallLibrary empty;
  const auto one = must(Index::open({}, empty.library(), empty.lexical(), empty.embedder(), empty.clock(),
                                    {.chunks = &chunks_, .units = &units_}));
  ASSERT_TRUE(one->wait_outside(Deadline::never(), {}));
  EXPECT_TRUE(one->search(kCook, Deadline::never(), {})->hits.empty());
  empty.put(document(1));
  EXPECT_EQ(one->search(kCook, Deadline::never(), {})->hits.size(), 2U);
  EXPECT_TRUE(one->stats().outside);
  EXPECT_EQ(stored(chunks_), 2U);
}

TEST_F(LibraryVectorsTest, AStoreThatIsAwayAtTheStartCostsNothing) {
  chunks_.fail_after(0);
  const auto one = index();
  EXPECT_EQ(found(one.get(), kCook), found(nullptr, kCook));
  EXPECT_FALSE(one->stats().outside);
  chunks_.heal();
  ASSERT_TRUE(one->wait_outside(Deadline::never(), {}));
  EXPECT_EQ(one->stats().trouble, "");
  EXPECT_EQ(found(one.get(), kCook), found(nullptr, kCook));
}

TEST_F(LibraryVectorsTest, AStoreThatGoesAwayIsReplacedByTheMemoryAndTakenAgain) {
  const auto one = index_in_step();
  const std::string right = found(nullptr, kCook);
  for (int round = 0; round < 20; ++round) {
    (round % 2 == 0 ? chunks_ : units_).fail_after(round % 3);
    EXPECT_EQ(found(one.get(), kCook), right) << round;
    EXPECT_EQ(scored(one.get(), "the cook bakes bread"), scored(nullptr, "the cook bakes bread")) << round;
    library_.put(document(20 + round % 2, "Round " + std::to_string(round) + "."));
    EXPECT_EQ(found(one.get(), {"round " + std::to_string(round), 3, {}}),
              found(nullptr, {"round " + std::to_string(round), 3, {}}))
        << round;
    chunks_.heal();
    units_.heal();
    ASSERT_TRUE(one->wait_outside(Deadline::never(), {}));
    (void)library_.library().remove_document("/home/a/" + std::to_string(20 + round % 2) + ".txt", Deadline::never(),
                                             {});
  }
  EXPECT_TRUE(one->wait_outside(Deadline::never(), {}));
  EXPECT_EQ(stored(chunks_), 12U);
}

TEST_F(LibraryVectorsTest, AStoreThatLostEverythingIsFilledAnew) {
  const auto one = index_in_step();
  ASSERT_TRUE(chunks_.drop(Deadline::never(), {}));
  ASSERT_TRUE(units_.drop(Deadline::never(), {}));
  EXPECT_EQ(found(one.get(), kCook), found(nullptr, kCook));
  ASSERT_TRUE(one->wait_outside(Deadline::never(), {}));
  EXPECT_EQ(stored(chunks_), 12U);
}

TEST_F(LibraryVectorsTest, WhatAnotherWriterPutThereIsNeverFoundAndGoesAtTheNextStart) {
  {
    const auto one = index_in_step();
    std::vector<vectors::Point> strange;
    const llm::EmbedInput cook{"the cook bakes bread", {}};
    const auto vector = library_.embedder().embed({&cook, 1}, Deadline::never(), {})->front().vector;
    // Numbers of other chunks, and one that this library has for something else.
    for (const std::int64_t id : {std::int64_t{1}, std::int64_t{900}, std::int64_t{901}}) {
      strange.push_back({id, to_halves(vector), {{"document", std::int64_t{1}}, {"stamp", std::string("other")}}});
    }
    ASSERT_TRUE(kept_chunks_->upsert(strange, Deadline::never(), {}));
    const auto result = one->search(kCook, Deadline::never(), {});
    ASSERT_TRUE(result);
    for (const Hit& hit : result->hits) EXPECT_NE(hit.chunk_id, 1) << "its vector is not the library's";
  }
  const auto again = index_in_step();
  EXPECT_EQ(stored(chunks_), 12U);
  EXPECT_EQ(found(again.get(), kCook), found(nullptr, kCook));
}

TEST_F(LibraryVectorsTest, WhatWasWrittenHalfIsWrittenAgain) {
  index_in_step().reset();
  const std::int64_t gone = 3;
  ASSERT_TRUE(kept_units_->remove({&gone, 1}, Deadline::never(), {}));
  const auto before = stored(units_);
  const auto again = index_in_step();
  EXPECT_EQ(stored(units_), before + 1);
}

TEST_F(LibraryVectorsTest, AStartWithAStoreInStepWritesNothing) {
  index_in_step().reset();
  const auto before = units_.calls();
  index_in_step().reset();
  EXPECT_LE(units_.calls(), before + 2) << "ensure and counts";
}

TEST_F(LibraryVectorsTest, VectorsOfAnotherSizeMakeRoom) {
  const vectors::Point other{5, to_halves(std::vector<float>{1, 0}), {}};
  ASSERT_TRUE(kept_chunks_->ensure(2, Deadline::never(), {}));
  ASSERT_TRUE(kept_chunks_->upsert({&other, 1}, Deadline::never(), {}));
  const auto one = index_in_step();
  EXPECT_EQ(stored(chunks_), 12U);
}

TEST_F(LibraryVectorsTest, AQuestionInTheSpaceOfOtherDocumentsHasTheStoreFilledWithThem) {
  library_.embedder().settings().model_hash = "another";
  library_.put(document(40));
  const auto one = index_in_step();
  EXPECT_EQ(stored(chunks_), 12U) << "most documents have the old model's";
  EXPECT_EQ(found(one.get(), kCook), found(nullptr, kCook)) << "the question has the new one's";
  ASSERT_TRUE(one->wait_outside(Deadline::never(), {}));
  EXPECT_EQ(stored(chunks_), 2U);
  EXPECT_EQ(found(one.get(), kCook), found(nullptr, kCook));
  library_.embedder().settings().model_hash = "a third";
  EXPECT_EQ(found(one.get(), kCook), found(nullptr, kCook)) << "which no document has";
  EXPECT_TRUE(one->stats().outside);
}

TEST_F(LibraryVectorsTest, SearchesGoOnWhileTheStoreComesAndGoesAndDocumentsChange) {
  const auto one = index_in_step();
  const std::string right = found(nullptr, kCook);
  std::atomic<bool> over = false;
  std::jthread flapping([&] {
    for (int i = 0; !over; ++i) {
      (i % 2 == 0 ? chunks_ : units_).fail_after(i % 5);
      std::this_thread::yield();
      chunks_.heal();
      units_.heal();
    }
  });
  std::jthread writing([&] {
    for (int i = 0; !over; ++i) {
      library_.put(document(50 + i % 3, "Whales sing " + std::to_string(i) + "."));
      (void)library_.library().remove_document("/home/a/" + std::to_string(50 + i % 3) + ".txt", Deadline::never(), {});
    }
  });
  const Query fixed{"the cook bakes bread",
                    8,
                    {.documents = {"/home/a/0.txt", "/home/a/1.txt", "/home/a/2.txt", "/home/a/3.txt", "/home/a/4.txt",
                                   "/home/a/5.txt"}}};
  const std::string of_fixed = found(nullptr, fixed);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(found(one.get(), fixed), of_fixed) << i;
  over = true;
  writing.join();
  flapping.join();
  ASSERT_TRUE(one->wait_outside(Deadline::never(), {}));
  EXPECT_EQ(stored(chunks_), 12U);
  EXPECT_EQ(found(one.get(), kCook), right);
}

}  // namespace
}  // namespace docmind::retrieval

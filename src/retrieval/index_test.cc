#include "retrieval/index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "retrieval/testing/small_library.h"

namespace docmind::retrieval {
namespace {

const TestDocument kBoats{"/home/a/docs/boats.txt",
                          {{"Hull", {"The hull of the Aurora is built from larch planks. It was launched in Bergen."}},
                           {"Rig", {"The main mast is tall. The sails are sewn by hand in a loft."}}},
                          "text",
                          1000,
                          1};
const TestDocument kBread{"/home/a/docs/kitchen/bread.md",
                          {{"Dough", {"Knead the dough for ten minutes. Let it rest under a cloth."}},
                           {"Oven", {"The oven must be hot. Bake the loaf until the crust is brown."}}},
                          "markdown",
                          2000};
const TestDocument kTools{
    "/home/a/tools.txt", {{"Planes", {"A plane smooths larch and oak planks. Keep its iron sharp."}}}, "text", 3000};

class IndexTest : public testing::Test {
 protected:
  void SetUp() override {
    boats_ = library_.put(kBoats);
    bread_ = library_.put(kBread);
    tools_ = library_.put(kTools);
  }

  std::vector<std::string> paths(Index& index, const Query& query) {
    auto result = index.search(query, Deadline::never(), {});
    EXPECT_TRUE(result) << result.error().message;
    std::vector<std::string> out;
    if (result) {
      for (const Hit& hit : result->hits) out.push_back(hit.document + "#" + hit.heading);
    }
    return out;
  }

  SmallLibrary library_;
  library::Document boats_, bread_, tools_;
};

TEST_F(IndexTest, AHitSaysWhereItStands) {
  const auto index = library_.index();
  const auto result = index->search({"sails sewn in a loft", 2, {}}, Deadline::never(), {});
  ASSERT_TRUE(result);
  ASSERT_EQ(result->hits.size(), 2U);
  const Hit& hit = result->hits[0];
  EXPECT_EQ(hit.document, kBoats.path);
  EXPECT_EQ(hit.document_id, boats_.id);
  EXPECT_EQ(hit.heading, "Rig");
  EXPECT_EQ(hit.page, 2U);
  EXPECT_EQ(hit.ranks.bm25, 1U);
  EXPECT_EQ(hit.ranks.dense, 1U);
  EXPECT_FALSE(hit.ranks.rerank);
  EXPECT_DOUBLE_EQ(hit.score, 2.0 / 61);
  EXPECT_EQ(hit.text, *library_.read().text(boats_.key, hit.span));
  EXPECT_TRUE(result->dense_used);
  EXPECT_TRUE(result->degraded.empty());
}

TEST_F(IndexTest, WithoutAnEmbedderItGoesOnByKeyword) {
  const auto index = library_.index();
  library_.embedder().fail_after(0, Error{Code::kUnavailable, "The engine is gone."});
  const auto result = index->search({"sails sewn in a loft", 5, {}}, Deadline::never(), {});
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->dense_used);
  EXPECT_EQ(result->degraded, "The engine is gone.");
  ASSERT_FALSE(result->hits.empty());
  EXPECT_EQ(result->hits[0].heading, "Rig");
  EXPECT_FALSE(result->hits[0].ranks.dense);
  library_.embedder().heal();
  EXPECT_TRUE(index->search({"sails", 5, {}}, Deadline::never(), {})->dense_used);
}

TEST_F(IndexTest, StagesCanBeSwitchedOff) {
  const auto words = library_.index({.bm25 = Stage::kOn, .dense = Stage::kOff});
  EXPECT_EQ(paths(*words, {"crust", 5, {}}), (std::vector<std::string>{kBread.path + "#Oven"}));
  const auto by_choice = words->search({"crust", 5, {}}, Deadline::never(), {});
  EXPECT_FALSE(by_choice->dense_used);
  EXPECT_EQ(by_choice->degraded, "") << "nothing is missing that was wanted";
  const auto vectors = library_.index({.bm25 = Stage::kOff, .dense = Stage::kOn});
  const auto result = vectors->search({"crust", 5, {}}, Deadline::never(), {});
  EXPECT_EQ(result->hits.size(), 5U);
  EXPECT_FALSE(result->hits[0].ranks.bm25);
}

TEST_F(IndexTest, FiltersByDocumentFolderTypeAndDate) {
  const auto index = library_.index();
  const auto documents_of = [&](const Filter& filter) {
    std::vector<std::string> out;
    const auto result = index->search({"larch planks dough", 10, filter}, Deadline::never(), {});
    for (const Hit& hit : result->hits) {
      if (std::find(out.begin(), out.end(), hit.document) == out.end()) out.push_back(hit.document);
    }
    std::sort(out.begin(), out.end());
    return out;
  };
  using Paths = std::vector<std::string>;
  EXPECT_EQ(documents_of({}), (Paths{kBoats.path, kBread.path, kTools.path}));
  EXPECT_EQ(documents_of({.documents = {kTools.path}}), Paths{kTools.path});
  EXPECT_EQ(documents_of({.documents = {bread_.id}}), Paths{kBread.path});
  EXPECT_EQ(documents_of({.documents = {"/home/a/docs/"}}), (Paths{kBoats.path, kBread.path}));
  EXPECT_EQ(documents_of({.types = {"markdown"}}), Paths{kBread.path});
  EXPECT_EQ(documents_of({.modified_from = 2000}), (Paths{kBread.path, kTools.path}));
  EXPECT_EQ(documents_of({.modified_to = 2000}), Paths{kBoats.path});
  EXPECT_EQ(documents_of({.documents = {"/nowhere/"}}), Paths{});
}

TEST_F(IndexTest, AFilterDoesNotShortenTheList) {
  const auto index = library_.index();
  // The filtered document's chunks come even when a hundred others are nearer: the filter stands before the score.
  for (int i = 0; i < 120; ++i) {
    library_.put({"/copies/" + std::to_string(i), {{"Larch", {"Larch planks, larch planks and larch planks."}}}});
  }
  const auto result = index->search({"larch planks", 10, {.documents = {kTools.path}}}, Deadline::never(), {});
  ASSERT_EQ(result->hits.size(), 1U);
  EXPECT_EQ(result->hits[0].ranks.bm25, 1U);
  EXPECT_EQ(result->hits[0].ranks.dense, 1U);
}

TEST_F(IndexTest, FollowsWhatIsStoredAndRemoved) {
  const auto index = library_.index();
  const auto before = index->stats();
  const auto fresh = library_.put({"/home/a/whales.txt", {{"Whales", {"Whales sing in the deep sea at night."}}}});
  EXPECT_EQ(paths(*index, {"whales sing", 1, {}}), (std::vector<std::string>{"/home/a/whales.txt#Whales"}));
  EXPECT_EQ(index->stats().chunks, before.chunks + 1);

  library_.put({"/home/a/whales.txt", {{"Owls", {"Owls are silent, and they sleep by day."}}}});
  EXPECT_EQ(paths(*index, {"whales sing", 1, {.documents = {fresh.id}}}),
            (std::vector<std::string>{"/home/a/whales.txt#Owls"}));
  EXPECT_EQ(index->stats().chunks, before.chunks + 1);

  ASSERT_TRUE(library_.library().remove_document(fresh.id, Deadline::never(), {}));
  EXPECT_EQ(index->stats().chunks, before.chunks);
  EXPECT_EQ(index->stats().units, before.units);
  for (const std::string& path : paths(*index, {"owls silent", 100, {}})) EXPECT_NE(path, "/home/a/whales.txt#Owls");
}

TEST_F(IndexTest, VectorsOfAnotherModelAreLeftOut) {
  const auto index = library_.index();
  library_.embedder().settings().model_hash = "another";
  const auto result = index->search({"larch", 10, {}}, Deadline::never(), {});
  ASSERT_TRUE(result);
  for (const Hit& hit : result->hits) EXPECT_FALSE(hit.ranks.dense);
  EXPECT_EQ(result->hits.size(), 2U);
}

TEST_F(IndexTest, RefusesWhatIsNoQuery) {
  const auto index = library_.index();
  const auto code = [&](const Query& query) { return index->search(query, Deadline::never(), {}).error().code; };
  EXPECT_EQ(code({"", 10, {}}), Code::kInvalidArgument);
  EXPECT_EQ(code({" \n", 10, {}}), Code::kInvalidArgument);
  EXPECT_EQ(code({std::string(40000, 'a'), 10, {}}), Code::kInvalidArgument);
  EXPECT_EQ(code({"x", 0, {}}), Code::kInvalidArgument);
  EXPECT_EQ(code({"x", 1001, {}}), Code::kInvalidArgument);
}

TEST_F(IndexTest, AnyOtherTextIsAQuery) {
  const auto index = library_.index();
  for (const char* text :
       {"\"", "a AND (", "NEAR/3", "*", "\xff\xfe", "你好", "col:x", "-", "'; drop table chunk; --"}) {
    EXPECT_TRUE(index->search({text, 3, {}}, Deadline::never(), {})) << text;
  }
}

TEST_F(IndexTest, StopsWhenToldTo) {
  const auto index = library_.index();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(index->search({"larch", 3, {}}, Deadline::never(), stop.get_token()).error().code, Code::kCancelled);
  const Deadline past = Deadline::in(Duration::zero(), library_.clock());
  EXPECT_EQ(index->search({"larch", 3, {}}, past, {}).error().code, Code::kDeadlineExceeded);
}

TEST_F(IndexTest, AnEmptyLibraryHasNoHits) {
  SmallLibrary empty;
  const auto index = empty.index();
  const auto result = index->search({"anything", 10, {}}, Deadline::never(), {});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->hits.empty());
  const auto found = index->candidates({"anything", 5, {}}, {}, Deadline::never(), {});
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->candidates.empty());
  EXPECT_EQ(found->units_total, 0U);
}

TEST_F(IndexTest, CandidatesBringWhatAScoreNeeds) {
  const auto index = library_.index();
  const auto found = index->candidates({"Where are the sails sewn?", 3, {}}, {}, Deadline::never(), {});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->units_total, 15U);
  ASSERT_EQ(found->terms.size(), 2U);
  EXPECT_EQ(found->terms[0].text, "sail");
  EXPECT_NEAR(found->terms[0].idf, std::log(1 + (15 - 1 + 0.5) / 1.5), 1e-9);
  EXPECT_EQ(found->nearest.size(), 3U);
  const auto sails = std::find_if(found->candidates.begin(), found->candidates.end(), [&](const Candidate& one) {
    return found->units.at(one.unit).unit.text == "The sails are sewn by hand in a loft.";
  });
  ASSERT_NE(sails, found->candidates.end());
  EXPECT_EQ(sails->chunk_rank, 1U);
  EXPECT_EQ(sails->bm25_rank, 1U);
  EXPECT_EQ(sails->dense_rank, 1U);
  const UnitInPlace& place = found->units.at(sails->unit);
  EXPECT_TRUE(place.terms.test(0));
  EXPECT_TRUE(place.terms.test(1));
  EXPECT_TRUE(found->units.contains(sails->unit - 2));

  // The cosines are those of the stored vectors.
  const llm::EmbedInput question{"Where are the sails sewn?", {}};
  const auto vector = library_.embedder().embed(std::span(&question, 1), Deadline::never(), {})->front().vector;
  auto at = library_.read();
  ASSERT_TRUE(at.unit_vectors([&](const library::Snapshot::Vector& row) -> Result<> {
    if (row.id != sails->unit) return {};
    float cosine = 0;
    const auto values = from_halves(row.halves);
    for (std::size_t i = 0; i < values.size(); ++i) cosine += values[i] * vector[i];
    EXPECT_NEAR(sails->cosine, cosine, 1e-5F);
    return {};
  }));
  EXPECT_NE(sails->heading_cosine, 0.0F);
}

TEST_F(IndexTest, KeywordRankingAloneBringsOnlyWhatHoldsATerm) {
  const auto index = library_.index();
  const CandidateOptions keyword{.dense_ranking = Stage::kOff};
  const auto none = index->candidates({"xyzzy", 3, {}}, keyword, Deadline::never(), {});
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->candidates.empty());
  const auto some = index->candidates({"crust", 3, {}}, keyword, Deadline::never(), {});
  ASSERT_FALSE(some->candidates.empty());
  for (const Candidate& one : some->candidates) {
    EXPECT_EQ(some->units.at(one.unit).unit.document, bread_.key);
    EXPECT_FALSE(one.dense_rank);
  }
  EXPECT_TRUE(some->dense_used);
}

}  // namespace
}  // namespace docmind::retrieval

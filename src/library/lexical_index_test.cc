#include "library/lexical_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "library/testing/sample_document.h"
#include "library/testing/temp_library.h"

namespace docmind::library {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::sample_document;

class LexicalIndexTest : public ::testing::Test {
 protected:
  Document put(const std::string& path, const std::vector<std::string>& sentences) {
    const auto sample = sample_document(path, sentences, "Heading");
    EXPECT_TRUE(library_->put_embeddings(sample.embeddings, Deadline::never(), {}));
    return library_->put_document(sample.document, Deadline::never(), {})->document;
  }
  std::vector<LexicalHit> search(LexicalQuery query) {
    Snapshot at = library_.read();
    auto hits = index_->search(at, query);
    EXPECT_TRUE(hits) << hits.error().message;
    return *hits;
  }
  std::vector<std::int64_t> ids(LexicalQuery query) {
    std::vector<std::int64_t> out;
    for (const LexicalHit& hit : search(std::move(query))) out.push_back(hit.id);
    return out;
  }

  testing::TempLibrary library_;
  std::unique_ptr<LexicalIndex> index_ = fts5_index();
};

TEST_F(LexicalIndexTest, ScoresByTheFormula) {
  const Document d = put("/a", {"red red blue", "red green", "green", "black white green yellow", "grey"});
  const auto hits = search({.rows = Rows::kUnits, .terms = {"red", "blue"}, .documents = {}});
  ASSERT_EQ(hits.size(), 2U);
  const double n = 5;
  const double average = (3 + 2 + 1 + 4 + 1) / n;
  const auto term = [&](double tf, double df, double length) {
    const double idf = std::log(1 + (n - df + 0.5) / (df + 0.5));
    return idf * tf * 2.2 / (tf + 1.2 * (1 - 0.75 + 0.75 * length / average));
  };
  EXPECT_EQ(hits[0].id, d.first_unit);
  EXPECT_NEAR(hits[0].score, term(2, 2, 3) + term(1, 1, 3), 1e-9);
  EXPECT_EQ(hits[1].id, d.first_unit + 1);
  EXPECT_NEAR(hits[1].score, term(1, 2, 2), 1e-9);
}

TEST_F(LexicalIndexTest, TiesGoByIdAndKLimits) {
  const Document d = put("/a", {"same words", "same words", "same words", "other", "things", "here", "too"});
  EXPECT_THAT(ids({.rows = Rows::kUnits, .terms = {"same"}, .documents = {}}),
              ElementsAre(d.first_unit, d.first_unit + 1, d.first_unit + 2));
  EXPECT_THAT(ids({.rows = Rows::kUnits, .terms = {"same"}, .documents = {}, .k = 2}),
              ElementsAre(d.first_unit, d.first_unit + 1));
  EXPECT_THAT(ids({.rows = Rows::kUnits, .terms = {"same"}, .documents = {}, .k = 0}), IsEmpty());
}

TEST_F(LexicalIndexTest, TheFilterCountsBeforeTheLimit) {
  const Document a = put("/a", {"needle one", "needle two", "hay"});
  const Document b = put("/b", {"needle and a lot of other words around it", "hay", "more hay", "straw"});
  const auto only_b = [&](Rows rows) {
    return ids({.rows = rows, .terms = {"needl"}, .documents = std::vector{b.key}, .k = 1});
  };
  EXPECT_THAT(only_b(Rows::kUnits), ElementsAre(b.first_unit));
  EXPECT_THAT(only_b(Rows::kChunks), ElementsAre(b.first_chunk));
  EXPECT_EQ(ids({.rows = Rows::kUnits, .terms = {"needl"}, .documents = std::vector{a.key, b.key}}).size(), 3U);
  EXPECT_THAT(ids({.rows = Rows::kUnits, .terms = {"needl"}, .documents = std::vector<std::int64_t>{}}), IsEmpty());
  EXPECT_THAT(ids({.rows = Rows::kUnits, .terms = {"needl"}, .documents = std::vector<std::int64_t>{99}}), IsEmpty());
}

TEST_F(LexicalIndexTest, ChunksAreFoundByTheirHeading) {
  const Document d = put("/a", {"one", "two", "three"});
  EXPECT_THAT(ids({.rows = Rows::kChunks, .terms = {"head"}, .documents = {}}),
              ElementsAre(d.first_chunk + 1, d.first_chunk));  // The shorter one first.
  EXPECT_THAT(ids({.rows = Rows::kUnits, .terms = {"head"}, .documents = {}}), IsEmpty());
}

TEST_F(LexicalIndexTest, TermsAreNeverSyntax) {
  put("/a", {"plain words and NEAR", "more words"});
  for (const std::string& term :
       {std::string("\""), std::string("\" OR body:x"), std::string("NEAR"), std::string("*"), std::string("a\0b", 3),
        std::string("body:words"), std::string("-words"), std::string("^words"), std::string("\xff\xfe"),
        std::string(100000, 'x'), std::string(")("), std::string("'; DROP TABLE unit; --")}) {
    EXPECT_THAT(ids({.rows = Rows::kUnits, .terms = {term}, .documents = {}}), IsEmpty()) << term.substr(0, 40);
  }
  std::vector<std::string> many;
  for (int i = 0; i < 5000; ++i) many.push_back("t" + std::to_string(i));
  EXPECT_THAT(ids({.rows = Rows::kUnits, .terms = many, .documents = {}}), IsEmpty());
}

TEST_F(LexicalIndexTest, CountsFrequencies) {
  put("/a", {"red red", "red blue", "sources.list"});
  put("/b", {"red"});
  {
    Snapshot at = library_.read();
    EXPECT_THAT(*index_->document_frequencies(at, Rows::kUnits, {"red", "blue", "none", "sources.list", "list", ""}),
                ElementsAre(3, 1, 0, 1, 1, 0));
    EXPECT_EQ(*index_->total(at, Rows::kUnits), 4U);
    EXPECT_EQ(*index_->total(at, Rows::kChunks), 3U);
  }
  ASSERT_TRUE(library_->remove_document("/a", Deadline::never(), {}));
  Snapshot at = library_.read();
  EXPECT_THAT(*index_->document_frequencies(at, Rows::kUnits, {"red", "blue"}), ElementsAre(1, 0));
  EXPECT_EQ(*index_->total(at, Rows::kUnits), 1U);
}

TEST_F(LexicalIndexTest, DeletedRowsCountNowhereInTheScore) {
  const std::vector<std::string> sentences = {"red red blue", "red green", "green", "black white green yellow", "grey"};
  put("/a", sentences);
  const auto clean = search({.rows = Rows::kUnits, .terms = {"red", "blue"}, .documents = {}});
  put("/z", {"red and a great many other words that change the average length", "red", "blue blue"});
  ASSERT_TRUE(library_->remove_document("/z", Deadline::never(), {}));
  for (const char* when : {"buried", "erased"}) {
    const auto now = search({.rows = Rows::kUnits, .terms = {"red", "blue"}, .documents = {}});
    ASSERT_EQ(now.size(), clean.size()) << when;
    for (std::size_t i = 0; i < now.size(); ++i) EXPECT_NEAR(now[i].score, clean[i].score, 1e-9) << when;
    ASSERT_TRUE(library_->wait_erased(Deadline::never(), {}));
  }
}

}  // namespace
}  // namespace docmind::library

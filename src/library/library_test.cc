#include "library/library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "library/impl/schema.h"
#include "library/lexical_index.h"
#include "library/testing/sample_document.h"
#include "library/testing/temp_library.h"

namespace docmind::library {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Sample;
using testing::sample_document;

class LibraryTest : public ::testing::Test {
 protected:
  Put put(const Sample& sample) {
    Result<> embedded = library_->put_embeddings(sample.embeddings, Deadline::never(), {});
    EXPECT_TRUE(embedded) << embedded.error().message;
    auto stored = library_->put_document(sample.document, Deadline::never(), {});
    EXPECT_TRUE(stored) << stored.error().message;
    return *stored;
  }
  Put put(const std::string& path, const std::vector<std::string>& sentences) {
    return put(sample_document(path, sentences));
  }
  Result<Document> remove(std::string_view name) { return library_->remove_document(name, Deadline::never(), {}); }
  std::vector<std::int64_t> found(const std::string& term, Rows rows = Rows::kUnits) {
    Snapshot at = library_.read();
    std::vector<std::int64_t> ids;
    auto hits = fts5_index()->search(at, {.rows = rows, .terms = {term}, .documents = {}});
    EXPECT_TRUE(hits) << hits.error().message;
    for (const LexicalHit& hit : *hits) ids.push_back(hit.id);
    return ids;
  }
  std::string hash() { return library_.read().content_hash()->hex(); }

  testing::TempLibrary library_;
};

TEST_F(LibraryTest, GivesBackEverythingThatWasPut) {
  const Sample sample = sample_document("/d/中文 file.pdf", {"Alpha beta.", "Gamma δelta.", "Epsilon."});
  const Document d = put(sample).document;
  EXPECT_EQ(d.page_count, 3U);
  EXPECT_EQ(d.modified_ms, 5000);
  Snapshot at = library_.read();
  const Document listed = *at.find("/d/中文 file.pdf");
  EXPECT_EQ(listed.id, d.id);
  EXPECT_EQ(at.find(d.id)->key, d.key);
  EXPECT_EQ(listed.version, sample.document.version);
  EXPECT_EQ(listed.warnings, sample.document.parsed.warnings);
  EXPECT_EQ(*at.text(d.key), sample.document.parsed.text);

  const auto pages = *at.pages(d.key);
  ASSERT_EQ(pages.size(), 3U);
  EXPECT_EQ(pages[1].page.label, "2");
  EXPECT_EQ(pages[1].page.span, sample.document.parsed.pages[1].span);
  EXPECT_EQ(at.page(d.key, 2)->page.width, 595);
  EXPECT_EQ(at.page(d.key, 3).error().code, Code::kNotFound);
  const auto words = *at.words(d.key, 1);
  ASSERT_EQ(words.size(), 1U);
  EXPECT_EQ(words[0].span, sample.document.parsed.words[1].span);
  EXPECT_EQ(words[0].page, 1U);
  EXPECT_EQ(words[0].bottom, 4.5F);

  const auto blocks = *at.blocks(d.key);
  ASSERT_EQ(blocks.size(), 4U);
  EXPECT_EQ(blocks[0].block.kind, doc::BlockKind::kHeading);
  EXPECT_EQ(blocks[0].block.header, kNone);
  EXPECT_EQ(blocks[3].page, 2U);
  const auto sections = *at.sections(d.key);
  ASSERT_EQ(sections.size(), 1U);
  EXPECT_EQ(sections[0].title, "1 Chapter");
  EXPECT_EQ(sections[0].parent, kNone);
  ASSERT_TRUE(sample.document.sections[0].embedding);
  EXPECT_EQ(at.section(d.key, 0)->value_or(Section{}).embedding, sample.document.sections[0].embedding);
  EXPECT_FALSE(*at.section(d.key, 1));
}

// What two libraries have in common is that they are copies of one.
TEST_F(LibraryTest, HasAnIdentityThatItsCopiesKeep) {
  const std::string mine = library_->identity();
  EXPECT_EQ(mine.size(), 32U);
  EXPECT_EQ(mine.find_first_not_of("0123456789abcdef"), std::string::npos);
  put("/a", {"One."});
  library_.reopen();
  EXPECT_EQ(library_->identity(), mine);
  testing::TempLibrary other;
  EXPECT_NE(other->identity(), mine);
  library_.close();
  other.close();
  std::filesystem::copy_file(library_.options().path, other.options().path,
                             std::filesystem::copy_options::overwrite_existing);
  other.reopen();
  EXPECT_EQ(other->identity(), mine);
}

// A file from before identities gets one, and a program from before can still work on it.
TEST_F(LibraryTest, AnOlderFileGetsAnIdentity) {
  put("/a", {"One."});
  library_.close();
  store::DatabaseOptions options;
  options.path = library_.options().path;
  options.application_id = kApplicationId;
  options.migrations = migrations();
  options.tokenizer_name = kTokenizer;
  options.tokenizer = [](std::string_view, bool, const store::EmitTerm&) {};
  ASSERT_TRUE(store::Database::migrate(options, 1));
  library_.reopen();
  EXPECT_EQ(library_->identity().size(), 32U);
  EXPECT_EQ(library_.read().stats()->documents, 1U);
}

TEST_F(LibraryTest, UnitsAndChunksPointAtEachOther) {
  put("/d/first.pdf", {"Something else."});
  const Document d = put("/d/a.pdf", {"Alpha beta:", "gamma.", "Epsilon."}).document;
  Snapshot at = library_.read();
  const auto units = *at.units(d.key);
  ASSERT_EQ(units.size(), 3U);
  EXPECT_EQ(units[0].text, "Alpha beta:");
  EXPECT_EQ(units[0].id, d.first_unit);
  EXPECT_EQ(units[0].lead_in, 0);
  EXPECT_EQ(units[1].lead_in, units[0].id);
  EXPECT_EQ(units[2].page, 2U);
  EXPECT_EQ(units[2].chunk, d.first_chunk + 1);
  const auto chunks = *at.chunks(d.key);
  ASSERT_EQ(chunks.size(), 2U);
  EXPECT_EQ(chunks[0].text, "Alpha beta:\n\ngamma.");
  EXPECT_EQ(chunks[0].first_unit, units[0].id);
  EXPECT_EQ(chunks[0].end_unit, units[2].id);
  EXPECT_EQ(chunks[0].heading, "1 Chapter");

  const auto by_id = *at.units(std::vector<std::int64_t>{units[2].id, 999, units[0].id});
  ASSERT_EQ(by_id.size(), 2U);
  EXPECT_EQ(by_id[0].text, "Epsilon.");
  const auto near = *at.neighbours(units[0].id, 2, 1);  // Not into the document before.
  ASSERT_EQ(near.size(), 2U);
  EXPECT_EQ(near[0].id, units[0].id);
  EXPECT_EQ(at.units_in(d.key, units[1].span)->size(), 1U);
  EXPECT_EQ(at.chunks(std::vector<std::int64_t>{chunks[1].id})->front().text, "Epsilon.");
}

TEST_F(LibraryTest, TextIsReadAcrossPieces) {
  std::vector<std::string> sentences;
  for (int i = 0; i < 3000; ++i) sentences.push_back("Sentence number " + std::to_string(i) + " ends.");
  const Sample sample = sample_document("/d/long.txt", sentences);
  const Document d = put(sample).document;
  const std::string& text = sample.document.parsed.text;
  ASSERT_GT(text.size(), 5 * 16384U);
  Snapshot at = library_.read();
  for (const doc::Span span :
       {doc::Span{0, 0}, {0, 1}, {16383, 16385}, {16384, 32768}, {100, text.size()}, {text.size(), text.size()}}) {
    EXPECT_EQ(*at.text(d.key, span), text.substr(span.start, span.size()));
  }
  EXPECT_EQ(at.text(d.key, {0, text.size() + 1}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(at.text(d.key, {5, 4}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(at.units(d.key)->back().text, sentences.back());
  EXPECT_EQ(*at.text_of_version(d.id, d.version, {0, 9}), "1 Chapter");
  EXPECT_EQ(at.text_of_version(d.id, "other", {0, 9}).error().code, Code::kConflict);
  EXPECT_EQ(at.text_of_version("nobody", "other", {0, 9}).error().code, Code::kNotFound);
}

TEST_F(LibraryTest, VectorsComeInOrder) {
  const Document a = put("/d/a.pdf", {"One.", "Two.", "Three."}).document;
  const Document b = put("/d/b.pdf", {"Four."}).document;
  Snapshot at = library_.read();
  std::vector<std::int64_t> chunks;
  std::vector<std::int64_t> units;
  const auto collect = [&](std::vector<std::int64_t>& to) {
    return [&](const Snapshot::Vector& vector) -> Result<> {
      to.push_back(vector.id);
      EXPECT_EQ(vector.halves.size(), testing::kDimensions);
      return {};
    };
  };
  ASSERT_TRUE(at.chunk_vectors(collect(chunks)));
  ASSERT_TRUE(at.unit_vectors(collect(units)));
  EXPECT_THAT(chunks, ElementsAre(a.first_chunk, a.first_chunk + 1, b.first_chunk));
  EXPECT_THAT(units, ElementsAre(a.first_unit, a.first_unit + 1, a.first_unit + 2, b.first_unit));
  units.clear();
  ASSERT_TRUE(at.unit_vectors(collect(units), b.key));
  EXPECT_THAT(units, ElementsAre(b.first_unit));

  const auto second = at.units(a.key)->at(1);
  const auto whole = *at.embeddings(std::vector{at.chunks(a.key)->front().embedding});
  bool seen = false;
  ASSERT_TRUE(at.unit_vectors([&](const Snapshot::Vector& vector) -> Result<> {
    if (vector.id != second.id) return {};
    seen = true;
    const auto expected = std::span(whole[0]->spans).subspan(testing::kDimensions, testing::kDimensions);
    EXPECT_TRUE(std::ranges::equal(vector.halves, expected));
    return {};
  }));
  EXPECT_TRUE(seen);
}

TEST_F(LibraryTest, AnUpdateReplacesEverythingAndKeepsTheId) {
  const Put first = put("/d/a.pdf", {"Alpha words.", "Common words."});
  library_.clock().advance(std::chrono::seconds(9));
  const Put second = put("/d/a.pdf", {"Omega words."});
  EXPECT_EQ(first.outcome, PutOutcome::kAdded);
  EXPECT_EQ(second.outcome, PutOutcome::kUpdated);
  EXPECT_EQ(second.document.id, first.document.id);
  EXPECT_EQ(second.document.key, first.document.key);
  EXPECT_EQ(second.document.added_ms, first.document.added_ms);
  EXPECT_EQ(second.document.updated_ms, first.document.updated_ms + 9000);
  EXPECT_GE(second.document.first_unit, first.document.first_unit + 2);  // Ids are never used again.
  EXPECT_THAT(found("alpha"), IsEmpty());
  EXPECT_THAT(found("omega"), ElementsAre(second.document.first_unit));
  Snapshot at = library_.read();
  const Stats stats = *at.stats();
  EXPECT_EQ(stats.documents, 1U);
  EXPECT_EQ(stats.units, 1U);
  EXPECT_EQ(stats.chunks, 1U);
  EXPECT_EQ(stats.embeddings, 2U);  // One chunk, one heading.
  EXPECT_EQ(*at.generation(), 2U);
  EXPECT_EQ(library_->generation(), 2U);
}

TEST_F(LibraryTest, RemovingTakesOnlyEmbeddingsNobodyElseUses) {
  put("/d/a.pdf", {"Shared one.", "Shared two.", "Only a."});
  put("/d/b.pdf", {"Shared one.", "Shared two.", "Only b."});
  const Sample waiting = sample_document("/d/c.pdf", {"Of an ingest that has not ended."}, "2 Other");
  ASSERT_TRUE(library_->put_embeddings(waiting.embeddings, Deadline::never(), {}));
  EXPECT_EQ(library_.read().stats()->embeddings, 4U + 2U);  // Heading, shared, only a, only b; waiting: two.
  EXPECT_EQ(library_.read().stats()->most_writes, 2U);      // The shared ones were put twice.
  ASSERT_TRUE(remove("/d/a.pdf"));
  EXPECT_EQ(library_.read().stats()->embeddings, 3U + 2U);
  EXPECT_EQ(library_.read().units(library_.read().find("/d/b.pdf")->key)->size(), 3U);
  EXPECT_EQ(*library_->prune_embeddings(Deadline::never(), {}), 2U);
  EXPECT_EQ(library_.read().stats()->embeddings, 3U) << "what b.pdf uses stays";
  EXPECT_EQ(*library_->prune_embeddings(Deadline::never(), {}), 0U);
  EXPECT_EQ(remove("/d/a.pdf").error().code, Code::kNotFound);
  EXPECT_TRUE(library_->database().check(store::Database::Depth::kFull, Deadline::never(), {})->empty());
}

TEST_F(LibraryTest, RefusesWhatDoesNotFitTogether) {
  const Sample good = sample_document("/d/a.pdf", {"Alpha.", "Bäta."});
  EXPECT_EQ(library_->put_document(good.document, Deadline::never(), {}).error().code, Code::kConflict);
  ASSERT_TRUE(library_->put_embeddings(good.embeddings, Deadline::never(), {}));
  const auto refused = [&](auto change) {
    Sample bad = good;
    change(bad.document);
    auto put = library_->put_document(bad.document, Deadline::never(), {});
    return !put && put.error().code == Code::kInvalidArgument;
  };
  EXPECT_TRUE(refused([](NewDocument& d) { d.units[0].span.end = 9999; }));
  EXPECT_TRUE(refused([](NewDocument& d) { d.units[1].span.end -= 4; }));  // Inside of "ä".
  EXPECT_TRUE(refused([](NewDocument& d) { d.units[0].lead_in = 7; }));
  EXPECT_TRUE(refused([](NewDocument& d) { d.units[0].chunk = 7; }));
  EXPECT_TRUE(refused([](NewDocument& d) { d.units[0].position = 2; }));
  EXPECT_TRUE(refused([](NewDocument& d) { d.chunks[0].end_unit = 3; }));
  EXPECT_TRUE(refused([](NewDocument& d) { d.sections[0].parent = 3; }));
  EXPECT_TRUE(refused([](NewDocument& d) { d.parsed.words[1].page = 5; }));
  EXPECT_TRUE(refused([](NewDocument& d) { d.path.clear(); }));
  EXPECT_EQ(library_.read().stats()->documents, 0U);
  EXPECT_TRUE(library_->put_document(good.document, Deadline::never(), {}));
}

TEST_F(LibraryTest, AnEmptyDocumentIsADocument) {
  Sample empty;
  empty.document.path = "empty.txt";
  empty.document.parsed.type = "text";
  const Document d = put(empty).document;
  Snapshot at = library_.read();
  EXPECT_EQ(*at.text(d.key), "");
  EXPECT_THAT(*at.units(d.key), IsEmpty());
  EXPECT_TRUE(at.content_hash());
}

TEST_F(LibraryTest, ListsFiltersAndSorts) {
  for (const char* path : {"/b/2.pdf", "/a/1.pdf", "/a/x/3.pdf", "/ab/4.pdf"}) {
    library_.clock().advance(std::chrono::seconds(1));
    put(path, {std::string("Words of ") + path});
  }
  Snapshot at = library_.read();
  const auto paths = [&](const ListOptions& options) {
    std::vector<std::string> out;
    const auto listed = at.documents(options);
    for (const Document& d : *listed) out.push_back(d.path);
    return out;
  };
  EXPECT_THAT(paths({}), ElementsAre("/a/1.pdf", "/a/x/3.pdf", "/ab/4.pdf", "/b/2.pdf"));
  ListOptions newest;
  newest.sort = SortBy::kAdded;
  newest.order = Order::kDown;
  newest.limit = 2;
  EXPECT_THAT(paths(newest), ElementsAre("/ab/4.pdf", "/a/x/3.pdf"));
  newest.offset = 3;
  EXPECT_THAT(paths(newest), ElementsAre("/b/2.pdf"));
  ListOptions below;
  below.filter.documents = {"/a/", at.find("/b/2.pdf")->id};
  EXPECT_THAT(paths(below), ElementsAre("/a/1.pdf", "/a/x/3.pdf", "/b/2.pdf"));
  below.filter.types = {"html"};
  EXPECT_THAT(paths(below), IsEmpty());
  EXPECT_EQ(at.matching({.documents = {}, .types = {"pdf"}, .modified_from = 5000, .modified_to = 5001})->size(), 4U);
  EXPECT_THAT(*at.matching({.documents = {}, .types = {}, .modified_from = 5001, .modified_to = {}}), IsEmpty());
}

TEST_F(LibraryTest, ContentHashSeesContentAndNothingElse) {
  put("/d/a.pdf", {"Alpha.", "Beta."});
  put("/d/b.pdf", {"Gamma."});
  const std::string first = hash();
  put("/d/a.pdf", {"Changed."});
  EXPECT_NE(hash(), first);
  library_.clock().advance(std::chrono::hours(1));
  put("/d/a.pdf", {"Alpha.", "Beta."});  // Other rows, other times, the same content.
  EXPECT_EQ(hash(), first);
  Sample moved = sample_document("/d/a.pdf", {"Alpha.", "Beta."});
  moved.document.parsed.words[0].left += 1;
  put(moved);
  EXPECT_NE(hash(), first);
}

TEST_F(LibraryTest, ListenersHearOfEachCommitInOrder) {
  std::vector<std::pair<Change::Kind, std::int64_t>> heard;
  std::size_t documents_seen = 0;
  auto listening = library_->listen([&](const Change& change) {
    heard.emplace_back(change.kind, change.document);
    documents_seen = library_.read().stats()->documents;
    EXPECT_EQ(library_->generation(), change.generation);
    EXPECT_EQ(change.size.documents, library_.read().size()->documents);
    EXPECT_EQ(change.size.chunks, library_.read().stats()->chunks);
  });
  const Document d = put("/d/a.pdf", {"Alpha."}).document;
  EXPECT_EQ(documents_seen, 1U);
  ASSERT_TRUE(remove(d.id));
  EXPECT_FALSE(remove(d.id));
  EXPECT_THAT(heard, ElementsAre(std::pair(Change::Kind::kPut, d.key), std::pair(Change::Kind::kRemoved, d.key)));
  listening.reset();
  put("/d/b.pdf", {"Beta."});
  EXPECT_EQ(heard.size(), 2U);
}

TEST_F(LibraryTest, TracesAreKeptInNumberAndGoWithTheirDocument) {
  library_.options().traces = 3;
  library_.reopen();
  const Document d = put("/d/a.pdf", {"Alpha."}).document;
  const std::vector<std::int64_t> quoted = {d.key};
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(library_->put_trace("t" + std::to_string(i), "{\"n\":" + std::to_string(i) + "}", Deadline::never(), {},
                                    i == 4 ? std::span<const std::int64_t>(quoted) : std::span<const std::int64_t>()));
  }
  EXPECT_EQ(library_.read().trace("t1").error().code, Code::kNotFound);
  EXPECT_EQ(*library_.read().trace("t2"), "{\"n\":2}");
  ASSERT_TRUE(library_.read().trace("t4"));
  ASSERT_TRUE(remove(d.id));
  EXPECT_FALSE(library_.read().trace("t4"));
  EXPECT_TRUE(library_.read().trace("t3"));
  const std::vector<std::string> named = {"t3", "none"};
  ASSERT_TRUE(library_->remove_traces(named, Deadline::never(), {}));
  EXPECT_FALSE(library_.read().trace("t3"));
  EXPECT_TRUE(library_.read().trace("t2"));
}

TEST_F(LibraryTest, TheSpecifiedTablesAreThere) {
  put("/d/a.pdf", {"Alpha."});
  const auto log = [&](std::vector<Library::Performance> lines) {
    return library_->log_performance(lines, Deadline::never(), {});
  };
  ASSERT_TRUE(log({{"ask", 12.5, 7, "{\"k\":1}", 5}, {"generate", 3, 1, "", 6}}));
  ASSERT_TRUE(log({{"ask", 14, 0, "", 8}}));
  EXPECT_FALSE(log({{"ask", 12.5, 7, "no json"}}));
  Snapshot at = library_.read();
  const auto rows = at.performance("ask", 5);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ(rows->at(0).at_ms, 8);
  EXPECT_EQ(rows->at(1).latency_ms, 12.5);
  EXPECT_EQ(rows->at(1).tokens, 7U);
  EXPECT_EQ(rows->at(1).metrics, "{\"k\":1}");
  EXPECT_EQ(at.performance("ask", 1)->size(), 1U);
  const auto first = [&](const char* sql) {
    auto row = *at.reader().query(sql);
    EXPECT_TRUE(*row.step()) << sql;
    return std::string(row.text(0));
  };
  EXPECT_EQ(first("SELECT operation FROM performance_logs WHERE latency_ms=12.5 AND tokens_processed=7"), "ask");
  EXPECT_EQ(first("SELECT file_name FROM document_cache WHERE json_array_length(chunks)=1"), "/d/a.pdf");
  EXPECT_EQ(first("SELECT count(id)+count(user_id)+count(created_at)+count(updated_at)+count(data) FROM sessions"),
            "0");
  EXPECT_EQ(first("SELECT count(session_id)+count(role)+count(content)+count(timestamp)+count(metadata) FROM "
                  "chat_history"),
            "0");
}

TEST_F(LibraryTest, TouchingChangesTheTimeAlone) {
  const Document d = put("/d/a.pdf", {"Alpha."}).document;
  ASSERT_TRUE(library_->touch_document(d.key, 77, Deadline::never(), {}));
  const Document touched = *library_.read().document(d.key);
  EXPECT_EQ(touched.modified_ns, 77);
  EXPECT_EQ(touched.version, d.version);
  EXPECT_EQ(library_->generation(), 1U);
  EXPECT_FALSE(library_->touch_document(99, 77, Deadline::never(), {}));
}

TEST_F(LibraryTest, TermsAreCutAnewWhenTheCutterChanges) {
  put("/d/a.pdf", {"Alpha beta."});
  EXPECT_EQ(found("alpha").size(), 1U);
  library_.close();
  library_.options().terms_version = "2";
  library_.options().terms = [](std::string_view text, const store::EmitTerm& emit) {
    emit("whole", 0, static_cast<std::uint32_t>(text.size()), false);
  };
  library_.reopen();
  EXPECT_THAT(found("alpha"), IsEmpty());
  EXPECT_EQ(found("whole").size(), 1U);
  ASSERT_TRUE(remove("/d/a.pdf"));
  EXPECT_THAT(found("whole"), IsEmpty());
}

TEST_F(LibraryTest, DeletedWordsAreNowhereInTheFolder) {
  const std::vector<std::string> canaries = {"zyxcanaryqq", "qanarytitle", "kanarywort", "canaryneedle"};
  // FTS5 stores a term without the beginning it shares with the one before it.
  const std::vector<std::string> tails = {"canaryqq", "narytitl", "narywort", "aryneedl"};
  for (int i = 0; i < 40; ++i) {  // Neighbours, so that pages and segments hold both.
    put("/d/keep" + std::to_string(i) + ".pdf", {"Words to keep number " + std::to_string(i) + ".", "More of them."});
  }
  std::vector<std::string> sentences;
  for (int i = 0; i < 300; ++i)
    sentences.push_back("The " + canaries[0] + std::to_string(i % 7) + " sings " + canaries[2]);
  Sample secret = sample_document("/d/secret.pdf", sentences, "1 " + canaries[1]);
  put(secret);
  for (int i = 40; i < 60; ++i) put("/d/keep" + std::to_string(i) + ".pdf", {"Words to keep.", "And others."});
  const Document again = put("/d/replaced.pdf", {"A " + canaries[3] + " once."}).document;
  const std::vector<std::int64_t> quoted = {again.key};
  ASSERT_TRUE(library_->put_trace("t", "{\"quote\":\"" + canaries[3] + "\"}", Deadline::never(), {}, quoted));
  const auto present = [&](const std::vector<std::string>& words) {
    std::vector<std::string> seen;
    for (const auto& entry : std::filesystem::directory_iterator(library_.folder().path())) {
      const std::string bytes = (std::ostringstream() << std::ifstream(entry.path(), std::ios::binary).rdbuf()).str();
      for (const std::string& canary : words) {
        if (bytes.find(canary) != std::string::npos) seen.push_back(entry.path().filename().string() + ": " + canary);
      }
    }
    return seen;
  };
  EXPECT_GE(present(canaries).size(), canaries.size());
  ASSERT_TRUE(remove("/d/secret.pdf"));
  put("/d/replaced.pdf", {"Nothing to see."});
  ASSERT_TRUE(remove("/d/replaced.pdf"));
  ASSERT_TRUE(library_->wait_erased(Deadline::never(), {}));
  EXPECT_THAT(present(tails), IsEmpty());
  EXPECT_EQ(found("keep", Rows::kChunks).size(), 60U);
  put("/d/last.pdf", {"One more " + canaries[0] + "."});
  ASSERT_TRUE(remove("/d/last.pdf"));
  library_.reopen();  // Closing finishes what nobody waited for.
  EXPECT_THAT(present(tails), IsEmpty());
  EXPECT_TRUE(library_->database().check(store::Database::Depth::kFull, Deadline::never(), {})->empty());
}

TEST_F(LibraryTest, FiveReadersAndTwoWritersNeverMeetALock) {
  std::atomic<bool> writing = true;
  std::vector<std::jthread> readers;
  for (int r = 0; r < 5; ++r) {
    readers.emplace_back([&] {
      auto index = fts5_index();
      do {
        auto at = library_->read(Deadline::never(), {});
        ASSERT_TRUE(at) << at.error().message;
        auto hits = index->search(*at, {.rows = Rows::kUnits, .terms = {"word"}, .documents = {}});
        ASSERT_TRUE(hits) << hits.error().message;
        EXPECT_EQ(hits->size(), std::min<std::size_t>(100, at->stats()->units));  // One moment: index and rows agree.
      } while (writing);
    });
  }
  std::vector<std::jthread> writers;
  for (int w = 0; w < 2; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < 25; ++i) {
        const std::string path = "/d/" + std::to_string(w) + "/" + std::to_string(i % 8);
        put(path, {"A word " + std::to_string(i) + ".", "Another word."});
      }
    });
  }
  writers.clear();
  writing = false;
  readers.clear();
  EXPECT_EQ(library_.read().stats()->documents, 16U);
}

}  // namespace
}  // namespace docmind::library

#include "ingest/ingest.h"

#include <gmock/gmock.h>

#include <mutex>

#include "ingest/testing/ingest_run.h"

namespace docmind::ingest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(IngestRun, StoresAFolderAndTouchesNothingTheSecondTime) {
  write("b.md", sections(3, 1));
  write("a.txt", "A first sentence stands here. A second follows it.");
  write("deep/c.txt", "这是文档的第一句。第二句在这里！");
  write("photo.png", "no document");
  write(".hidden.txt", "not looked at by default");
  const Summary first = run({docs_.path()});
  EXPECT_EQ(first.documents, 3U);
  EXPECT_EQ(first.added, 3U);
  EXPECT_EQ(first.skipped, 1U);
  EXPECT_EQ(first.chunks, 5U);
  EXPECT_EQ(first.embedded, 5U);
  EXPECT_THAT(first.failed, IsEmpty());

  const std::uint64_t calls = embedder_.calls();
  const std::uint64_t generation = library_->generation();
  const Summary second = run({docs_.path()});
  EXPECT_EQ(second.documents, 3U);
  EXPECT_EQ(second.unchanged, 3U);
  EXPECT_EQ(second.embedded, 0U);
  EXPECT_EQ(embedder_.calls(), calls);
  EXPECT_EQ(parser_.calls(), 3U);
  EXPECT_EQ(library_->generation(), generation);
}

TEST_F(IngestRun, EveryUnitAndVectorIsInItsPlace) {
  write("a.md", "# One\n\nA first sentence stands here. A second follows it.\n\n- an item of a list there\n");
  run({docs_.path()});
  library::Snapshot at = snapshot();
  const library::Document document = at.documents({})->at(0);
  const std::string text = *at.text(document.key);
  const std::vector<library::Unit> units = *at.units(document.key);
  ASSERT_EQ(units.size(), 4U);
  for (const library::Unit& unit : units) EXPECT_EQ(unit.text, text.substr(unit.span.start, unit.span.size()));
  const std::vector<library::Chunk> chunks = *at.chunks(document.key);
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(chunks[0].heading, "One");
  const auto embedding = at.embeddings(std::vector{chunks[0].embedding})->at(0).value_or(library::Embedding{});
  EXPECT_GT(embedding.dimensions, 0U);
  EXPECT_EQ(embedding.spans.size(), 3U * embedding.dimensions);
  EXPECT_EQ(units[3].chunk, chunks[0].id);
  EXPECT_EQ(units[3].position, 2U);
  const auto section = at.section(document.key, 0)->value_or(library::Section{});
  EXPECT_TRUE(at.embeddings(std::vector{section.embedding.value_or(ContentHash{})})->at(0));
}

TEST_F(IngestRun, SmallFilesAreEmbeddedTogether) {
  for (int i = 10; i < 42; ++i) write(std::to_string(i) + ".md", sections(1, i));
  const Summary summary = run({docs_.path()});
  EXPECT_EQ(summary.added, 32U);
  EXPECT_EQ(summary.embedded, 32U);
  EXPECT_EQ(embedder_.calls(), 5U);  // Two batches of eight chunks a pack, and the one heading that all have.
  EXPECT_EQ(snapshot().stats()->most_writes, 1U);
}

TEST_F(IngestRun, AChangeEmbedsItsOwnChunksOnly) {
  write("a.md", sections(20));
  run({docs_.path()});
  embedder_.forget_texts();
  std::string changed = sections(20);
  changed.replace(changed.find("sentence 7"), 8, "phrasing");
  write("a.md", changed);
  const Summary summary = run({docs_.path()});
  EXPECT_EQ(summary.updated, 1U);
  EXPECT_EQ(summary.chunks, 20U);
  EXPECT_EQ(summary.embedded, 1U);
  EXPECT_THAT(embedder_.texts(), ElementsAre(HasSubstr("phrasing 7")));
  EXPECT_EQ(documents(), 1U);
}

TEST_F(IngestRun, AnotherParserReadsAnewAndEmbedsNothingThatIsTheSame) {
  write("a.md", sections(5));
  run({docs_.path()});
  parser_.set_version("fake-2");
  const Summary summary = run({docs_.path()});
  EXPECT_EQ(summary.updated, 1U);
  EXPECT_EQ(summary.embedded, 0U);
}

TEST_F(IngestRun, AnotherModelEmbedsAnew) {
  write("a.md", sections(5));
  run({docs_.path()});
  embedder_.settings().model_hash = "beef";
  EXPECT_EQ(run({docs_.path()}).embedded, 5U);
}

TEST_F(IngestRun, ARenameEmbedsNothingAndLeavesOneDocument) {
  const fs::path old_path = write("a.md", sections(5));
  run({docs_.path()});
  fs::rename(old_path, docs_ / "b.md");
  const Summary summary = run({docs_.path()});
  EXPECT_EQ(summary.added, 1U);
  EXPECT_EQ(summary.renamed, 1U);
  EXPECT_EQ(summary.embedded, 0U);
  EXPECT_THAT(summary.missing, IsEmpty());
  EXPECT_EQ(documents(), 1U);
}

TEST_F(IngestRun, WhatIsGoneIsToldAndKept) {
  const fs::path gone = write("a.md", sections(2));
  write("b.md", sections(2, 1));
  run({docs_.path()});
  fs::remove(gone);
  EXPECT_THAT(run({docs_.path()}).missing, ElementsAre(gone.native()));
  EXPECT_EQ(documents(), 2U);
}

TEST_F(IngestRun, AFileGivenTwiceIsOneDocument) {
  const fs::path file = write("a.md", sections(2));
  const Summary summary = run({file, docs_.path(), docs_.path() / "." / "a.md"});
  EXPECT_EQ(summary.documents, 1U);
  EXPECT_EQ(documents(), 1U);
}

// What was committed before an end without warning is not computed again, and nothing is stored twice.
TEST_F(IngestRun, ProgressOnlyGrows) {
  for (int i = 0; i < 5; ++i) write(std::to_string(i) + ".md", sections(30, i));
  write("9.txt", "BROKEN");
  std::mutex mutex;
  std::vector<Progress> seen;
  run({docs_.path()}, [&](const Progress& now) {
    const std::lock_guard lock(mutex);
    seen.push_back(now);
  });
  ASSERT_GE(seen.size(), 3U);
  EXPECT_EQ(seen.front().stage, Stage::kLooking);
  EXPECT_EQ(seen.back().stage, Stage::kDone);
  EXPECT_EQ(seen.back().files_done, 6U);
  EXPECT_EQ(seen.back().bytes_done, seen.back().bytes_total);
  EXPECT_EQ(seen.back().chunks_done, 150U);
  for (std::size_t i = 1; i < seen.size(); ++i) {
    EXPECT_GE(seen[i].bytes_done, seen[i - 1].bytes_done);
    EXPECT_GE(seen[i].files_done, seen[i - 1].files_done);
    EXPECT_GE(seen[i].chunks_done, seen[i - 1].chunks_done);
    EXPECT_LE(seen[i].bytes_done, seen[i].bytes_total);
    EXPECT_LE(seen[i].chunks_done, seen[i].chunks_found);
  }
}

TEST_F(IngestRun, Uploads) {
  const auto upload = [&](const std::string& name, const std::string& bytes) {
    return ingest_->ingest_bytes(name, bytes, {}, Deadline::never(), {});
  };
  EXPECT_EQ(upload("报告.md", sections(3))->added, 1U);
  const std::uint64_t generation = library_->generation();
  EXPECT_EQ(upload("报告.md", sections(3))->unchanged, 1U);
  EXPECT_EQ(library_->generation(), generation);
  EXPECT_EQ(upload("报告.md", sections(4))->updated, 1U);
  EXPECT_EQ(upload("empty.md", "")->failed.size(), 1U);
  EXPECT_EQ(upload("", "text").error().code, Code::kInvalidArgument);
  EXPECT_EQ(upload("\xff.md", "text").error().code, Code::kInvalidArgument);
  EXPECT_EQ(snapshot().documents({})->at(0).path, "报告.md");
}

// Between the look-up and the put somebody deletes the document whose vectors were to be used again.
TEST_F(IngestRun, RefusesOptionsOutOfRange) {
  const IngestDeps deps{*library_, parser_, embedder_, *wordpiece_, files_, *pool_, clock_};
  EXPECT_FALSE(Ingest::open({.chunk_tokens = 10}, deps));
  EXPECT_FALSE(Ingest::open({.chunk_overlap = 400}, deps));
  EXPECT_FALSE(Ingest::open({.batch_chunks = 0}, deps));
}

TEST(IsDocumentName, KnowsWhatIsRead) {
  EXPECT_TRUE(is_document_name("a.PDF"));
  EXPECT_TRUE(is_document_name("报告.docx"));
  EXPECT_TRUE(is_document_name("README"));
  EXPECT_FALSE(is_document_name("a.png"));
  EXPECT_FALSE(is_document_name(".pdf"));
  EXPECT_FALSE(is_document_name("pdf"));
}

}  // namespace
}  // namespace docmind::ingest

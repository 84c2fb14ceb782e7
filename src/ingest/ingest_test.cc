#include "ingest/ingest.h"

#include <gmock/gmock.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "doc/testing/fake_parser.h"
#include "ingest/testing/vocabulary.h"
#include "llm/testing/fake_embedder.h"
#include "sys/clock.h"
#include "sys/testing/temp_folder.h"
#include "text/terms.h"

namespace docmind::ingest {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The real disk, but what is said of a path can be told.
class TouchyFiles final : public sys::Files {
 public:
  // The time of this file moves with each look, that often.
  void keep_changing(const fs::path& path, int looks) {
    changing_ = path;
    looks_ = looks;
  }
  void refuse(const fs::path& path) { refused_ = path; }

  Result<std::string> read(const fs::path& path, std::uint64_t max_bytes) override {
    if (path == refused_) return Error{Code::kUnauthorized, "permission denied: " + path.native(), "Allow it."};
    return real_.read(path, max_bytes);
  }
  Result<> write_atomic(const fs::path& path, std::string_view bytes) override {
    return real_.write_atomic(path, bytes);
  }
  Result<> remove(const fs::path& path) override { return real_.remove(path); }
  Result<> rename(const fs::path& from, const fs::path& to) override { return real_.rename(from, to); }
  Result<sys::FileStat> stat(const fs::path& path) override {
    Result<sys::FileStat> stat = real_.stat(path);
    if (stat && path == changing_ && looks_-- > 0) stat->mtime_ns += looks_ + 1;
    return stat;
  }
  Result<std::vector<sys::FolderEntry>> list(const fs::path& folder) override { return real_.list(folder); }
  Result<> make_dirs(const fs::path& folder) override { return real_.make_dirs(folder); }

 private:
  sys::RealFiles real_;
  fs::path changing_;
  int looks_ = 0;
  fs::path refused_;
};

void cut_terms(std::string_view text, const store::EmitTerm& emit) {
  for (const text::Term& term : text::terms(text)) {
    emit(term.text, static_cast<std::uint32_t>(term.span.start), static_cast<std::uint32_t>(term.span.end),
         term.colocated);
  }
}

std::unique_ptr<library::Library> open_library(const fs::path& path, const Clock& clock, Rng& rng) {
  library::LibraryOptions options;
  options.path = path;
  options.terms = cut_terms;
  auto opened = library::Library::open(std::move(options), clock, rng);
  EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
  return *std::move(opened);
}

class IngestRun : public ::testing::Test {
 protected:
  IngestRun() { open({}); }

  void open(IngestOptions options) {
    auto opened = Ingest::open(options, {*library_, parser_, embedder_, *wordpiece_, files_, *pool_, clock_});
    ASSERT_TRUE(opened);
    ingest_ = *std::move(opened);
  }

  Summary run(const std::vector<fs::path>& paths, const OnProgress& progress = {}, std::stop_token stop = {}) {
    Result<Summary> done = ingest_->run(paths, progress, Deadline::never(), std::move(stop));
    EXPECT_TRUE(done) << (done ? "" : done.error().message);
    return done ? *std::move(done) : Summary{};
  }

  library::Snapshot snapshot() { return *library_->read(Deadline::never(), {}); }
  std::uint64_t documents() { return snapshot().stats()->documents; }

  fs::path write(std::string_view name, std::string_view bytes) { return docs_.write(name, bytes); }

  // A document of so many sections, a chunk each; `number` makes it differ from others.
  static std::string sections(int count, int number = 0) {
    std::string out;
    for (int i = 0; i < count; ++i) {
      out += "# " + std::to_string(i) + " Heading\n\nThis is the sentence " + std::to_string(i) + " of document " +
             std::to_string(number) + ".\n\n";
    }
    return out;
  }

  sys::TempFolder data_;
  sys::TempFolder docs_;
  sys::RealClock clock_;
  SeededRng rng_{1};
  std::unique_ptr<text::WordPiece> wordpiece_ = shipped_wordpiece(DOCMIND_SOURCE_DIR);
  std::unique_ptr<exec::Pool> pool_ = *exec::Pool::open({.threads = 2});
  TouchyFiles files_;
  doc::FakeParser parser_;
  llm::FakeEmbedder embedder_;
  std::unique_ptr<library::Library> library_ = open_library(data_ / "library.db", clock_, rng_);
  std::unique_ptr<Ingest> ingest_;
};

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
  const auto embedding = at.embeddings(std::vector{chunks[0].embedding})->at(0);
  ASSERT_TRUE(embedding);
  EXPECT_EQ(embedding->spans.size(), 3U * embedding->dimensions);
  EXPECT_EQ(units[3].chunk, chunks[0].id);
  EXPECT_EQ(units[3].position, 2U);
  const auto section = at.section(document.key, 0);
  ASSERT_TRUE(*section && (*section)->embedding);
  EXPECT_TRUE(at.embeddings(std::vector{*(*section)->embedding})->at(0));
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

TEST_F(IngestRun, OneFailureStopsNobody) {
  write("1.txt", "BROKEN");
  write("2.txt", "A sentence that is fine stands here.");
  write("3.txt", "");
  write("4.txt", "\xff\xfe\x01");
  const fs::path refused = write("5.txt", "A sentence that nobody may read.");
  files_.refuse(refused);
  const Summary summary = run({docs_.path(), docs_ / "absent.txt"});
  EXPECT_EQ(summary.documents, 1U);
  ASSERT_EQ(summary.failed.size(), 5U);
  EXPECT_THAT(summary.failed[0].path, HasSubstr("absent.txt"));
  EXPECT_EQ(summary.failed[1].error, "1.txt is broken. Get it again.");
  EXPECT_THAT(summary.failed[4].error, HasSubstr("permission denied"));
  for (const FailedFile& failed : summary.failed) EXPECT_EQ(failed.error.find('\n'), std::string::npos);
  EXPECT_EQ(documents(), 1U);
}

TEST_F(IngestRun, EmptyFoldersAndNoPathsAreFine) {
  EXPECT_EQ(run({docs_.path()}).documents, 0U);
  EXPECT_THAT(run({docs_.path()}).failed, IsEmpty());
  EXPECT_EQ(run({}).documents, 0U);
  EXPECT_EQ(run({""}).failed.size(), 1U);
}

TEST_F(IngestRun, AFileGivenTwiceIsOneDocument) {
  const fs::path file = write("a.md", sections(2));
  const Summary summary = run({file, docs_.path(), docs_.path() / "." / "a.md"});
  EXPECT_EQ(summary.documents, 1U);
  EXPECT_EQ(documents(), 1U);
}

TEST_F(IngestRun, AFileThatIsBeingWrittenIsTriedAgainThenFails) {
  const fs::path file = write("a.txt", "A sentence that is fine stands here.");
  run({file});
  files_.keep_changing(file, 3);  // The stat of the list, and both of the first reading.
  EXPECT_THAT(run({file}).failed, IsEmpty());
  files_.keep_changing(file, 100);
  EXPECT_EQ(run({file}).failed.size(), 1U);
}

TEST_F(IngestRun, TooLargeFilesFail) {
  open({.max_file_bytes = 100});
  write("a.txt", std::string(101, 'a'));
  write("b.txt", "A sentence that is fine stands here.");
  const Summary summary = run({docs_.path()});
  EXPECT_EQ(summary.documents, 1U);
  EXPECT_EQ(summary.failed.size(), 1U);
  EXPECT_EQ(ingest_->ingest_bytes("c.txt", std::string(101, 'a'), {}, Deadline::never(), {})->failed.size(), 1U);
}

// What was committed before an end without warning is not computed again, and nothing is stored twice.
TEST_F(IngestRun, GoesOnAfterACrash) {
  write("a.md", sections(100));
  embedder_.fail_after(5, {Code::kUnavailable, "the engine died", "Try again."});
  const Summary broken = run({docs_.path()});
  EXPECT_EQ(broken.documents, 0U);
  EXPECT_EQ(broken.failed.size(), 1U);
  EXPECT_EQ(broken.embedded, 5U * 8U);
  EXPECT_EQ(documents(), 0U);
  embedder_.heal();
  ingest_.reset();
  library_.reset();
  library_ = open_library(data_ / "library.db", clock_, rng_);
  open({});
  const Summary whole = run({docs_.path()});
  EXPECT_EQ(whole.added, 1U);
  EXPECT_EQ(whole.chunks, 100U);
  EXPECT_EQ(whole.embedded, 100U - 5U * 8U);
  const std::vector<std::string> texts = embedder_.texts();
  EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), texts.size());
  EXPECT_EQ(snapshot().stats()->most_writes, 1U);
}

TEST_F(IngestRun, CancelLeavesWholeDocuments) {
  for (int i = 0; i < 6; ++i) write(std::to_string(i) + ".md", sections(20, i));
  std::stop_source stop;
  const OnProgress progress = [&](const Progress& now) {
    if (now.files_done == 2) stop.request_stop();
  };
  const Summary summary = run({docs_.path()}, progress, stop.get_token());
  EXPECT_TRUE(summary.cancelled);
  EXPECT_THAT(summary.failed, IsEmpty());
  EXPECT_GE(summary.documents, 2U);
  EXPECT_LT(summary.documents, 6U);
  EXPECT_EQ(documents(), summary.documents);
  const Summary rest = run({docs_.path()});
  EXPECT_EQ(rest.unchanged, summary.documents);
  EXPECT_EQ(rest.documents, 6U);
  EXPECT_EQ(snapshot().stats()->most_writes, 1U);
}

TEST_F(IngestRun, StoppedBeforeItBegins) {
  write("a.md", sections(2));
  std::stop_source stop;
  stop.request_stop();
  const Summary summary = run({docs_.path()}, {}, stop.get_token());
  EXPECT_TRUE(summary.cancelled);
  EXPECT_EQ(summary.documents, 0U);
}

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

TEST_F(IngestRun, SeveralAtOnceStoreNothingTwice) {
  for (int i = 0; i < 8; ++i) write(std::to_string(i) + ".md", sections(12, i / 2));
  std::vector<std::jthread> threads;
  std::atomic<std::uint64_t> added{0};
  std::atomic<std::uint64_t> stood{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      std::vector<fs::path> paths{docs_.path()};
      if (i % 2 == 1) paths = {docs_ / "7.md", docs_ / "6.md", docs_.path()};  // Meets the others the other way round.
      const Summary summary = run(paths);
      added += summary.added;
      stood += summary.documents;
      EXPECT_THAT(summary.failed, IsEmpty());
    });
  }
  threads.clear();
  EXPECT_EQ(added, 8U);
  EXPECT_EQ(stood, 32U);
  EXPECT_EQ(documents(), 8U);
  EXPECT_EQ(snapshot().stats()->most_writes, 1U);
  const std::vector<std::string> texts = embedder_.texts();
  EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), texts.size());
}

TEST_F(IngestRun, Uploads) {
  const auto upload = [&](const std::string& name, const std::string& bytes) {
    return ingest_->ingest_bytes(name, bytes, {}, Deadline::never(), {});
  };
  EXPECT_EQ(upload("报告.md", sections(3))->added, 1U);
  EXPECT_EQ(upload("报告.md", sections(3))->unchanged, 1U);
  EXPECT_EQ(upload("报告.md", sections(4))->updated, 1U);
  EXPECT_EQ(upload("empty.md", "")->failed.size(), 1U);
  EXPECT_EQ(upload("", "text").error().code, Code::kInvalidArgument);
  EXPECT_EQ(upload("\xff.md", "text").error().code, Code::kInvalidArgument);
  EXPECT_EQ(snapshot().documents({})->at(0).path, "报告.md");
}

TEST_F(IngestRun, AFullDiskFailsTheFileInOneLine) {
  const auto allow_pages = [&](const std::string& pages) {
    ASSERT_TRUE(library_->database().write(
        [&](store::Transaction& at) -> Result<> {
          store::Statement limit = DM_TRY(at.query("PRAGMA max_page_count = " + pages));
          DM_TRY(limit.step());
          return {};
        },
        Deadline::never(), {}));
  };
  allow_pages("120");  // About 480 KB.
  write("1.md", sections(3));
  write("2.md", sections(1500, 2));
  const Summary full = run({docs_.path()});
  EXPECT_EQ(full.added, 1U);
  ASSERT_EQ(full.failed.size(), 1U);
  EXPECT_THAT(full.failed[0].path, HasSubstr("2.md"));
  EXPECT_THAT(full.failed[0].error, HasSubstr("full"));
  EXPECT_EQ(full.failed[0].error.find('\n'), std::string::npos);
  EXPECT_EQ(documents(), 1U);
  allow_pages("100000");
  const Summary roomy = run({docs_.path()});
  EXPECT_EQ(roomy.documents, 2U);
  EXPECT_EQ(full.embedded + roomy.embedded, 3U + 1500U);
}

// Between the look-up and the put somebody deletes the document whose vectors were to be used again.
TEST_F(IngestRun, VectorsDeletedMeanwhileAreMadeAgain) {
  struct Deleting final : llm::Embedder {
    Deleting(llm::Embedder& inner, library::Library& library) : inner_(inner), library_(library) {}
    Result<llm::EmbedderInfo> info(Deadline deadline, std::stop_token stop) override {
      return inner_.info(deadline, std::move(stop));
    }
    Result<std::vector<llm::Embedding>> embed(std::span<const llm::EmbedInput> inputs, Deadline deadline,
                                              std::stop_token stop) override {
      if (!victim.empty()) EXPECT_TRUE(library_.remove_document(std::exchange(victim, {}), Deadline::never(), {}));
      return inner_.embed(inputs, deadline, std::move(stop));
    }
    std::string victim;

   private:
    llm::Embedder& inner_;
    library::Library& library_;
  } deleting(embedder_, *library_);
  ingest_ = *Ingest::open({}, {*library_, parser_, deleting, *wordpiece_, files_, *pool_, clock_});
  const fs::path a = write("a.md", sections(10));
  run({a});
  deleting.victim = a;
  const fs::path b = write("b.md", sections(10) + sections(3, 7));
  const Summary summary = run({b});
  EXPECT_THAT(summary.failed, IsEmpty());
  EXPECT_EQ(summary.added, 1U);
  EXPECT_EQ(summary.chunks, 13U);
  EXPECT_EQ(summary.embedded, 13U);
  EXPECT_EQ(documents(), 1U);
}

TEST_F(IngestRun, AnEmbedderThatAnswersNonsenseIsRefused) {
  write("a.md", sections(2));
  struct Liar final : llm::Embedder {
    Result<llm::EmbedderInfo> info(Deadline, std::stop_token) override {
      return llm::EmbedderInfo{"liar", "11a4", 8, 512};
    }
    Result<std::vector<llm::Embedding>> embed(std::span<const llm::EmbedInput> inputs, Deadline,
                                              std::stop_token) override {
      return std::vector<llm::Embedding>(inputs.size());
    }
  } liar;
  ingest_ = *Ingest::open({}, {*library_, parser_, liar, *wordpiece_, files_, *pool_, clock_});
  const Summary summary = run({docs_.path()});
  EXPECT_EQ(summary.failed.size(), 1U);
  EXPECT_EQ(documents(), 0U);
}

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

// What goes wrong during an ingest, and several at once.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>

#include "ingest/ingest.h"
#include "ingest/testing/ingest_run.h"

namespace docmind::ingest {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

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

TEST_F(IngestRun, SeveralAtOnceStoreNothingTwice) {
  for (int i = 0; i < 8; ++i) write(std::to_string(i) + ".md", sections(12, i / 2));
  // Meets the others the other way round.
  expect_done_once(run_at_once({docs_.path()}, {docs_ / "7.md", docs_ / "6.md", docs_.path()}), 8);
}

TEST_F(IngestRun, SmallFilesReadInBothDirectionsAtOnceAreStoredOnce) {
  std::vector<fs::path> upwards;
  for (int i = 10; i < 70; ++i) upwards.push_back(write(std::to_string(i) + ".md", sections(1, i)));
  expect_done_once(run_at_once(upwards, {upwards.rbegin(), upwards.rend()}), 60);
}

TEST_F(IngestRun, ATextThatCannotBeEmbeddedFailsItsOwnFileAlone) {
  struct Picky final : llm::Embedder {
    explicit Picky(llm::Embedder& inner) : inner_(inner) {}
    Result<llm::EmbedderInfo> info(Deadline deadline, std::stop_token stop) override {
      return inner_.info(deadline, std::move(stop));
    }
    Result<std::vector<llm::Embedding>> embed(std::span<const llm::EmbedInput> inputs, Deadline deadline,
                                              std::stop_token stop) override {
      for (const llm::EmbedInput& input : inputs) {
        if (input.text.find("document 4.") != std::string::npos) return Error{Code::kInternal, "the engine died"};
      }
      return inner_.embed(inputs, deadline, std::move(stop));
    }

   private:
    llm::Embedder& inner_;
  } picky(embedder_);
  ingest_ = *Ingest::open({}, {*library_, parser_, picky, *wordpiece_, files_, *pool_, clock_});
  for (int i = 0; i < 10; ++i) write(std::to_string(i) + ".md", sections(1, i));
  const Summary summary = run({docs_.path()});
  EXPECT_EQ(summary.added, 9U);
  EXPECT_EQ(summary.embedded, 9U);
  ASSERT_EQ(summary.failed.size(), 1U);
  EXPECT_THAT(summary.failed[0].path, HasSubstr("4.md"));
  EXPECT_EQ(documents(), 9U);
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

// Counts texts from the embedder's call to their commit. The first commit and the second call wait for each other.
struct Watched final : llm::Embedder {
  explicit Watched(llm::Embedder& inner) : inner_(inner) {}
  Result<llm::EmbedderInfo> info(Deadline deadline, std::stop_token stop) override {
    return inner_.info(deadline, std::move(stop));
  }
  Result<std::vector<llm::Embedding>> embed(std::span<const llm::EmbedInput> inputs, Deadline deadline,
                                            std::stop_token stop) override {
    {
      std::unique_lock lock(mutex_);
      ++calls_;
      begun_ += inputs.size();
      headings_ = headings_ || inputs.size() > 8;  // They come last, maybe beside the last chunks, in a larger batch.
      if (!headings_) most_in_hand = std::max(most_in_hand, begun_ - committed_);
      changed_.notify_all();
      if (calls_ == 2) changed_.wait_for(lock, kLong, [&] { return commits_ > 0; });
    }
    return inner_.embed(inputs, deadline, std::move(stop));
  }
  void commit(std::uint64_t committed) {
    std::unique_lock lock(mutex_);
    changed_.notify_all();
    if (++commits_ == 1) overlapped = changed_.wait_for(lock, kLong, [&] { return calls_ > 1; });
    committed_ = committed;
  }
  static constexpr auto kLong = std::chrono::seconds(30);  // Only a failing test takes so long.
  bool overlapped = false;
  std::uint64_t most_in_hand = 0;

 private:
  llm::Embedder& inner_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t calls_ = 0;
  std::uint64_t commits_ = 0;
  std::uint64_t begun_ = 0;      // Texts.
  std::uint64_t committed_ = 0;  //
  bool headings_ = false;        // Whether they have begun.
};

TEST_F(IngestRun, TheNextBatchIsEmbeddedWhileOneIsCommitted) {
  Watched watched(embedder_);
  std::atomic<bool> counting = false;
  library::LibraryOptions options;
  options.path = data_ / "watched.db";
  options.after_commit = [&](std::uint64_t) {
    if (counting) watched.commit(snapshot().stats()->embeddings);
  };
  ingest_.reset();
  library_ = *library::Library::open(std::move(options), clock_, rng_);
  ingest_ = *Ingest::open({}, {*library_, parser_, watched, *wordpiece_, files_, *pool_, clock_});
  write("a.md", sections(100));
  counting = true;
  EXPECT_EQ(run({docs_.path()}).embedded, 100U);
  counting = false;
  EXPECT_TRUE(watched.overlapped);
  EXPECT_EQ(watched.most_in_hand, 2U * 8U);  // What a crash costs.
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

}  // namespace
}  // namespace docmind::ingest

// A library, fakes around it and an Ingest over both, for tests of whole runs.
#pragma once
#include <gmock/gmock.h>

#include <filesystem>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "doc/testing/fake_parser.h"
#include "ingest/ingest.h"
#include "ingest/testing/vocabulary.h"
#include "llm/testing/fake_embedder.h"
#include "sys/clock.h"
#include "sys/testing/temp_folder.h"
#include "text/terms.h"

namespace docmind::ingest {
namespace fs = std::filesystem;
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
  Result<std::unique_ptr<sys::NewFile>> create(const fs::path& path) override { return real_.create(path); }
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

inline std::unique_ptr<library::Library> open_library(const fs::path& path, const Clock& clock, Rng& rng) {
  library::LibraryOptions options;
  options.path = path;
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

  // Four runs at once, every other one over `others`: what each came to.
  std::vector<Summary> run_at_once(const std::vector<fs::path>& some, const std::vector<fs::path>& others) {
    std::vector<Summary> out(4);
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < out.size(); ++i) {
      threads.emplace_back([&, i] { out[i] = run(i % 2 == 0 ? some : others); });
    }
    threads.clear();
    return out;
  }

  // That each of `count` files was read, by one of the runs, and nothing was embedded or stored twice.
  void expect_done_once(const std::vector<Summary>& runs, std::uint64_t count) {
    std::uint64_t added = 0;
    for (const Summary& one : runs) {
      added += one.added;
      EXPECT_EQ(one.documents, count);
      EXPECT_THAT(one.failed, ::testing::IsEmpty());
    }
    EXPECT_EQ(added, count);
    EXPECT_EQ(documents(), count);
    EXPECT_EQ(snapshot().stats()->most_writes, 1U);
    const std::vector<std::string> texts = embedder_.texts();
    EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), texts.size());
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

}  // namespace docmind::ingest

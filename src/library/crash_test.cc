// A library that is killed at any commit: what was acknowledged is there, nothing is there by half, no vector is made
// twice, and the words of what was deleted are gone after the next start.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

#include "library/library.h"
#include "library/testing/sample_document.h"
#include "library/testing/temp_library.h"
#include "store/testing/temp_folder.h"

namespace docmind::library {
namespace {

constexpr int kDocuments = 12;

testing::Sample sample(int i) {
  const std::string n = std::to_string(i);
  return testing::sample_document("/d/" + n, {"Sentence one of " + n + ".", "And two.", "Three of " + n + "."});
}

// Does what is not done yet, as an ingest would: vectors first, in two batches, then the document.
Result<> ingest(Library& library) {
  for (int i = 0; i < kDocuments; ++i) {
    const testing::Sample s = sample(i);
    std::vector<ContentHash> keys;
    for (const Embedding& e : s.embeddings) keys.push_back(e.key);
    std::vector<bool> there;
    {
      Snapshot at = DM_TRY(library.read(Deadline::never(), {}));
      if (DM_TRY(at.find_path(s.document.path))) continue;
      there = DM_TRY(at.has_embeddings(keys));
    }
    for (std::size_t e = 0; e < keys.size(); ++e) {
      if (!there[e]) DM_TRY(library.put_embeddings(std::span(&s.embeddings[e], 1), Deadline::never(), {}));
    }
    DM_TRY(library.put_document(s.document, Deadline::never(), {}));
  }
  return {};
}

[[noreturn]] void ingest_until_killed(LibraryOptions options, std::uint64_t die_at) {
  options.after_commit = [die_at](std::uint64_t commits) {
    if (commits == die_at) kill(getpid(), SIGKILL);
  };
  ManualClock clock;
  SeededRng rng(static_cast<std::uint64_t>(getpid()));
  auto library = Library::open(options, clock, rng);
  if (!library || !ingest(**library)) _exit(1);
  library->reset();
  _exit(0);
}

// How the child ended: true when it was killed, false when it was done.
bool run_child(const LibraryOptions& options, std::uint64_t die_at) {
  const pid_t child = fork();
  if (child == 0) ingest_until_killed(options, die_at);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
  return WIFSIGNALED(status);
}

TEST(LibraryCrash, AnIngestKilledAtEveryCommitEndsTheSame) {
  std::string expected;
  {
    testing::TempLibrary whole;
    ASSERT_TRUE(ingest(*whole));
    expected = whole.read().content_hash()->hex();
  }
  testing::TempLibrary library;
  int kills = 0;
  for (std::uint64_t die_at = 1;; die_at = 1 + (die_at + 1) % 3) {  // After one, two or three commits of its own.
    library.close();
    if (!run_child(library.options(), die_at)) break;
    ++kills;
    library.reopen();
    EXPECT_TRUE(library->database().check(store::Database::Depth::kFull, Deadline::never(), {})->empty());
    ASSERT_LE(kills, 200);
  }
  library.reopen();
  EXPECT_GE(kills, kDocuments);
  EXPECT_EQ(library.read().content_hash()->hex(), expected);
  EXPECT_EQ(library.read().stats()->most_writes, 1U);
}

TEST(LibraryCrash, ErasingGoesOnAfterAKill) {
  testing::TempLibrary library;
  ASSERT_TRUE(ingest(*library));
  const testing::Sample secret = testing::sample_document("/d/secret", {"The zyxcanaryqq sings."});
  ASSERT_TRUE(library->put_embeddings(secret.embeddings, Deadline::never(), {}));
  ASSERT_TRUE(library->put_document(secret.document, Deadline::never(), {}));
  library.close();
  const pid_t child = fork();
  if (child == 0) {  // Killed by its own deletion, before any word can have been erased.
    LibraryOptions options = library.options();
    options.after_commit = [](std::uint64_t) { kill(getpid(), SIGKILL); };
    ManualClock clock;
    SeededRng rng(1);
    auto opened = Library::open(options, clock, rng);
    if (opened) (void)(*opened)->remove_document("/d/secret", Deadline::never(), {});
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  const auto holds_secret = [&] {
    for (const auto& entry : std::filesystem::directory_iterator(library.folder().path())) {
      const std::string bytes = (std::ostringstream() << std::ifstream(entry.path(), std::ios::binary).rdbuf()).str();
      if (bytes.find("canaryqq") != std::string::npos) return true;
    }
    return false;
  };
  EXPECT_TRUE(holds_secret());
  library.reopen();
  EXPECT_EQ(library.read().find("/d/secret").error().code, Code::kNotFound);
  ASSERT_TRUE(library->wait_erased(Deadline::never(), {}));
  EXPECT_FALSE(holds_secret());
}

}  // namespace
}  // namespace docmind::library

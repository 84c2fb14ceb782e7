#include "backup/backup.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backup/testing/small_library.h"
#include "store/testing/fault_vfs.h"
#include "sys/testing/fault_files.h"

namespace docmind::backup {
namespace {

namespace fs = std::filesystem;
using testing::SmallLibrary;

class Backup : public ::testing::Test {
 protected:
  void SetUp() override {
    library_.add("a");
    library_.add("b");
    library_.write("keys.json", "{\"keys\":[]}");
    library_.write("originals/a", "PDF of a");
    library_.write("originals/gone", "its document was deleted");
    library_.write("cache.db", "derived");
  }
  Result<Manifest> make(const Source& source, std::stop_token stop = {}) {
    return backup::make(source, to_, "1.2.3", {faults_, clock_}, Deadline::never(), std::move(stop));
  }
  bool left_nothing() const { return !fs::exists(to_) && !fs::exists(to_.string() + ".unfinished"); }

  sys::TempFolder folder_;
  SmallLibrary library_{folder_ / "data"};
  fs::path to_ = folder_ / "备份";
  sys::RealFiles real_;
  sys::FaultFiles faults_{real_};
  ManualClock clock_;
};

TEST_F(Backup, HoldsWhatCannotBeMadeAgainAndNothingElse) {
  Source source = library_.source();
  folder_.write("settings.yaml", "search:\n  k: 7\n");
  source.settings = {{folder_ / "settings.yaml", "settings/folder/settings.yaml"}};
  source.models_left_out = {"qwen"};
  const auto made = make(source);
  ASSERT_TRUE(made) << made.error().message;
  std::vector<std::string> paths;
  for (const FileRecord& file : made->files) paths.push_back(file.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"data/library.db", "data/keys.json", "data/originals/a",
                                             "settings/folder/settings.yaml"}));
  EXPECT_EQ(made->rows("library.db", "document"), 2U);
  const auto read = read_manifest(to_, real_);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_text(*read), to_text(*made));
  EXPECT_EQ(read->version, "1.2.3");
  EXPECT_EQ(read->models_left_out, source.models_left_out);
  EXPECT_FALSE(fs::exists(to_.string() + ".unfinished"));
  EXPECT_FALSE(fs::exists(to_ / "lock"));
  EXPECT_EQ(fs::status(to_ / "data/keys.json").permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(Backup, TakesModelsWhenTheyAreWanted) {
  library_.write("models/m.gguf", "weights");
  Source source = library_.source();
  source.folders = {"models", "none"};
  ASSERT_TRUE(make(source));
  EXPECT_TRUE(fs::exists(to_ / "data/models/m.gguf"));
}

TEST_F(Backup, ReplacesNothing) {
  folder_.write("备份/mine", "x");
  const auto made = make(library_.source());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kConflict);
  EXPECT_TRUE(fs::exists(to_ / "mine"));
}

TEST_F(Backup, WithoutALibraryThereIsNothingToKeep) {
  fs::remove(library_.data() / "library.db");
  EXPECT_EQ(make(library_.source()).error().code, Code::kNotFound);
  EXPECT_TRUE(left_nothing());
}

TEST_F(Backup, ADiskThatFillsLeavesNothing) {
  faults_.fail(to_.string() + ".unfinished/data/originals/a", Error{Code::kResourceExhausted, "the disk is full"});
  EXPECT_EQ(make(library_.source()).error().code, Code::kResourceExhausted);
  EXPECT_TRUE(left_nothing());
}

TEST_F(Backup, ADiskThatFillsUnderTheDatabaseLeavesNothing) {
  store::testing::FaultVfs vfs;
  Source source = library_.source();
  for (Database& database : source.databases) database.file.vfs = store::testing::FaultVfs::kName;
  vfs.writes_before_full = 4;
  EXPECT_EQ(make(source).error().code, Code::kResourceExhausted);
  EXPECT_TRUE(left_nothing());
}

TEST_F(Backup, AStopLeavesNothing) {
  std::stop_source stop;
  faults_.before_write = [&](const fs::path& path) {
    if (path.filename() == "keys.json") stop.request_stop();
  };
  EXPECT_EQ(make(library_.source(), stop.get_token()).error().code, Code::kCancelled);
  EXPECT_TRUE(left_nothing());
}

TEST_F(Backup, ACopyThatReadsBackDifferentlyIsNone) {
  faults_.before_write = [&](const fs::path& path) {
    if (path.filename() != "a") return;
    std::ofstream(to_.string() + ".unfinished/data/keys.json", std::ios::binary) << "{\"keys\":[}";
  };
  const auto made = make(library_.source());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kDataLoss);
  EXPECT_TRUE(left_nothing());
}

TEST_F(Backup, ADataDirectoryThatWasReplacedMeanwhileIsSaid) {
  faults_.before_write = [&](const fs::path& path) {
    if (path.filename() != "a") return;
    fs::rename(library_.data(), folder_ / "aside");
    fs::create_directory(library_.data());
  };
  EXPECT_EQ(make(library_.source()).error().code, Code::kConflict);
  EXPECT_TRUE(left_nothing());
}

// Killed before any of its writes, it leaves nothing under its name, and the next one goes through.
TEST_F(Backup, KilledAtAnyWriteItIsNoBackup) {
  for (int writes = 0;; ++writes) {
    const pid_t child = ::fork();
    if (child == 0) {
      int left = writes;
      faults_.before_write = [&left](const fs::path&) {
        if (left-- == 0) ::kill(::getpid(), SIGKILL);
      };
      ::_exit(make(library_.source()) ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status)) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
      EXPECT_GE(writes, 3);
      break;
    }
    EXPECT_FALSE(fs::exists(to_));
    EXPECT_TRUE(fs::exists(to_.string() + ".unfinished"));
  }
  EXPECT_TRUE(read_manifest(to_, real_));
  EXPECT_FALSE(fs::exists(to_.string() + ".unfinished"));
}

}  // namespace
}  // namespace docmind::backup

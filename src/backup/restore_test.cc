#include "backup/restore.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "backup/testing/small_library.h"
#include "base/json.h"
#include "base/sha256.h"
#include "sys/lock_file.h"
#include "sys/testing/fault_files.h"

namespace docmind::backup {
namespace {

namespace fs = std::filesystem;
using testing::SmallLibrary;

// A backup with a and b; the library has c by now.
class Restore : public ::testing::Test {
 protected:
  void SetUp() override {
    library_.add("a");
    library_.add("b");
    library_.write("keys.json", "old keys");
    library_.write("originals/a", "PDF of a");
    const auto made = make(library_.source(), to_, "1.2.3", {real_, clock_}, Deadline::never(), {});
    ASSERT_TRUE(made) << made.error().message;
    library_.add("c");
    library_.write("keys.json", "new keys");
    library_.write("models/m.gguf", "weights");
    library_.write("x-purges-1.json", "[]");
  }
  Result<Restored> restore(std::stop_token stop = {}) {
    return backup::restore(to_, library_.target(), {faults_, clock_}, Deadline::never(), std::move(stop));
  }
  bool is_old() const { return library_.ids() == "a b" && library_.read("keys.json") == "old keys"; }
  bool is_new() const { return library_.ids() == "a b c" && library_.read("keys.json") == "new keys"; }
  void expect_refused(Code code) {
    const auto restored = restore();
    ASSERT_FALSE(restored);
    EXPECT_EQ(restored.error().code, code) << restored.error().message;
    EXPECT_TRUE(is_new());
    EXPECT_EQ(names_beside(), std::vector<std::string>());
  }
  std::vector<std::string> names_beside() const {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("资料.")) out.push_back(name);
    }
    return out;
  }
  // The manifest says of this file what it is.
  void put_in(const std::string& path, const std::string& bytes) {
    std::ifstream in(to_ / kManifest);
    boost::json::value manifest = *parse_json((std::ostringstream() << in.rdbuf()).str());
    folder_.write("backup/" + path, bytes);
    manifest.as_object()["files"].as_array().push_back(
        {{"path", path}, {"bytes", bytes.size()}, {"sha256", Sha256().add(bytes).hex()}});
    std::ofstream(to_ / kManifest) << docmind::to_text(manifest);
  }

  sys::TempFolder folder_;
  SmallLibrary library_{folder_ / "资料"};
  fs::path to_ = folder_ / "backup";
  sys::RealFiles real_;
  sys::FaultFiles faults_{real_};
  ManualClock clock_;
};

TEST_F(Restore, PutsTheBackupInPlaceAndKeepsWhatWasThere) {
  const auto restored = restore();
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_TRUE(is_old());
  EXPECT_EQ(library_.read("originals/a"), "PDF of a");
  EXPECT_EQ(library_.read("models/m.gguf"), "weights");
  EXPECT_EQ(library_.read("x-purges-1.json"), "[]");
  EXPECT_EQ(restored->before, folder_ / "资料.before-restore-1970-01-01T00-00-00.000Z");
  EXPECT_EQ(SmallLibrary(restored->before).ids(), "a b c");
  EXPECT_EQ(*before_restores(library_.data(), real_), std::vector<fs::path>{restored->before});
  EXPECT_EQ(restored->manifest.version, "1.2.3");
}

TEST_F(Restore, CanBeUndone) {
  const auto restored = restore();
  ASSERT_TRUE(restored);
  clock_.advance(std::chrono::seconds(1));
  const auto undone = swap_back(restored->before, library_.target(), {real_, clock_}, Deadline::never(), {});
  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_TRUE(is_new());
  EXPECT_EQ(SmallLibrary(*undone).ids(), "a b");
  EXPECT_EQ(names_beside(), std::vector<std::string>{"资料.before-restore-1970-01-01T00-00-01.000Z"});
}

TEST_F(Restore, IntoAnEmptyFolderLeavesNothingBeside) {
  fs::remove_all(library_.data());
  fs::create_directory(library_.data());
  const auto restored = restore();
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_TRUE(restored->before.empty());
  EXPECT_TRUE(is_old());
  EXPECT_EQ(names_beside(), std::vector<std::string>());
}

TEST_F(Restore, IsRefusedWhileSomebodyHoldsTheDirectory) {
  const auto held = sys::LockFile::try_lock(library_.data() / "lock");
  expect_refused(Code::kConflict);
}

TEST_F(Restore, AFlippedByteAnywhereIsFound) {
  for (const char* name : {"data/library.db", "data/keys.json", "data/originals/a"}) {
    std::fstream file(to_ / name, std::ios::in | std::ios::out | std::ios::binary);
    const char was = static_cast<char>(file.get());
    file.seekp(0);
    file.put(static_cast<char>(was ^ 1));
    file.close();
    expect_refused(Code::kDataLoss);
    std::fstream(to_ / name, std::ios::in | std::ios::out | std::ios::binary).put(was);
  }
  EXPECT_TRUE(restore());
}

TEST_F(Restore, AMissingAndAShortFileAreFound) {
  fs::rename(to_ / "data/keys.json", to_ / "keys");
  expect_refused(Code::kDataLoss);
  std::ofstream(to_ / "data/keys.json") << "old";
  expect_refused(Code::kDataLoss);
  fs::remove(to_ / kManifest);
  expect_refused(Code::kNotFound);
}

TEST_F(Restore, WhatANewerProgramMadeIsRefused) {
  fs::remove_all(to_);
  SmallLibrary newer(folder_ / "newer", 2);
  newer.add("n");
  ASSERT_TRUE(make(newer.source(), to_, "9.9", {real_, clock_}, Deadline::never(), {}));
  expect_refused(Code::kConflict);
}

TEST_F(Restore, NothingButItsFilesIsPutInPlace) {
  put_in("data/library.db-wal", "a log");
  expect_refused(Code::kInvalidArgument);
}

TEST_F(Restore, ADatabaseThatIsNotWhatTheBackupSaysIsRefused) {
  std::ifstream in(to_ / kManifest);
  Manifest manifest = *parse_manifest((std::ostringstream() << in.rdbuf()).str());
  manifest.databases["library.db"].rows["document"] = 3;
  std::ofstream(to_ / kManifest) << to_text(manifest);
  expect_refused(Code::kDataLoss);
}

TEST_F(Restore, AFullDiskOrAStopChangesNothing) {
  const fs::path prepared = folder_ / "资料.restoring-1970-01-01T00-00-00.000Z";
  faults_.fail(prepared / "keys.json", Error{Code::kResourceExhausted, "the disk is full"});
  expect_refused(Code::kResourceExhausted);
  faults_.fail(prepared / "keys.json", std::nullopt);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(restore(stop.get_token()).error().code, Code::kCancelled);
  EXPECT_TRUE(is_new());
  EXPECT_EQ(names_beside(), std::vector<std::string>());
}

TEST_F(Restore, KilledAtAnyWriteItLeavesTheOldOne) {
  for (int writes = 0;; ++writes) {
    const pid_t child = ::fork();
    if (child == 0) {
      int left = writes;
      faults_.before_write = [&left](const fs::path&) {
        if (left-- == 0) ::kill(::getpid(), SIGKILL);
      };
      ::_exit(restore() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status)) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
      EXPECT_GE(writes, 3);
      break;
    }
    EXPECT_TRUE(is_new());
  }
  EXPECT_TRUE(is_old());
}

// Between the change of places and its end.
TEST_F(Restore, WhatAKilledOneLeftIsClearedUp) {
  folder_.write("资料.restoring-1/keys.json", "half of a backup");
  folder_.write("资料.restoring-2/library.db", "what was in use");
  folder_.write("资料.restoring-2/lock", "1");
  ASSERT_TRUE(restore());
  std::vector<std::string> names = names_beside();
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string>{"资料.before-restore-1970-01-01T00-00-00.000Z", "资料.before-restore-2"}));
}

TEST(TimeName, SortsAsTimeGoes) {
  EXPECT_EQ(time_name(WallTime(std::chrono::milliseconds(1'795'367'109'123))), "2026-11-22T17-05-09.123Z");
}

}  // namespace
}  // namespace docmind::backup

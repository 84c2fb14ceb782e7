// A disk that is full, and a file that may not be written.
#include <sstream>

#include "graph/sqlite/testing/thread_of_effects.h"
#include "store/testing/fault_vfs.h"

namespace docmind::graph::sqlite {
namespace {

using store::testing::FaultVfs;
using testing::ThreadOfEffects;

class FullDisk : public ::testing::Test {
 protected:
  std::unique_ptr<SqliteSaver> opened() {
    auto saver = SqliteSaver::open({.path = thread_.database(), .vfs = FaultVfs::kName});
    EXPECT_TRUE(saver) << saver.error().message;
    return saver ? *std::move(saver) : nullptr;
  }
  void SetUp() override { faults_.syncs_for_real = false; }

  // The node that fails the first time, and nothing else.
  static bool failed_as_planned(const Result<RunResult>& result) {
    return !result && result.error().code == Code::kUnavailable;
  }
  std::string bytes() const {
    std::ifstream file(thread_.database(), std::ios::binary);
    std::ostringstream out;
    out << file.rdbuf();
    return out.str();
  }

  store::testing::TempFolder folder_;
  FaultVfs faults_;
  ThreadOfEffects thread_{folder_.path()};
};

// Full from the n-th write on, for every n that a run comes to.
TEST_F(FullDisk, E3_ARunSaysSoAndGoesOnWhenThereIsRoom) {
  int refusals = 0;
  for (int room = 0;; ++room) {
    store::testing::TempFolder folder;
    ThreadOfEffects thread(folder.path());
    auto saver = *SqliteSaver::open({.path = thread.database(), .vfs = FaultVfs::kName});
    faults_.writes_before_full = room;
    Result<RunResult> result = thread.go_on(*saver);
    if (failed_as_planned(result)) result = thread.go_on(*saver);
    faults_.writes_before_full = FaultVfs::kNever;
    const bool enough = static_cast<bool>(result);
    if (!enough) {
      ++refusals;
      EXPECT_EQ(result.error().code, Code::kResourceExhausted) << result.error().message;
      EXPECT_NE(result.error().message.find("disk is full"), std::string::npos) << result.error().message;
      EXPECT_FALSE(result.error().hint.empty());
      EXPECT_TRUE(saver->check({})->empty());
      result = thread.go_on(*saver);  // The same saver: nobody has to start again.
      if (failed_as_planned(result)) result = thread.go_on(*saver);
      ASSERT_TRUE(result) << result.error().message;
    }
    saver.reset();
    thread.expect_whole("room for " + std::to_string(room));
    if (enough || HasFailure()) break;
  }
  EXPECT_GT(refusals, 20);
}

TEST_F(FullDisk, E3_WhatWasThereBeforeIsReadWhileItIsFull) {
  auto saver = opened();
  ASSERT_TRUE(failed_as_planned(thread_.go_on(*saver)));
  faults_.writes_before_full = 0;
  EXPECT_EQ(thread_.go_on(*saver).error().code, Code::kResourceExhausted);
  const auto there = saver->get({"t", ""}, "", {});
  ASSERT_TRUE(there && *there);
  EXPECT_EQ((*there)->checkpoint.step, -1);
  EXPECT_EQ((*there)->writes.size(), 2U);  // What "a" did and how "fails" failed, as they were.
  EXPECT_EQ(saver->delete_thread("t", {}).error().code, Code::kResourceExhausted);
  faults_.writes_before_full = FaultVfs::kNever;
  EXPECT_TRUE(thread_.go_on(*saver));
  saver.reset();
  thread_.expect_whole("after the disk was full");
}

TEST_F(FullDisk, E3_AFileThatMayNotBeWrittenIsRefusedAndLeftAsItIs) {
  auto saver = opened();
  ASSERT_TRUE(failed_as_planned(thread_.go_on(*saver)));
  saver.reset();
  const std::string before = bytes();
  faults_.read_only = true;
  const auto refused = SqliteSaver::open({.path = thread_.database(), .vfs = FaultVfs::kName});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
  EXPECT_NE(refused.error().message.find("cannot be opened for writing"), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().hint.find("writable"), std::string::npos) << refused.error().hint;
  EXPECT_EQ(bytes(), before);
  faults_.read_only = false;
  saver = opened();
  EXPECT_TRUE(thread_.go_on(*saver));
  saver.reset();
  thread_.expect_whole("after the file was read-only");
}

}  // namespace
}  // namespace docmind::graph::sqlite

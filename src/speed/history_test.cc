#include "speed/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sys/lock_file.h"
#include "sys/testing/temp_folder.h"

namespace docmind::speed {
namespace {

Run a_run(std::string at) {
  Run out{std::move(at), "0.1.0", "Processor \"X\", 2 threads", "embedder; ; "};
  out.figures.emplace("search.time", Sampled{10.5, 9, 12});
  return out;
}

class HistoryTest : public testing::Test {
 protected:
  sys::TempFolder folder_;
  sys::RealFiles files_;
  std::filesystem::path path_ = folder_.path() / "bench.jsonl";
};

TEST_F(HistoryTest, WhatIsAddedIsReadAgainInOrder) {
  EXPECT_TRUE(read_history(files_, path_)->runs.empty());
  ASSERT_TRUE(add_to_history(files_, path_, a_run("2026-01-01T00:00:00Z")));
  ASSERT_TRUE(add_to_history(files_, path_, a_run("2026-01-02T00:00:00Z")));
  const auto history = read_history(files_, path_);
  ASSERT_TRUE(history);
  ASSERT_EQ(history->runs.size(), 2U);
  EXPECT_EQ(history->runs[0].at, "2026-01-01T00:00:00Z");
  EXPECT_EQ(history->runs[1].machine, "Processor \"X\", 2 threads");
  const Sampled& one = history->runs[1].figures.at("search.time");
  EXPECT_EQ(one.median, 10.5);
  EXPECT_EQ(one.low, 9);
  EXPECT_EQ(one.high, 12);
}

TEST_F(HistoryTest, ABrokenLineTakesNoOtherAlong) {
  const History history =
      history_of(line_of(a_run("a")) + "\n{\"at\":\nnot json\n\n[]\n{\"at\":\"x\"}\n" +
                 R"({"at":"b","machine":"m","figures":{"search.time":{"median":"ten"},"db.read":7}})" + "\n" +
                 line_of(a_run("c")));
  ASSERT_EQ(history.runs.size(), 3U);
  EXPECT_EQ(history.unread, 4U);
  EXPECT_TRUE(history.runs[1].figures.empty());
  EXPECT_EQ(history.runs[2].at, "c");
}

TEST_F(HistoryTest, ItKeepsTheNewestRuns) {
  std::string text;
  for (std::size_t i = 0; i < kMostRuns + 7; ++i) text += line_of(a_run(std::to_string(i))) + "\n";
  ASSERT_TRUE(files_.write_atomic(path_, text));
  ASSERT_TRUE(add_to_history(files_, path_, a_run("newest")));
  const auto history = read_history(files_, path_);
  ASSERT_EQ(history->runs.size(), kMostRuns);
  EXPECT_EQ(history->runs.front().at, "8");
  EXPECT_EQ(history->runs.back().at, "newest");
}

TEST_F(HistoryTest, SomebodysFileIsNotWrittenOver) {
  ASSERT_TRUE(files_.write_atomic(path_, "Milk\nBread\n"));
  for (const auto& refused : {can_add_to_history(files_, path_), add_to_history(files_, path_, a_run("a"))}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
    EXPECT_THAT(refused.error().message, testing::HasSubstr("holds something, but no run of bench"));
  }
  EXPECT_EQ(*files_.read(path_, 100), "Milk\nBread\n");
  EXPECT_FALSE(can_add_to_history(files_, folder_.path() / "nowhere" / "bench.jsonl"));
  ASSERT_TRUE(files_.write_atomic(path_, "Milk\n" + line_of(a_run("a")) + "\n"));
  EXPECT_TRUE(can_add_to_history(files_, path_));
}

TEST_F(HistoryTest, TwoAtOnceAreToldAndNothingIsLost) {
  const auto held = sys::LockFile::try_lock(path_.string() + ".lock");
  ASSERT_TRUE(held);
  const auto refused = add_to_history(files_, path_, a_run("a"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kConflict);
}

}  // namespace
}  // namespace docmind::speed

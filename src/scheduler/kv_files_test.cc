#include "scheduler/kv_files.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "obs/log.h"
#include "sys/files.h"
#include "sys/testing/fault_files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::scheduler {
namespace {

using Tokens = std::vector<TokenId>;

struct KvFilesTest : ::testing::Test {
  std::unique_ptr<KvFiles> open(std::uint64_t max_bytes = 1U << 20U, std::string_view identity = "one") {
    return *KvFiles::open({.folder = folder.path(), .max_bytes = max_bytes}, identity, disk, log);
  }
  std::size_t on_disk() { return disk.list(folder.path())->size(); }

  sys::TempFolder folder;
  sys::RealFiles real;
  sys::FaultFiles disk{real};
  obs::Log log;
};

TEST_F(KvFilesTest, TwoWritersOfTheSameCountItOnce) {
  const auto files = open();
  bool came = false;
  disk.before_write = [&](const auto&) {  // Another thread comes first.
    if (std::exchange(came, true)) return;
    EXPECT_TRUE(files->write(Tokens{1, 2, 3}, "cells"));
  };
  EXPECT_TRUE(files->write(Tokens{1, 2, 3}, "cells"));
  EXPECT_TRUE(came);
  EXPECT_EQ(on_disk(), 1U);
  EXPECT_EQ(files->counts().files, 1U);
  EXPECT_EQ(files->counts().bytes, open()->counts().bytes);
  EXPECT_EQ(files->read(Tokens{1, 2, 3})->bytes, "cells");
}

TEST_F(KvFilesTest, TheLeastLatelyUsedGoesFirst) {
  const std::string cells(1000, 'c');
  const auto files = open(3500);
  for (const TokenId token : {1, 2, 3}) ASSERT_TRUE(files->write(Tokens{token}, cells));
  EXPECT_TRUE(files->read(Tokens{1}));
  ASSERT_TRUE(files->write(Tokens{4}, cells));
  EXPECT_TRUE(files->has(Tokens{1}));
  EXPECT_FALSE(files->has(Tokens{2}));
  EXPECT_EQ(files->counts().files, 3U);
  EXPECT_EQ(on_disk(), 3U);
  EXPECT_LE(files->counts().bytes, 3500U);
  EXPECT_EQ(files->write(Tokens{5}, std::string(4000, 'c')).error().code, Code::kResourceExhausted);
  EXPECT_EQ(on_disk(), 3U);
}

TEST_F(KvFilesTest, AnotherRunnersFilesMakeRoomAndAreNeverRead) {
  const std::string cells(1000, 'c');
  ASSERT_TRUE(open()->write(Tokens{1}, cells));
  const auto files = open(2500, "another");
  EXPECT_FALSE(files->has(Tokens{1}));
  EXPECT_EQ(files->read(Tokens{1}).error().code, Code::kNotFound);
  ASSERT_TRUE(files->write(Tokens{2}, cells));
  ASSERT_TRUE(files->write(Tokens{3}, cells));
  EXPECT_EQ(on_disk(), 2U);
  EXPECT_EQ(files->counts().files, 2U);
  EXPECT_EQ(files->longest(Tokens{3, 4}), 1U);
}

TEST_F(KvFilesTest, EachDamagedByteIsFoundAndTheFileRemoved) {
  ASSERT_TRUE(open()->write(Tokens{1, 2}, "cells"));
  const std::string name = disk.list(folder.path())->at(0).name;
  const std::string good = *disk.read(folder.path() / name, 1U << 20U);
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    folder.write(name, good);
    const auto files = open();
    ASSERT_TRUE(files->has(Tokens{1, 2}));
    folder.write(name, bad);
    EXPECT_EQ(files->read(Tokens{1, 2}).error().code, Code::kNotFound) << at;
    EXPECT_EQ(files->counts().refused, 1U) << at;
    EXPECT_EQ(files->counts().bytes, 0U) << at;
    EXPECT_EQ(on_disk(), 0U) << at;
  }
}

}  // namespace
}  // namespace docmind::scheduler

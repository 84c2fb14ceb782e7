#include "sys/part_file.h"

#include <gtest/gtest.h>

#include "sys/files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::sys {
namespace {

TEST(PartFile, StaysUntilItIsWhole) {
  const TempFolder folder;
  RealFiles files;
  const auto path = folder / "模型.part";
  {
    const auto part = *PartFile::open(path);
    EXPECT_EQ(part->size(), 0U);
    ASSERT_TRUE(part->append("abc"));
  }
  const auto part = *PartFile::open(path);
  EXPECT_EQ(part->size(), 3U);
  ASSERT_TRUE(part->append("def"));
  ASSERT_TRUE(part->finish(folder / "whole"));
  EXPECT_EQ(*files.read(folder / "whole", 100), "abcdef");
  EXPECT_FALSE(files.stat(path));
}

TEST(PartFile, StartsAgain) {
  const TempFolder folder;
  RealFiles files;
  const auto part = *PartFile::open(folder / "p");
  ASSERT_TRUE(part->append("abc"));
  ASSERT_TRUE(part->clear());
  EXPECT_EQ(part->size(), 0U);
  ASSERT_TRUE(part->append("x"));
  EXPECT_EQ(*files.read(folder / "p", 100), "x");
  ASSERT_TRUE(part->remove());
  EXPECT_FALSE(files.stat(folder / "p"));
}

TEST(PartFile, IsWrittenByOneAtATime) {
  const TempFolder folder;
  auto first = *PartFile::open(folder / "p");
  EXPECT_EQ(PartFile::open(folder / "p").error().code, Code::kConflict);
  first.reset();
  EXPECT_TRUE(PartFile::open(folder / "p"));
}

TEST(PartFile, FollowsNoLinkAndTakesNoFolder) {
  const TempFolder folder;
  folder.write("other", "precious");
  std::filesystem::create_symlink(folder / "other", folder / "link");
  EXPECT_FALSE(PartFile::open(folder / "link"));
  EXPECT_FALSE(PartFile::open(folder.path()));
  EXPECT_FALSE(PartFile::open(folder / "none/p"));
}

TEST(PartFile, KnowsTheRoomOnTheDisk) {
  const TempFolder folder;
  EXPECT_GT(*free_bytes(folder.path()), 0U);
  EXPECT_FALSE(free_bytes(folder / "none"));
}

}  // namespace
}  // namespace docmind::sys

#include "sys/folders.h"

#include <gtest/gtest.h>

#include <fstream>

#include "sys/lock_file.h"
#include "sys/testing/temp_folder.h"

namespace docmind::sys {
namespace {

namespace fs = std::filesystem;

TEST(Folders, ChangePlaces) {
  const TempFolder folder;
  folder.write("old/one", "1");
  folder.write("新/two", "2");
  ASSERT_TRUE(swap_folders(folder / "old", folder / "新"));
  EXPECT_TRUE(fs::exists(folder / "old" / "two"));
  EXPECT_TRUE(fs::exists(folder / "新" / "one"));
}

TEST(Folders, WhatIsNotThereIsSaid) {
  const TempFolder folder;
  folder.write("old/one", "1");
  EXPECT_EQ(swap_folders(folder / "old", folder / "none").error().code, Code::kNotFound);
  EXPECT_TRUE(fs::exists(folder / "old" / "one"));
}

TEST(Folders, AMountPointIsSaid) {
  const TempFolder folder;
  folder.write("new/one", "1");
  const auto swapped = swap_folders("/proc", folder / "new");
  ASSERT_FALSE(swapped);
  EXPECT_EQ(swapped.error().code, Code::kUnavailable);
}

TEST(Folders, MoveToAFreeNameAlone) {
  const TempFolder folder;
  folder.write("a/one", "1");
  fs::create_directory(folder / "b");
  EXPECT_EQ(move_folder(folder / "a", folder / "b").error().code, Code::kConflict);
  ASSERT_TRUE(move_folder(folder / "a", folder / "c"));
  EXPECT_TRUE(fs::exists(folder / "c" / "one"));
}

TEST(Folders, TheLockOfASwappedFolderIsAnothers) {
  const TempFolder folder;
  folder.write("old/one", "1");
  folder.write("new/two", "2");
  const auto held = LockFile::try_lock(folder / "old" / "lock");
  ASSERT_TRUE(held);
  ASSERT_TRUE(swap_folders(folder / "old", folder / "new"));
  EXPECT_TRUE(LockFile::try_lock(folder / "old" / "lock"));
  EXPECT_EQ(LockFile::try_lock(folder / "new" / "lock").error().code, Code::kConflict);
}

}  // namespace
}  // namespace docmind::sys

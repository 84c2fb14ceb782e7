#include "sys/mapped_file.h"

#include <gtest/gtest.h>

#include "sys/testing/temp_folder.h"

namespace docmind::sys {
namespace {

TEST(MappedFile, HasTheBytesOfTheFileAlsoAfterForgetting) {
  const TempFolder folder;
  std::string bytes(100'000, 'a');
  bytes += std::string("\0tail", 5);
  const auto file = MappedFile::open(folder.write("船 1", bytes));
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->bytes(), bytes);
  MappedFile::forget((*file)->bytes());
  MappedFile::forget((*file)->bytes().substr(5, 3));
  MappedFile::forget({});
  EXPECT_EQ((*file)->bytes(), bytes);
}

TEST(MappedFile, AnEmptyFileHasNoBytes) {
  const TempFolder folder;
  EXPECT_TRUE((*MappedFile::open(folder.write("empty", "")))->bytes().empty());
}

TEST(MappedFile, WhatIsNoFileIsAClearError) {
  const TempFolder folder;
  EXPECT_EQ(MappedFile::open(folder / "absent").error().code, Code::kNotFound);
  EXPECT_EQ(MappedFile::open(folder.path()).error().code, Code::kInvalidArgument);
  EXPECT_EQ(MappedFile::open("/dev/zero").error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace docmind::sys

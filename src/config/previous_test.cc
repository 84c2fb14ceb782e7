#include "config/previous.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "sys/testing/fault_files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::config {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path);
  return (std::ostringstream() << file.rdbuf()).str();
}

class PreviousVersions : public ::testing::Test {
 protected:
  std::vector<std::string> kept() {
    std::vector<std::string> out;
    for (const fs::path& path : *previous_versions(file_, files_)) out.push_back(path.filename().string());
    return out;
  }
  sys::TempFolder folder_;
  fs::path file_ = folder_ / "docmind.yaml";
  sys::RealFiles files_;
};

TEST_F(PreviousVersions, KeepWhatStoodThere) {
  ASSERT_TRUE(write_settings(file_, "a", files_));
  EXPECT_TRUE(kept().empty());
  ASSERT_TRUE(write_settings(file_, "b", files_));
  ASSERT_TRUE(write_settings(file_, "b", files_));  // The same again is no version.
  ASSERT_TRUE(write_settings(file_, "c", files_));
  EXPECT_EQ(kept(), (std::vector<std::string>{"docmind.yaml.previous-0002", "docmind.yaml.previous-0001"}));
  EXPECT_EQ(read(folder_ / "docmind.yaml.previous-0002"), "b");
  EXPECT_EQ(read(file_), "c");
}

TEST_F(PreviousVersions, AreTenAtMost) {
  for (int i = 0; i <= 15; ++i) ASSERT_TRUE(write_settings(file_, std::to_string(i), files_));
  EXPECT_EQ(kept().size(), 10U);
  EXPECT_EQ(kept().front(), "docmind.yaml.previous-0015");
  EXPECT_EQ(read(folder_ / kept().back()), "5");
}

TEST_F(PreviousVersions, OtherFilesAreNone) {
  folder_.write("docmind.yaml.previous-", "x");
  folder_.write("docmind.yaml.previous-1x", "x");
  folder_.write("other.yaml.previous-0001", "x");
  EXPECT_TRUE(kept().empty());
  file_ = folder_ / "none" / "docmind.yaml";
  EXPECT_TRUE(kept().empty());
}

// As `docmind rollback settings` does it.
TEST_F(PreviousVersions, WhoGoesBackTwiceComesToTheVersionBefore) {
  const auto back = [&] {
    const auto version = version_before(file_, files_);
    return version ? go_back_to(*version, file_, files_) : version;
  };
  EXPECT_EQ(back().error().code, Code::kNotFound);
  for (const char* text : {"a", "b", "c"}) ASSERT_TRUE(write_settings(file_, text, files_));
  EXPECT_EQ(*back(), folder_ / "docmind.yaml.undone-0001");
  EXPECT_EQ(read(file_), "b");
  EXPECT_EQ(read(folder_ / "docmind.yaml.undone-0001"), "c");
  EXPECT_EQ(*back(), folder_ / "docmind.yaml.undone-0002");
  EXPECT_EQ(read(file_), "a");
  EXPECT_EQ(back().error().code, Code::kNotFound);
  EXPECT_EQ(read(file_), "a");
  EXPECT_EQ((*undone_versions(file_, files_)).size(), 2U);
  // A change after that, and back: to what was changed, however often it stood there.
  for (const char* text : {"b", "a", "d"}) ASSERT_TRUE(write_settings(file_, text, files_));
  ASSERT_TRUE(back());
  EXPECT_EQ(read(file_), "a");
  ASSERT_TRUE(back());
  EXPECT_EQ(read(file_), "b");
}

TEST_F(PreviousVersions, WhatCannotBeKeptIsNotGoneBackFrom) {
  for (const char* text : {"a", "b"}) ASSERT_TRUE(write_settings(file_, text, files_));
  sys::FaultFiles faults(files_);
  faults.fail(folder_ / "docmind.yaml.undone-0001", Error{Code::kResourceExhausted, "the disk is full"});
  EXPECT_EQ(go_back_to(*version_before(file_, files_), file_, faults).error().code, Code::kResourceExhausted);
  EXPECT_EQ(read(file_), "b");
  EXPECT_EQ(kept().size(), 1U);
}

TEST_F(PreviousVersions, WithoutOneNothingIsWritten) {
  ASSERT_TRUE(write_settings(file_, "a", files_));
  sys::FaultFiles faults(files_);
  faults.fail(folder_ / "docmind.yaml.previous-0001", Error{Code::kResourceExhausted, "the disk is full"});
  EXPECT_EQ(write_settings(file_, "b", faults).error().code, Code::kResourceExhausted);
  EXPECT_EQ(read(file_), "a");
}

}  // namespace
}  // namespace docmind::config

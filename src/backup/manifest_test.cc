#include "backup/manifest.h"

#include <gtest/gtest.h>

namespace docmind::backup {
namespace {

const std::string kHash(64, 'a');

std::string with_file(const std::string& path) {
  return R"({"format":1,"files":[{"path":")" + path + R"(","bytes":1,"sha256":")" + kHash + R"("}]})";
}

TEST(Manifest, ReadsBackWhatItSays) {
  Manifest manifest;
  manifest.version = "1.0";
  manifest.made_ms = 5;
  manifest.databases["library.db"] = {.schema = 3, .rows = {{"document", 7}}};
  manifest.files = {{"data/originals/船.pdf", 9, kHash}, {"settings/folder/a.yaml", 2, kHash}};
  manifest.models_left_out = {"m"};
  const auto read = parse_manifest(to_text(manifest));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_text(*read), to_text(manifest));
  EXPECT_EQ(read->bytes(), 11U);
  EXPECT_EQ(read->rows("library.db", "document"), 7U);
  EXPECT_EQ(read->rows("library.db", "none"), 0U);
  EXPECT_EQ(read->rows("none", "document"), 0U);
}

TEST(Manifest, NoPathLeadsOutOfTheFolder) {
  EXPECT_TRUE(parse_manifest(with_file("data/a")));
  for (const char* path : {"data/../../etc/passwd", "/etc/passwd", "data/", "data//a", "data/./a", "a", "", "data",
                           "data/a/", "settings/..", "data/a\\u0000b"}) {
    const auto read = parse_manifest(with_file(path));
    ASSERT_FALSE(read) << path;
    EXPECT_EQ(read.error().code, Code::kInvalidArgument);
  }
}

TEST(Manifest, WhatIsNoneIsSaid) {
  for (const char* text : {"", "[]", "{", "{}", R"({"format":"1"})", R"({"format":1,"files":[{}]})",
                           R"({"format":1,"files":[{"path":"data/a","bytes":1,"sha256":"x"}]})"}) {
    EXPECT_EQ(parse_manifest(text).error().code, Code::kInvalidArgument) << text;
  }
  const std::string file = R"({"path":"data/a","bytes":1,"sha256":")" + kHash + R"("})";
  EXPECT_EQ(parse_manifest(R"({"format":1,"files":[)" + file + "," + file + "]}").error().code, Code::kInvalidArgument);
  EXPECT_EQ(parse_manifest(R"({"format":2,"version":"9.9"})").error().code, Code::kConflict);
}

}  // namespace
}  // namespace docmind::backup

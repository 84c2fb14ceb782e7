#include "hub/answers.h"

#include <gtest/gtest.h>

#include "hub/names.h"

namespace docmind::hub {
namespace {

const std::string kCommit(40, 'a');
const std::string kHash(64, '5');

std::string listing(const std::string& files) { return R"({"sha":")" + kCommit + R"(","siblings":[)" + files + "]}"; }

TEST(Names, AreCheckedBeforeTheyBecomePaths) {
  for (const char* good : {"Qwen/Qwen3-0.6B", "BAAI/bge-m3", "a/b", "a_b/c.d-e"}) EXPECT_TRUE(check_repository(good));
  for (const char* bad : {"", "a", "a/", "/b", "a/b/c", "../b", "a/..", ".a/b", "-a/b", "a b/c", "a/b?c", "ä/b"}) {
    EXPECT_FALSE(check_repository(bad)) << bad;
  }
  for (const char* good : {"main", "v1.0", "refs/pr/3", kCommit.c_str()}) EXPECT_TRUE(check_revision(good)) << good;
  for (const char* bad : {"", "..", "a/../b", "a//b", "/a", "a b", "a?b", "a%2fb"}) EXPECT_FALSE(check_revision(bad));
  for (const char* good : {"a", ".gitattributes", "1_Pooling/config.json", "模型 1.gguf", "a..b"}) {
    EXPECT_TRUE(check_file(good)) << good;
  }
  for (const std::string& bad :
       std::vector<std::string>{"", ".", "..", "../x", "a/../x", "/etc/passwd", "a//b", "a/", "a\\b", "a\nb",
                                std::string("a\0b", 3), "\xff", std::string(256, 'a'), std::string(2000, 'a')}) {
    EXPECT_FALSE(check_file(bad)) << bad;
  }
}

TEST(Listing, HasFilesAndACommit) {
  const auto read = parse_listing(listing(R"({"rfilename":"a.gguf","size":3},{"rfilename":"b/c.json"})"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->commit, kCommit);
  EXPECT_EQ(read->files, (std::vector<std::string>{"a.gguf", "b/c.json"}));
  EXPECT_TRUE(parse_listing(listing(""))->files.empty());
}

TEST(Listing, ThatIsNoneIsRefused) {
  const std::string bad[] = {"",
                             "{}",
                             "[]",
                             "<html>",
                             R"({"sha":"main","siblings":[]})",
                             R"({"siblings":[]})",
                             R"({"sha":")" + kCommit + R"("})",
                             R"({"sha":")" + kCommit + R"(","siblings":{}})",
                             listing("{}"),
                             listing("3"),
                             listing(R"({"rfilename":3})"),
                             listing(R"({"rfilename":"../../etc/cron.d/x"})"),
                             listing(R"({"rfilename":"/etc/passwd"})"),
                             listing(R"({"rfilename":"a\u0000b"})"),
                             listing(R"({"rfilename":""})")};
  for (const std::string& body : bad) EXPECT_EQ(parse_listing(body).error().code, Code::kDataLoss) << body;
  std::string many = R"({"rfilename":"a"})";
  for (std::size_t i = 0; i < kMaxFiles; ++i) many += R"(,{"rfilename":"a"})";
  EXPECT_FALSE(parse_listing(listing(many)));
}

TEST(Told, TheHubsOwnWordComesFirst) {
  const auto told = told_by({.status = 302,
                             .headers = {{"X-Linked-ETag", "\"" + kHash + "\""},
                                         {"X-Linked-Size", "1234"},
                                         {"X-Repo-Commit", kCommit},
                                         {"ETag", "\"other\""},
                                         {"Content-Length", "99"}}});
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_EQ(told->etag, kHash);
  EXPECT_TRUE(told->linked);
  EXPECT_EQ(told->size, 1234U);
  EXPECT_EQ(told->commit, kCommit);
}

TEST(Told, ByAPlainFile) {
  const auto told = told_by({.headers = {{"ETag", "W/\"abc\""}, {"Content-Length", "7"}}});
  EXPECT_EQ(told->etag, "abc");
  EXPECT_FALSE(told->linked);
  EXPECT_EQ(told->size, 7U);
  // The length of a redirect, or of a part, is not that of the file.
  EXPECT_FALSE(told_by({.status = 302, .headers = {{"Content-Length", "7"}}})->size);
  EXPECT_FALSE(told_by({.status = 206, .headers = {{"Content-Length", "7"}}})->size);
  EXPECT_TRUE(told_by({})->etag.empty());
}

TEST(Told, Nonsense) {
  for (const char* size : {"", "-1", "1e3", "0x10", " 1", "99999999999999999999", "18446744073709551615"}) {
    EXPECT_FALSE(told_by({.headers = {{"X-Linked-Size", size}}})) << size;
  }
  for (const std::string& tag : {std::string("\"\""), std::string("a b"), std::string(500, 'a')}) {
    EXPECT_TRUE(told_by({.headers = {{"ETag", tag}}})->etag.empty()) << tag;
  }
  EXPECT_FALSE(told_by({.headers = {{"X-Repo-Commit", "../../x"}}}));
}

TEST(FileFacts, KnowASha256ByItsForm) {
  EXPECT_EQ(FileFacts{.etag = kHash}.sha256(), kHash);
  EXPECT_FALSE((FileFacts{.etag = kCommit}.sha256()));
}

TEST(ContentRange, IsTheRestOfTheFile) {
  const auto range = parse_content_range("bytes 5-9/10");
  EXPECT_EQ(range->first, 5U);
  EXPECT_EQ(range->total, 10U);
  for (const char* bad :
       {"", "bytes", "bytes 5-8/10", "bytes 9-5/10", "bytes */10", "bytes 5-9/*", "5-9/10", "bytes 5/10-9",
        "bytes -5-9/10", "bytes 0-18446744073709551615/18446744073709551616", "bytes 0-18446744073709551615/0"}) {
    EXPECT_FALSE(parse_content_range(bad)) << bad;
  }
}

}  // namespace
}  // namespace docmind::hub

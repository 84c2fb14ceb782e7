#include "parse/archive.h"

#include <gmock/gmock.h>

#include <cstdint>

#include "parse/testing/zip_bytes.h"

namespace docmind::parse {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Code code_of(const Error& error) {
  EXPECT_FALSE(error.message.empty());
  EXPECT_FALSE(error.hint.empty()) << error.message;
  return error.code;
}

TEST(Archive, ReadsEntries) {
  const std::string bytes = zip_bytes({{"a.txt", "alpha"}, {"中文/b.xml", std::string(100'000, 'b')}, {"empty", ""}});
  const auto archive = Archive::open(bytes, {});
  ASSERT_TRUE(archive) << archive.error().message;
  EXPECT_THAT((*archive)->names(), ElementsAre("a.txt", "中文/b.xml", "empty"));
  EXPECT_EQ(*(*archive)->read("a.txt"), "alpha");
  EXPECT_EQ((*archive)->read("中文/b.xml")->size(), 100'000U);
  EXPECT_EQ(*(*archive)->read("empty"), "");
  EXPECT_EQ((*archive)->read("../etc/passwd").error().code, Code::kNotFound);
}

TEST(Archive, RefusesWhatIsBroken) {
  EXPECT_EQ(code_of(Archive::open("PK\x03\x04garbage", {}).error()), Code::kDataLoss);
  std::string bytes = zip_bytes({{"a", std::string(50'000, 'x') + "tail"}});
  EXPECT_EQ(code_of(Archive::open(bytes.substr(0, bytes.size() / 2), {}).error()), Code::kDataLoss);
  bytes[45] = static_cast<char>(bytes[45] ^ 0x55);  // Inside the packed data.
  const auto archive = Archive::open(bytes, {});
  ASSERT_TRUE(archive);
  EXPECT_EQ(code_of((*archive)->read("a").error()), Code::kDataLoss);
}

TEST(Archive, RefusesEncryptedEntries) {
  const auto archive = Archive::open(zip_bytes({{"a", "secret"}}, "key"), {});
  ASSERT_TRUE(archive);
  const Result<std::string> read = (*archive)->read("a");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::kInvalidArgument);
  EXPECT_THAT(read.error().message, HasSubstr("password"));
}

TEST(Archive, RefusesTooManyEntries) {
  ZipEntries entries;
  for (int i = 0; i < 11; ++i) entries.emplace_back(std::to_string(i), "");
  EXPECT_EQ(code_of(Archive::open(zip_bytes(entries), {.max_entries = 10}).error()), Code::kResourceExhausted);
  EXPECT_TRUE(Archive::open(zip_bytes(entries), {.max_entries = 11}));
}

TEST(Archive, CountsWhatComesOut) {
  const std::string bytes = zip_bytes({{"a", std::string(3U << 20U, 'a')}, {"b", std::string(3U << 20U, 'b')}});
  const auto entry = Archive::open(bytes, {.max_entry_bytes = 1U << 20U});
  EXPECT_EQ(code_of((*entry)->read("a").error()), Code::kResourceExhausted);
  const auto total = Archive::open(bytes, {.max_total_bytes = 4U << 20U});
  EXPECT_TRUE((*total)->read("a"));
  EXPECT_THAT((*total)->read("b").error().message, HasSubstr("unpacks to more than 4 MiB"));
  const auto ratio = Archive::open(bytes, {.max_ratio = 200, .ratio_from = 1U << 20U});
  EXPECT_THAT((*ratio)->read("a").error().message, HasSubstr("more than 200 times"));
  EXPECT_TRUE((*Archive::open(bytes, {}))->read("a"));  // Below ratio_from any ratio goes.
}

// A real bomb with the real limits: 300 MB of zeros in 300 KB.
TEST(Archive, StopsABombEarly) {
  const std::string bytes = zip_bytes({{"word/document.xml", std::string(300U << 20U, '\0')}});
  EXPECT_LT(bytes.size(), 1U << 20U);
  const auto archive = Archive::open(bytes, {});
  ASSERT_TRUE(archive);
  EXPECT_EQ(code_of((*archive)->read("word/document.xml").error()), Code::kResourceExhausted);
}

// Every entry of the directory points at the same packed data, as in Fifield's overlap bomb.
TEST(Archive, RefusesOverlappingEntries) {
  const std::string one = zip_bytes({{"a", std::string(100'000, 'a') + "unlike"}});
  const auto number = [&](std::size_t at) {
    return static_cast<unsigned char>(one[at]) + 256U * static_cast<unsigned char>(one[at + 1]);
  };
  const std::size_t end = one.size() - 22;
  const std::size_t directory = number(end + 16);
  std::string bytes = one.substr(0, directory);
  constexpr unsigned kCopies = 200;
  for (unsigned i = 0; i < kCopies; ++i) {
    std::string record = one.substr(directory, end - directory);
    record[46] = static_cast<char>('!' + i % 90);  // Another name.
    bytes += record;
  }
  std::string tail = one.substr(end);
  const auto put = [&](std::size_t at, std::size_t value, int count) {
    for (int i = 0; i < count; ++i)
      tail[at + static_cast<std::size_t>(i)] = static_cast<char>((value >> (8 * i)) & 0xffU);
  };
  put(8, kCopies, 2);
  put(10, kCopies, 2);
  put(12, bytes.size() - directory, 4);
  const auto archive = Archive::open(bytes + tail, {});
  ASSERT_FALSE(archive);
  EXPECT_THAT(archive.error().message, HasSubstr("overlap"));
}

}  // namespace
}  // namespace docmind::parse

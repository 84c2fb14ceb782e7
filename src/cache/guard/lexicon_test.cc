#include "cache/guard/lexicon.h"

#include <gtest/gtest.h>

#include <string>

#include "base/hash.h"

namespace docmind::cache {
namespace {

constexpr const char* kFile = DOCMIND_BUILD_DIR "/share/docmind/words.lexicon";

std::string file_bytes() {
  sys::RealFiles files;
  auto read = files.read(kFile, Lexicon::kMaxBytes);
  EXPECT_TRUE(read);
  return read ? *read : std::string();
}

bool are_linked(const Lexicon& lexicon, std::string_view a, std::string_view b, Lexicon::LinkKind kind) {
  const Lexicon::Word word = lexicon.find(a);
  if (word == Lexicon::kNoWord) return false;
  for (std::uint32_t n = 0; n < lexicon.links(word); ++n) {
    const Lexicon::Link link = lexicon.link(word, n);
    if (link.kind == kind && lexicon.text(link.word) == b) return true;
  }
  return false;
}

TEST(Lexicon, KnowsWordsFormsAndSynonyms) {
  auto lexicon = Lexicon::from_bytes(file_bytes());
  ASSERT_TRUE(lexicon);
  EXPECT_GT(lexicon->size(), 70'000U);
  EXPECT_EQ(lexicon->find("xyzzyx"), Lexicon::kNoWord);
  EXPECT_EQ(lexicon->find(""), Lexicon::kNoWord);
  const Lexicon::Word johnson = lexicon->find("johnson");
  ASSERT_NE(johnson, Lexicon::kNoWord);
  EXPECT_EQ(lexicon->flags(johnson), Lexicon::kProper);
  EXPECT_TRUE(are_linked(*lexicon, "buy", "purchase", Lexicon::LinkKind::kSameVerb));
  EXPECT_TRUE(are_linked(*lexicon, "purchase", "buy", Lexicon::LinkKind::kSameVerb));
  EXPECT_TRUE(are_linked(*lexicon, "children", "child", Lexicon::LinkKind::kPluralOf));
  EXPECT_TRUE(are_linked(*lexicon, "ran", "run", Lexicon::LinkKind::kPastOf));
  EXPECT_FALSE(are_linked(*lexicon, "megabyte", "mebibyte", Lexicon::LinkKind::kSameNoun));
  EXPECT_FALSE(are_linked(*lexicon, "obtain", "get", Lexicon::LinkKind::kSameVerb));  // Not what it mostly means.
  EXPECT_FALSE(are_linked(*lexicon, "print", "publish", Lexicon::LinkKind::kSameVerb));
  EXPECT_FALSE(are_linked(*lexicon, "inside", "outside", Lexicon::LinkKind::kSameAdverb));
}

TEST(Lexicon, RefusesADamagedFile) {
  const std::string good = file_bytes();
  for (const std::size_t at : {std::size_t{0}, std::size_t{20}, std::size_t{50}, good.size() / 2, good.size() - 1}) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 4);
    auto opened = Lexicon::from_bytes(bad);
    ASSERT_FALSE(opened) << at;
    EXPECT_EQ(opened.error().code, Code::kDataLoss);
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{63}, good.size() - 1}) {
    EXPECT_FALSE(Lexicon::from_bytes(good.substr(0, size))) << size;
  }
  EXPECT_FALSE(Lexicon::from_bytes(good + "x"));
}

// Numbers that point nowhere, under a hash that is right.
TEST(Lexicon, RefusesAFileThatWasMadeWrong) {
  constexpr std::size_t kBody = 40;
  const std::string good = file_bytes();
  for (std::size_t field = 0; field < 5; ++field) {
    for (const char value : {'\0', '\x7f', '\xff'}) {
      std::string bad = good;
      for (std::size_t byte = 0; byte < 4; ++byte) bad[kBody + 4 * field + byte] = value;
      bad.replace(8, 32, content_hash(std::string_view(bad).substr(kBody)).view());
      EXPECT_FALSE(Lexicon::from_bytes(std::move(bad))) << field;
    }
  }
}

TEST(Lexicon, TellsThatThereIsNoFile) {
  sys::RealFiles files;
  auto opened = Lexicon::open(files, "no/such/file");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kNotFound);
}

TEST(Lexicon, WithoutAFileKnowsNoWord) { EXPECT_EQ(Lexicon().find("word"), Lexicon::kNoWord); }

}  // namespace
}  // namespace docmind::cache

#include "library/impl/words_codec.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include "base/rng.h"

namespace docmind::library {
namespace {

std::vector<doc::Word> some_words(std::size_t count, std::uint64_t start) {
  SeededRng rng(5);
  std::vector<doc::Word> words;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t length = 1 + rng.next() % 300;
    const auto place = [&] { return static_cast<float>(rng.next() % 100000) / 128.0F; };
    words.push_back({{start, start + length}, 3, place(), place(), place(), place()});
    start += length + rng.next() % 3;
  }
  return words;
}

bool same(const std::vector<doc::Word>& a, const std::vector<doc::Word>& b) {
  return std::ranges::equal(a, b, [](const doc::Word& x, const doc::Word& y) {
    return x.span == y.span && x.page == y.page && x.left == y.left && x.top == y.top && x.right == y.right &&
           x.bottom == y.bottom;
  });
}

TEST(WordsCodec, GivesBackWhatItWasGiven) {
  for (std::size_t count : {0U, 1U, 2U, 5000U}) {
    const auto words = some_words(count, 1U << 20U);
    const auto decoded = decode_words(encode_words(words, 1U << 20U), 1U << 20U, 3);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_TRUE(same(*decoded, words));
  }
}

TEST(WordsCodec, DamagedBytesAreRefusedOrDifferentNeverWorse) {
  const std::string good = encode_words(some_words(100, 0), 0);
  for (std::size_t cut = 0; cut < good.size(); ++cut) EXPECT_FALSE(decode_words(good.substr(0, cut), 0, 0));
  SeededRng rng(9);
  for (int i = 0; i < 2000; ++i) {
    std::string bad = good;
    bad[rng.next() % bad.size()] ^= static_cast<char>(1 + rng.next() % 255);
    const auto decoded = decode_words(bad, 0, 0);
    if (!decoded) EXPECT_EQ(decoded.error().code, Code::kDataLoss);
  }
}

TEST(WordsCodec, ACountThatPromisesTooMuchIsRefused) {
  std::string plain("\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10);
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 1));
  EXPECT_FALSE(decode_words(packed, 0, 0));
}

}  // namespace
}  // namespace docmind::library

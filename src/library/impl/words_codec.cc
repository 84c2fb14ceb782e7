#include "library/impl/words_codec.h"

#include <zstd.h>

#include <array>
#include <bit>
#include <cstring>

namespace docmind::library {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr char kFormat = 1;
constexpr int kLevel = 3;
constexpr std::uint64_t kMaxBytes = 256U << 20U;
constexpr std::array<float doc::Word::*, 4> kSides = {&doc::Word::left, &doc::Word::top, &doc::Word::right,
                                                      &doc::Word::bottom};

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80U; value >>= 7U) out.push_back(static_cast<char>(value | 0x80U));
  out.push_back(static_cast<char>(value));
}

// Reads forward; past the end it answers zeros and remembers.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}
  bool good() const { return good_; }
  std::size_t left() const { return bytes_.size(); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (std::uint32_t shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(take(1).front());
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if (byte < 0x80U) return value;
    }
    good_ = false;
    return 0;
  }
  float real() {
    float value = 0;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string_view take(std::size_t count) {
    static constexpr std::string_view kZeros("\0\0\0\0", 4);
    if (count > bytes_.size()) {
      good_ = false;
      bytes_ = {};
      return kZeros;
    }
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }

 private:
  std::string_view bytes_;
  bool good_ = true;
};

Result<std::string> decompress(std::string_view bytes) {
  const Error damaged{Code::kDataLoss, "The word positions of a page are damaged.", "Ingest the document again."};
  const unsigned long long size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (size > kMaxBytes) return damaged;  // The two error values are larger, too.
  std::string out(static_cast<std::size_t>(size), '\0');
  const std::size_t got = ZSTD_decompress(out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(got) != 0U || got != out.size()) return damaged;
  return out;
}

}  // namespace

std::string encode_words(std::span<const doc::Word> words, std::uint64_t page_start) {
  std::string plain(1, kFormat);
  put_varint(plain, words.size());
  std::uint64_t before = page_start;
  for (const doc::Word& word : words) {
    DM_CHECK(word.span.start >= before);
    put_varint(plain, word.span.start - before);
    put_varint(plain, word.span.size());
    before = word.span.start;
  }
  for (auto side : kSides) {
    for (const doc::Word& word : words) plain.append(reinterpret_cast<const char*>(&(word.*side)), sizeof(float));
  }
  std::string out(ZSTD_compressBound(plain.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), kLevel);
  DM_CHECK(ZSTD_isError(size) == 0U);
  out.resize(size);
  return out;
}

Result<std::vector<doc::Word>> decode_words(std::string_view bytes, std::uint64_t page_start, std::uint32_t page) {
  const std::string plain = DM_TRY(decompress(bytes));
  Cursor cursor(plain);
  const Error damaged{Code::kDataLoss, "The word positions of a page are damaged.", "Ingest the document again."};
  if (cursor.take(1).front() != kFormat) return damaged;
  const std::uint64_t count = cursor.varint();
  if (count > cursor.left()) return damaged;  // A word takes more than one byte.
  std::vector<doc::Word> words(static_cast<std::size_t>(count));
  std::uint64_t at = page_start;
  for (doc::Word& word : words) {
    at += cursor.varint();
    word.span = {at, at + cursor.varint()};
    word.page = page;
  }
  for (auto side : kSides) {
    for (doc::Word& word : words) word.*side = cursor.real();
  }
  if (!cursor.good() || cursor.left() != 0) return damaged;
  return words;
}

}  // namespace docmind::library

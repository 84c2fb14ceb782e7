#include "cache/guard/lexicon.h"

#include <bit>
#include <cstring>

#include "base/hash.h"

namespace docmind::cache {
namespace {

constexpr std::string_view kMagic = "DMLEXIC1";
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kHead = kMagic.size() + kHashBytes;
constexpr std::size_t kLengths = 6;
constexpr std::size_t kNumber = sizeof(std::uint32_t);
constexpr std::uint32_t kLinkBits = 29;

static_assert(std::endian::native == std::endian::little);

Error damaged() {
  return {Code::kDataLoss, "the file of words is damaged or of another version",
          "install the program's files again, or build them with ./dev build"};
}

std::uint32_t hash_of(std::string_view word) {
  std::uint32_t hash = 2166136261;
  for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
  return hash;
}

}  // namespace

std::uint32_t Lexicon::number(std::uint64_t at, std::uint64_t index) const {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes_.data() + at + index * kNumber, kNumber);
  return value;
}

Result<Lexicon> Lexicon::open(sys::Files& files, const std::filesystem::path& file) {
  return from_bytes(DM_TRY(files.read(file, kMaxBytes)));
}

Result<Lexicon> Lexicon::from_bytes(std::string bytes) {
  const std::string_view all = bytes;
  if (all.size() < kHead + kLengths * kNumber || all.size() > kMaxBytes || !all.starts_with(kMagic)) return damaged();
  if (content_hash(all.substr(kHead)).view() != all.substr(kMagic.size(), kHashBytes)) return damaged();
  Lexicon lexicon;
  lexicon.bytes_ = std::move(bytes);
  const std::uint64_t notice = lexicon.number(kHead, 0);
  lexicon.words_ = lexicon.number(kHead, 1);
  lexicon.slots_ = lexicon.number(kHead, 2);
  const std::uint32_t link_count = lexicon.number(kHead, 3);
  const std::uint32_t text_bytes = lexicon.number(kHead, 4);
  lexicon.starts_ = kHead + kLengths * kNumber + notice;
  lexicon.link_starts_ = lexicon.starts_ + (std::uint64_t{lexicon.words_} + 1) * kNumber;
  lexicon.links_ = lexicon.link_starts_ + (std::uint64_t{lexicon.words_} + 1) * kNumber;
  lexicon.table_ = lexicon.links_ + std::uint64_t{link_count} * kNumber;
  lexicon.flags_ = lexicon.table_ + std::uint64_t{lexicon.slots_} * kNumber;
  lexicon.text_ = lexicon.flags_ + lexicon.words_;
  if (lexicon.text_ + text_bytes != lexicon.bytes_.size() || !lexicon.is_sound(link_count, text_bytes)) {
    return damaged();
  }
  return lexicon;
}

// Whether every number that is followed later points to something. The hash says that the file is what was written, not
// that what was written is right.
bool Lexicon::is_sound(std::uint32_t link_count, std::uint32_t text_bytes) const {
  if (!std::has_single_bit(slots_) || slots_ <= words_) return false;
  if (number(starts_, words_) != text_bytes || number(link_starts_, words_) != link_count) return false;
  for (std::uint32_t word = 0; word < words_; ++word) {
    if (number(starts_, word) > number(starts_, std::uint64_t{word} + 1)) return false;
    if (links_begin(word) > links_end(word)) return false;
  }
  for (std::uint32_t n = 0; n < link_count; ++n) {
    if ((number(links_, n) & ((1U << kLinkBits) - 1)) >= words_) return false;
  }
  std::uint32_t taken = 0;
  for (std::uint32_t n = 0; n < slots_; ++n) {
    const std::uint32_t slot = number(table_, n);
    if (slot > words_) return false;
    if (slot != 0) ++taken;
  }
  return taken < slots_;  // A search ends at a free one.
}

Lexicon::Word Lexicon::find(std::string_view word) const {
  if (words_ == 0) return kNoWord;
  for (std::uint32_t at = hash_of(word);; ++at) {
    const std::uint32_t slot = number(table_, at & (slots_ - 1));
    if (slot == 0) return kNoWord;
    if (text(slot - 1) == word) return slot - 1;
  }
}

std::uint8_t Lexicon::flags(Word word) const { return static_cast<std::uint8_t>(bytes_[flags_ + word]); }

std::string_view Lexicon::text(Word word) const {
  const std::uint32_t start = number(starts_, word);
  return std::string_view(bytes_).substr(text_ + start, number(starts_, std::uint64_t{word} + 1) - start);
}

Lexicon::Link Lexicon::link(Word word, std::uint32_t n) const {
  const std::uint32_t packed = number(links_, std::uint64_t{links_begin(word)} + n);
  return {static_cast<LinkKind>(packed >> kLinkBits), packed & ((1U << kLinkBits) - 1)};
}

}  // namespace docmind::cache

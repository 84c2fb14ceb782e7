// English words as the guards need them: which there are, which of two forms are one word's, which two mean the same.
//
// Read from a file that tools/make_lexicon.py makes of WordNet 3.0. Its form, numbers being 32 bits, little-endian:
// "DMLEXIC1", BLAKE2b-256 of what follows; then the lengths of notice, words, slots, links and text, and 0; WordNet's
// notice; words + 1 starts in the text; words + 1 starts in the links; the links (kind << 29 | word); the slots of a
// hash table (FNV-1a of the word, next slot when taken; 0 free, else word + 1); a byte of flags a word; the text.
//
// Immutable: any method from any thread. A default one knows no word. Errors: kDataLoss for a file that is damaged or
// of another version, kNotFound and the like as sys::Files says.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sys/files.h"

namespace docmind::cache {

class Lexicon {
 public:
  using Word = std::uint32_t;
  static constexpr Word kNoWord = 0xffffffff;
  static constexpr std::uint64_t kMaxBytes = 64ULL << 20;

  enum class LinkKind : std::uint8_t {
    kSameNoun,  // A synonym, as a noun...
    kSameVerb,
    kSameAdjective,
    kSameAdverb,
    kPluralOf,  // An irregular form: "men" of "man"...
    kThirdPersonOf,
    kIngOf,
    kPastOf,
  };
  struct Link {
    LinkKind kind;
    Word word;
  };
  enum Flag : std::uint8_t {
    kCommon = 1,  // Written in lower case in one of its meanings.
    kProper = 2,  // Written with a capital in one of its meanings.
    kNoun = 4,    // What a common word can be.
    kVerb = 8,
    kAdjective = 16,
    kAdverb = 32,
    kForm = 64,  // A form of other words.
  };

  Lexicon() = default;
  static Result<Lexicon> open(sys::Files& files, const std::filesystem::path& file);
  static Result<Lexicon> from_bytes(std::string bytes);

  // `word` in lower case. kNoWord when it is in no dictionary.
  Word find(std::string_view word) const;
  std::uint8_t flags(Word word) const;
  std::string_view text(Word word) const;
  std::uint32_t links(Word word) const { return links_end(word) - links_begin(word); }
  Link link(Word word, std::uint32_t n) const;  // n < links(word).
  std::uint32_t size() const { return words_; }

 private:
  std::uint32_t number(std::uint64_t at, std::uint64_t index) const;  // The index-th number from byte `at` on.
  std::uint32_t links_begin(Word word) const { return number(link_starts_, word); }
  std::uint32_t links_end(Word word) const { return number(link_starts_, std::uint64_t{word} + 1); }
  bool is_sound(std::uint32_t link_count, std::uint32_t text_bytes) const;

  std::string bytes_;
  std::uint32_t words_ = 0;
  std::uint32_t slots_ = 0;
  std::uint64_t starts_ = 0;  // Bytes into bytes_, as those below.
  std::uint64_t link_starts_ = 0;
  std::uint64_t links_ = 0;
  std::uint64_t table_ = 0;
  std::uint64_t flags_ = 0;
  std::uint64_t text_ = 0;
};

}  // namespace docmind::cache

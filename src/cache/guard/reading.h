// What of a question is compared with another: its words in order, each with what it may be exchanged for.
//
// A value; made by Guards::read() from any bytes, and only compared by Guards::difference() of the same Guards.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cache/guard/lexicon.h"

namespace docmind::cache {

inline constexpr std::size_t kMaxQuestionBytes = 4096;  // A longer question is unread, and so is one of
inline constexpr std::size_t kMaxItems = 128;           // more words than this.

enum class ItemKind : std::uint8_t {
  kWord,  // May be inflected, misspelt, or a synonym, as its licence says; every other kind is equal or is not.
  kNumber,
  kUnit,
  kNegator,
  kName,  // Names, identifiers, what is quoted.
  kRole,  // Prepositions and the like: who does what to whom.
  kQuantifier,
  kDate,
  kComparison,
  kAsked,
  kLanguage,  // "German": mostly the language of the answer.
  kBorder,    // The end of a sentence amid the question.
};

enum class Licence : std::uint8_t {
  kSame,       // Only itself.
  kInflected,  // Its forms too.
  kFull,       // Synonyms and misspellings too.
};

enum class LetterCase : std::uint8_t { kUnknown, kSmall, kCapital };

enum class Form : std::uint8_t { kBase, kPlural, kThird, kIng, kPast };

// A word of the lexicon that an item may be a form of.
struct Sense {
  Lexicon::Word word = Lexicon::kNoWord;
  Form form = Form::kBase;
};

struct Item {
  std::uint16_t start = 0;  // Into Reading's text.
  std::uint16_t size = 0;
  ItemKind kind = ItemKind::kWord;
  Licence licence = Licence::kSame;
  LetterCase letter_case = LetterCase::kUnknown;
  std::uint8_t flags = 0;  // The lexicon's of the word itself; 0 when it is in no dictionary.
  std::uint8_t sense_count = 0;
  std::array<Sense, 4> senses{};
};

// The languages whose words are known. Other questions, and those of few words, are compared word for word.
enum class QuestionLanguage : std::uint8_t { kOther, kEnglish, kGerman };

class Reading {
 public:
  bool is_time_bound() const { return time_bound_; }  // "today", "latest": never answered from a cache.
  bool is_unread() const { return unread_; }          // Not UTF-8, too long, empty, or with hidden characters.
  QuestionLanguage language() const { return language_; }

 private:
  friend class Guards;
  friend class ReadingBuilder;

  std::string_view text(const Item& item) const { return std::string_view(text_).substr(item.start, item.size); }

  std::string text_;
  std::vector<Item> items_;
  QuestionLanguage language_ = QuestionLanguage::kOther;
  bool time_bound_ = false;
  bool unread_ = true;  // Until it is read.
};

}  // namespace docmind::cache

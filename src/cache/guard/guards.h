// Whether a stored question asks the same as the one asked, from the words alone and before any similarity. Embeddings
// give "enable X" and "disable X", or "A to B" and "B to A", nearly the same vector; here every word must be accounted
// for.
//
// Two questions ask the same when their items agree one by one, in order: the same word, a form of it, a synonym in the
// meaning that both mostly have, a slip of the keyboard. Dropped before: politeness, articles, what contractions hide,
// and an order that plays no role ("in Debian, what is X"). Everything else is a difference, so what the guards do not
// understand is a miss. English is read so; German and other languages word for word (numbers, "bitte" aside).
// docs/adr/0010-semantic-cache-guards.md says why.
//
// Thread safety: immutable, any method from any thread. difference() allocates nothing and is symmetric.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cache/guard/compared.h"
#include "cache/guard/lexicon.h"
#include "cache/guard/reading.h"
#include "sys/files.h"

namespace docmind::cache {

enum class Difference : std::uint8_t {
  kNone,  // They ask the same.
  kNumber,
  kUnit,
  kPolarity,
  kName,
  kOrder,  // The same words, in other roles.
  kQuantifier,
  kDate,
  kComparison,
  kAsked,  // Who, when, how many...
  kWord,
  kLanguage,
  kTimeBound,  // One of them asks about today or the latest: no stored answer serves.
  kUnread,     // One of them could not be read.
};

// For metrics and traces: "none", "number", "unit", "polarity", "name", "order", "quantifier", "date", "comparison",
// "asked", "word", "language", "time_bound", "unread".
std::string_view name_of(Difference difference);

class Guards {
 public:
  // Without a lexicon: sameness and plurals of unknown words alone.
  explicit Guards(Lexicon lexicon = {}) : lexicon_(std::move(lexicon)) {}

  // The file beside the binary: share/docmind/words.lexicon. Errors: see Lexicon.
  static Result<Guards> open(sys::Files& files, const std::filesystem::path& lexicon);

  Reading read(std::string_view question) const;
  Difference difference(const Reading& asked, const Reading& stored) const;

  // Of two that ask the same: whether they do by the same words (forms and slips of them), none being a synonym. How
  // far apart an embedding model puts such two says what it makes of typing and politeness, nothing of their meaning.
  bool same_words(const Reading& asked, const Reading& stored) const;

  // What is left of a question, to look others up by: its words in their order, without what is dropped, plural and
  // third person as the base. Whether two with one text ask the same says difference(). Empty for one that is unread.
  std::string plain(const Reading& reading) const;

 private:
  bool same(const Reading& a, const Item& x, const Reading& b, const Item& y) const;
  enum class Synonyms : std::uint8_t { kNo, kYes };
  bool have_common_sense(const Item& x, const Item& y, Synonyms allowed) const;
  bool are_synonyms(Sense x, Sense y) const;
  Difference unmatched(const Reading& a, const Reading& b) const;

  Lexicon lexicon_;
};

// Reads the question asked, once; then what it is to a stored one. No errors; `guards` outlives it.
std::function<Result<Compared>(std::string_view stored)> compare_with(const Guards& guards, std::string_view asked);

}  // namespace docmind::cache

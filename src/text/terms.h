// Index terms: the same words for the full-text index, for the extractor's scores and for questions.
//
// Words are lower-cased; plain Latin words are reduced to their Porter stem (Snowball's "porter"). A word that holds
// any of . _ - / : $ or a digit stays whole, unstemmed, and gives its parts as well; they stand at the position of the
// whole (colocated): "sources.list" gives "sources.list", "sourc", "list". A word with accents also gives its form
// without. Runs of Han, kana, Hangul, Thai, Lao, Khmer and Myanmar give pairs of characters; a lone one gives itself.
//
// Pure functions, safe from any thread. Invalid UTF-8 is read as U+FFFD, never refused. A term has at most
// kMaxTermBytes bytes: a longer word gives only its parts, cut to that length.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "doc/document.h"

namespace docmind::text {

inline constexpr std::size_t kMaxTermBytes = 64;

struct Term {
  std::string text;
  doc::Span span;          // Bytes of the argument it stands for.
  bool colocated = false;  // Shares the position of the term before it (see FTS5_TOKEN_COLOCATED).
  bool operator==(const Term&) const = default;
};

std::vector<Term> terms(std::string_view text);

// The English words that carry no subject (about 150, with use, make, need, want, tell, find, way), lower case, sorted.
std::span<const std::string_view> function_words();
bool is_function_word(std::string_view lower_case_word);

// The distinct terms of a question in order of appearance, without those of function words; with them when nothing
// else is left.
std::vector<std::string> query_terms(std::string_view question);

}  // namespace docmind::text

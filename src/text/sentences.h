// Sentence borders: the smallest thing that is quoted.
//
// Rules for scripts with spaces: a border stands after . ! ? (and closing quotes or brackets) when a space and then a
// capital, a digit or an opening mark follow; not after abbreviations, single letters or list numbers, and not inside
// parentheses opened less than 300 characters before. Han and kana: after 。！？ and their closing marks. Where the
// text has neither (Thai, Devanagari...), ICU's sentence rules (UAX #29) decide.
//
// Pure function, safe from any thread. Invariants: spans are in order, do not overlap, are not empty, have no white
// space at their ends, and together hold every byte that is not white space.
#pragma once
#include <string_view>
#include <vector>

#include "doc/document.h"

namespace docmind::text {

// `text` is one paragraph of valid UTF-8; "\n" in it counts as a space.
std::vector<doc::Span> sentences(std::string_view text);

// Whether it ends like a finished sentence: one of . ! ? : ; or their wide forms, perhaps with closing marks after.
bool ends_sentence(std::string_view text);

}  // namespace docmind::text

// Slips of the keyboard in longer words. Pure.
#pragma once
#include <string_view>

namespace docmind::cache {

// Whether `typed`, which is in no dictionary, is `word` with one slip inside: two letters exchanged, one left out, one
// doubled, one of a neighbouring key added or taken instead (QWERTY). Both in small letters a to z; but for an
// exchange the first and last letter stand, and six letters make a long word: "printf" is no "print", and vowels that
// tell substances apart
// ("pentane", "pentene") are no neighbours.
bool is_misspelling(std::string_view typed, std::string_view word);

}  // namespace docmind::cache

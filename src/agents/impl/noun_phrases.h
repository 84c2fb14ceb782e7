// The things a question is about, and a question with one of them exchanged. English, by rules; pure functions.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/impl/words.h"

namespace docmind::agents {

struct NounPhrase {
  std::size_t first = 0;  // Words, the article with them.
  std::size_t count = 0;
  bool article = false;  // Begins with a determiner.
  bool proper = false;   // Every word has a capital or a digit.
  bool plural = false;   // By its last word.
};

std::vector<NounPhrase> noun_phrases(const std::vector<Word>& words);

// What "it" (or, plural, "they") means after this question: as it reads in the next one, "the Debian manual". Empty
// when none is found.
std::string subject_of(const std::vector<Word>& words, bool plural);

// The question with `other` in the place of what it is like: a phrase after the same preposition, a name, the subject.
// Empty when there is no such place.
std::string exchanged(std::string_view question, std::string_view other);

}  // namespace docmind::agents

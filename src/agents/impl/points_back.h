// Whether a question points back at what was said before, and with which of its words. Pure functions.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "agents/impl/words.h"

namespace docmind::agents {

struct PointsBack {
  enum class How : std::uint8_t {
    kNo,
    kPronoun,     // The words stand for the subject: "it", "they".
    kPossessive,  // As kPronoun, and what follows belongs to it: "its".
    kInstead,     // What follows the words takes the place of something in the earlier question: "what about".
    kMore,        // The subject has to be added: "why?", "this package".
  };
  How how = How::kNo;
  std::size_t first = 0;  // The words, by their index.
  std::size_t count = 0;
};

PointsBack points_back_in_english(const std::vector<Word>& words);
PointsBack points_back_in_german(const std::vector<Word>& words);

// Chinese has no spaces: the bytes of the question that point back; empty when none do.
std::string_view points_back_in_chinese(std::string_view question);

bool is_auxiliary(std::string_view lower);    // do, is, can, ...: what a subject follows in a question.
bool is_preposition(std::string_view lower);  // Those that say where, when, for whom.
bool is_determiner(std::string_view lower);
// Verbs that questions are often made with, in any of their regular forms: where a noun phrase ends.
bool is_verb(std::string_view lower);
// Says what is asked about: no function word, and none of those that only ask ("long", "mean", "example").
bool is_subject_word(std::string_view lower);
// The word before an apostrophe: "it" of "it's".
std::string_view stem_of(const Word& word);
bool ends_clause(const Word& word);  // A comma or a stronger mark stands behind it.

}  // namespace docmind::agents

// The closed classes of words that decide what a question asks. All in lower case; pure.
#pragma once
#include <string_view>

#include "cache/guard/reading.h"

namespace docmind::cache {

// The kind of a word of that language by its class; kWord for words of no class.
ItemKind kind_of_word(QuestionLanguage language, std::string_view word);

bool is_asking(std::string_view word);     // who, what, which...
bool is_auxiliary(std::string_view word);  // is, does, can...
bool is_modal(std::string_view word);      // can, should, may...
bool is_preposition(std::string_view word);
bool is_pronoun(std::string_view word);          // Subjects: i, you, it...
bool is_generic_subject(std::string_view word);  // Those of "how do I", which mean anybody.
bool is_request(std::string_view word);          // list, show, explain...
bool is_clause_word(std::string_view word);      // and, that, if...: what stands behind is another clause.

// "5 MB", "5 megabytes": the unit's own sign, for a word right behind a number; empty when it is none. Signs are read
// as typed, since Mb is no MB; names in lower case.
std::string_view unit_of(std::string_view typed, std::string_view low);

// The value of a number word below twenty and of the tens; -1 for other words.
int number_word(QuestionLanguage language, std::string_view word);

// How many words of each language a question has: what decides which it is in.
bool is_english_sign(std::string_view word);
bool is_german_sign(std::string_view word);

// Words of any language for today, now and the newest, alone.
bool is_time_anchor(std::string_view word);
// "last week", "this year", "most recent": two words.
bool is_time_anchor(std::string_view first, std::string_view second);
// Whether a text without blanks between words names today, now or the newest (Chinese, Japanese).
bool has_time_anchor(std::string_view text);

}  // namespace docmind::cache

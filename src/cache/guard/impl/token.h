// A word of a question on its way to an item: what the steps of reading pass on and change. Pure functions.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "cache/guard/impl/pieces.h"
#include "cache/guard/reading.h"

namespace docmind::cache {

struct Token {
  std::string text;   // In lower case, unless its case counts.
  std::string typed;  // As it stood there, for signs of units.
  ItemKind kind = ItemKind::kWord;
  Licence licence = Licence::kFull;
  LetterCase letter_case = LetterCase::kUnknown;
  bool fixed = false;  // Its kind is settled: quoted, an identifier, a number.
  bool comma = false;  // See Piece.
  bool stop = false;
};

using Tokens = std::vector<Token>;

Token word_token(std::string text);
Token fixed_token(std::string text, ItemKind kind);

QuestionLanguage language_of(const std::vector<Piece>& pieces);

// Words split at hyphens and apostrophes, contractions expanded, numbers with their sign, currency and unit in one
// form: "$1,000" is 1000 and $, "can't" can and not, "Perl's" perl and 's.
Tokens tokens_of(const std::vector<Piece>& pieces, QuestionLanguage language);

// "twenty-five" is 25, "minus 5" -5, "5 megabytes" 5 MB.
void join_numbers(Tokens& tokens, QuestionLanguage language);

// Abbreviations and phrases of one meaning made one word: "two-factor authentication" and "2FA", "turn on" and
// "enable".
void join_phrases(Tokens& tokens);

// Greetings and "could you tell me" off the front, thanks off the end.
void drop_politeness(Tokens& tokens);

// An order that plays no role made one ("in Debian, what is X" is "what is X in Debian", "Perl's limit" the limit of
// Perl), articles dropped, "how do I", "how can one" and "how to" made one.
void to_plain_order(Tokens& tokens, const Lexicon& lexicon);

}  // namespace docmind::cache

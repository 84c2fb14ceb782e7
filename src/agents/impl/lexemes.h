// A sentence as the things that can be compared with another one: words, names, numbers with units, pairs of Han
// characters; and its clauses.
//
// Numbers are values, however they are written: "59,100", "forty", "zweimal", "四十", "14th", "1,902.50"; a version
// with two points or more is itself. Ranges and dates are their parts. "one", "a", "first" and their like are no
// numbers of a claim: they are pronouns too often. Units and months have one spelling each ("%" and "Prozent", "weekly"
// and "Woche"). Pure; text is valid UTF-8.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace docmind::agents {

enum class LexemeKind : std::uint8_t {
  kWord,      // Of letters; `key` is its stem.
  kFunction,  // A word that carries no subject.
  kName,      // Capitalised within a sentence, or an identifier: path, option, address, package-1, UPPER.
  kNumber,    // `key` is its value.
  kPair,      // Two Han or kana characters, or a lone one.
};

struct Lexeme {
  LexemeKind kind = LexemeKind::kWord;
  std::string key{};   // What is compared: stem, value, lower-case name.
  std::string text{};  // As written.
  std::string unit{};  // Of a number, of a word that is a unit by itself ("weekly"); else empty.
  bool capital = false;
  bool identifier = false;  // A name that is not just a capitalised word.
  bool cardinal = false;    // A number that is a word and joins others: "two", "hundred".
  bool vague = false;       // A number that may be none: "one", "first", "once".
  bool bracketed = false;   // In round brackets.
  std::uint32_t clause = 0;
  std::size_t at = 0;  // Byte of the sentence where it starts.
};

// Clauses are numbered from 0. Pairs overlap. In German a capital letter makes no name, two words with one do.
std::vector<Lexeme> lexemes(std::string_view sentence);

bool is_han(char32_t c);

}  // namespace docmind::agents

// The words by which questions about sets are read: tables of English, German and Chinese. Pure functions.
#pragma once
#include <optional>
#include <span>
#include <string_view>

#include "agents/asked_set.h"

namespace docmind::agents {

// "more than", "mindestens"...; "*" in a sign is any comparing word that column_hint() knows. Longer signs first.
struct ComparingWords {
  std::string_view text;
  Relation relation;
};
std::span<const ComparingWords> comparing_words();

// Whether a superlative asks for the most or the least; nothing for other words.
std::optional<Operation> extreme_of(std::string_view word);

bool ends_noun_phrase(std::string_view word);  // A preposition, a verb of being or having, "that", "and"...
bool is_generic(std::string_view word);        // "rows", "entries", "items": whatever a set holds.
bool is_light_verb(std::string_view word);     // "cost", "carry", "listed".
bool is_grammar(const Token& token);           // Says nothing about a set, in any of the languages.

}  // namespace docmind::agents

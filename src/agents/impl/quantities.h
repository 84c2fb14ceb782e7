// The numbers of a sentence put together: "one thousand and ten", "1.9 billion", "23 nautical miles". Pure.
#pragma once
#include <vector>

#include "agents/impl/lexemes.h"

namespace docmind::agents {

// Words that are one number become one lexeme, and digits with the words that multiply them.
void join_numbers(std::vector<Lexeme>& list);

// A number gets the unit that stands behind it; its word is then no unit by itself.
void join_units(std::vector<Lexeme>& list);

}  // namespace docmind::agents

// A sentence taken apart, and how much of one stands in another. Pure.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agents/impl/lexemes.h"
#include "agents/impl/polarity.h"

namespace docmind::agents {

struct Clause {
  std::vector<Lexeme> lexemes{};
  Polarity polarity{};
  std::vector<Lexeme> denied{};  // Content words that its negations stand before.
};

struct Statement {
  std::vector<Lexeme> lexemes{};
  std::vector<Lexeme> context{};  // What "it", "this range" and a heading in front of it stand for: may be empty.
  std::vector<Lexeme> topic{};    // Names of the sentences before, if it points back to them.
  std::vector<Clause> clauses{};  // One with less than two content words and no negation belongs to a neighbour.
  Polarity polarity{};
};

Statement statement_of(std::string_view sentence);

// The statements of a passage.
std::vector<Statement> statements_of(std::string_view passage);

bool is_content(const Lexeme& lexeme);  // kWord, kName, kPair

// The same word, name or number in another form.
bool same(const Lexeme& a, const Lexeme& b);
bool holds(const std::vector<Lexeme>& list, const Lexeme& lexeme);

// The same, or one is a part of the other: "vote" and "pre-vote".
bool holds_half(const std::vector<Lexeme>& list, const Lexeme& lexeme);

// "depend" and "independent".
bool opposite(const Lexeme& a, const Lexeme& b);

// The share of the content lexemes (names twice) and numbers that `list` holds; 1 when there are none.
double covered(const std::vector<Lexeme>& lexemes, const std::vector<Lexeme>& list);

}  // namespace docmind::agents

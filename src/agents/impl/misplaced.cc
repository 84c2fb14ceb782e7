#include "agents/impl/misplaced.h"

#include <algorithm>
#include <array>

#include "agents/impl/ordinary_words.h"

namespace docmind::agents {
namespace {

// Shares of a clause's words, chosen on the sets dev and second of tests/data/cited_sentences.json.
constexpr double kElsewhere = 0.6;  // So much of a clause stands in a sentence that lacks its number or name,
constexpr double kMargin = 0.25;    // and so much less in every one that has it.

class Misplaced {
 public:
  Misplaced(const Statement& claim, const Cited& cited) : claim_(claim), cited_(cited) {}

  std::string find(LexemeKind kind) const {
    for (const Clause& clause : wide_clauses()) {
      for (std::size_t i = 0; i < clause.lexemes.size(); ++i) {
        const Lexeme& fact = clause.lexemes[i];
        if (!is_fact(clause.lexemes, i, kind) || !holds(cited_.all, fact)) continue;
        const std::vector<Lexeme> rest = without(clause.lexemes, i);
        double here = 0;
        double best = 0;
        const bool weak = fact.kind == LexemeKind::kWord;  // Perhaps what all of the passages are about.
        for (std::size_t s = 0; s < cited_.statements.size(); ++s) {
          const Statement& statement = cited_.statements[s];
          if (weak && !stands_in_passage(fact, cited_.passage[s])) continue;
          const double share = covered_by(rest, statement);
          best = std::max(best, share);
          if (holds(statement.lexemes, fact) || holds(statement.context, fact) || holds(statement.topic, fact))
            here = std::max(here, share);
        }
        if (best >= kElsewhere && best - here >= kMargin) return fact.text;
      }
    }
    return {};
  }

 private:
  static bool is_name(const Lexeme& lexeme) { return lexeme.kind == LexemeKind::kName; }

  // "If ..., ...": one.
  std::vector<Clause> wide_clauses() const {
    constexpr std::array<std::string_view, 5> kConditions = {"if", "when", "where", "wenn", "falls"};
    const bool conditional =
        claim_.clauses.size() == 2 && std::ranges::count(kConditions, std::string_view(claim_.lexemes.front().key)) > 0;
    return conditional ? std::vector<Clause>{{claim_.lexemes, claim_.polarity}} : claim_.clauses;
  }

  bool stands_in_passage(const Lexeme& fact, std::size_t passage) const {
    for (std::size_t s = 0; s < cited_.statements.size(); ++s) {
      if (cited_.passage[s] == passage && holds(cited_.statements[s].lexemes, fact)) return true;
    }
    return false;
  }

  // The rest of a clause: without the fact and, of "Ian Murdock", the other name.
  static std::vector<Lexeme> without(const std::vector<Lexeme>& clause, std::size_t fact) {
    std::size_t begin = fact;
    std::size_t end = fact + 1;
    if (is_name(clause[fact])) {
      while (begin > 0 && is_name(clause[begin - 1])) --begin;
      while (end < clause.size() && is_name(clause[end])) ++end;
    }
    std::vector<Lexeme> out(clause.begin(), clause.begin() + static_cast<std::ptrdiff_t>(begin));
    out.insert(out.end(), clause.begin() + static_cast<std::ptrdiff_t>(end), clause.end());
    return out;
  }

  // Content words, and numbers among them.
  static double covered_by(const std::vector<Lexeme>& lexemes, const Statement& statement) {
    double all = 0;
    double found = 0;
    for (const Lexeme& lexeme : lexemes) {
      if (!is_content(lexeme) && (lexeme.kind != LexemeKind::kNumber || lexeme.vague)) continue;
      const double weight = is_name(lexeme) ? 2 : 1;
      all += weight;
      if (holds_half(statement.lexemes, lexeme) || holds_half(statement.context, lexeme)) found += weight;
    }
    return all == 0 ? 0 : found / all;
  }

  bool is_fact(const std::vector<Lexeme>& clause, std::size_t i, LexemeKind kind) const {
    const Lexeme& lexeme = clause[i];
    if (kind == LexemeKind::kNumber) return lexeme.kind == LexemeKind::kNumber && !lexeme.vague;
    return is_name(lexeme) || names_something(clause, i);
  }

  // A word that is a name though nothing in it says so: it starts a sentence of the passage in lower case, or it is no
  // ordinary word, not inflected, and no noun with an article.
  bool names_something(const std::vector<Lexeme>& clause, std::size_t i) const {
    const Lexeme& word = clause[i];
    if (!cited_.english || word.kind != LexemeKind::kWord) return false;
    const auto starts = [&](const Statement& statement) {
      return !statement.lexemes.empty() && !statement.lexemes[0].capital && statement.lexemes[0].key == word.key;
    };
    if (std::ranges::any_of(cited_.statements, starts)) return true;
    const bool inflected = word.key.size() != word.text.size();
    if (inflected || is_ordinary_word(word.key) || (i > 0 && is_content(clause[i - 1]))) return false;
    constexpr std::array<std::string_view, 16> kArticles = {"a",     "an",   "the",   "this", "that",  "these",
                                                            "those", "each", "every", "its",  "their", "no",
                                                            "any",   "some", "all",   "both"};
    const bool article = i > 0 && std::ranges::count(kArticles, std::string_view(clause[i - 1].key)) > 0;
    return !article || (i + 1 < clause.size() && is_content(clause[i + 1]));
  }

  const Statement& claim_;
  const Cited& cited_;
};

}  // namespace

std::string misplaced(const Statement& claim, const Cited& cited, LexemeKind kind) {
  return Misplaced(claim, cited).find(kind);
}

}  // namespace docmind::agents

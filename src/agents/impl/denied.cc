#include "agents/impl/denied.h"

#include <algorithm>
#include <array>

namespace docmind::agents {
namespace {

// Shares of a clause's words, chosen on the sets dev and second of tests/data/cited_sentences.json.
constexpr double kAligned = 0.45;   // From here on a clause is about the same, and polarities are compared.
constexpr double kElsewhere = 0.6;  // The whole sentence is.

class Denied {
 public:
  Denied(const Statement& claim, const Cited& cited) : claim_(claim), cited_(cited) {}

  std::string find() const {
    for (const Clause& clause : claim_.clauses) {
      if (!agrees(clause) && !agrees_as_a_whole()) return clause.lexemes.front().text;
    }
    return {};
  }

 private:
  // "uninhabited" of "nobody lives there": which word it is cannot be told.
  bool denies_in_a_word(const Clause& clause) const {
    return std::ranges::any_of(clause.lexemes, [&](const Lexeme& lexeme) {
      return lexeme.kind == LexemeKind::kWord && lexeme.key.size() > 5 && lexeme.key.starts_with("un") &&
             !holds(cited_.all, lexeme) && std::ranges::none_of(cited_.all, [&](const Lexeme& other) {
               return is_content(other) && opposite(lexeme, other);
             });
    });
  }

  bool agrees(const Clause& clause) const {
    double best = 0;
    double whole = 0;
    for (const Statement& statement : cited_.statements) {
      for (const Clause& other : statement.clauses) best = std::max(best, covered(clause.lexemes, other.lexemes));
      whole = std::max(whole, covered(clause.lexemes, statement.lexemes));
    }
    const bool by_clause = whole - best < 0.2;
    if ((by_clause ? best : whole) < kAligned || denies_in_a_word(clause)) return true;
    return std::ranges::any_of(cited_.statements, [&](const Statement& statement) {
      if (!by_clause) {
        return covered(clause.lexemes, statement.lexemes) >= whole - 0.05 &&
               agree(clause.polarity, turned(of_what_is_shared(clause, statement), clause.lexemes, statement.lexemes));
      }
      return std::ranges::any_of(statement.clauses, [&](const Clause& other) {
        return covered(clause.lexemes, other.lexemes) >= best - 0.05 &&
               agree(clause.polarity, turned(of_what_is_said(other, clause.polarity), clause.lexemes, other.lexemes));
      });
    });
  }

  // "is independent of" denies what "depends on" says.
  static Polarity turned(Polarity polarity, const std::vector<Lexeme>& claim, const std::vector<Lexeme>& evidence) {
    for (const Lexeme& word : claim) {
      if (!is_content(word) || holds(evidence, word)) continue;
      for (const Lexeme& other : evidence) {
        if (is_content(other) && opposite(word, other) && !holds(claim, other)) ++polarity.negations;
      }
    }
    return polarity;
  }

  // Without a negation of something that the claim does not speak of: "to avoid confusion".
  Polarity of_what_is_said(const Clause& clause, const Polarity& claim) const {
    Polarity out = clause.polarity;
    const auto said = [&](const Lexeme& word) {
      return holds_half(claim_.lexemes, word) ||
             std::ranges::any_of(claim_.lexemes, [&](const Lexeme& l) { return is_content(l) && opposite(l, word); });
    };
    const bool elsewhere = !clause.denied.empty() && !said(clause.denied.front()) &&
                           2 * std::ranges::count_if(clause.denied, said) < std::ssize(clause.denied);
    if (claim.negations == 0 && out.negations == 1 && elsewhere) out.negations = 0;
    return out;
  }

  // Of the clauses that say something of the claim.
  Polarity of_what_is_shared(const Clause& claim, const Statement& statement) const {
    Polarity out;
    for (const Clause& clause : statement.clauses) {
      if (covered(claim.lexemes, clause.lexemes) < 0.25) continue;
      out.negations += of_what_is_said(clause, claim.polarity).negations;
      out.exceptions += clause.polarity.exceptions;
      out.past += clause.polarity.past;
      out.necessity = out.necessity || clause.polarity.necessity;
      out.open = out.open || clause.polarity.open;
    }
    return out;
  }

  // "It belongs there, not here": the whole says what its clauses do not say alone.
  bool agrees_as_a_whole() const {
    const auto contrasts = [](const Clause& clause) {
      constexpr std::array<std::string_view, 4> kWords = {"not", "instead", "rather", "sondern"};
      return std::ranges::count(kWords, std::string_view(clause.lexemes.front().key)) > 0;
    };
    if (std::ranges::none_of(claim_.clauses, contrasts)) return false;
    return std::ranges::any_of(cited_.statements, [&](const Statement& statement) {
      return covered(claim_.lexemes, statement.lexemes) >= kElsewhere && agree(claim_.polarity, statement.polarity);
    });
  }

  const Statement& claim_;
  const Cited& cited_;
};

}  // namespace

std::string denied(const Statement& claim, const Cited& cited) { return Denied(claim, cited).find(); }

}  // namespace docmind::agents

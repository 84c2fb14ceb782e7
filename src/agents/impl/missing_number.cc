#include "agents/impl/missing_number.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "agents/impl/misplaced.h"
#include "agents/impl/numbers.h"
#include "agents/impl/units.h"
#include "agents/impl/words.h"

namespace docmind::agents {
namespace {

using Lexemes = std::vector<Lexeme>;

bool is_number(const Lexeme& lexeme) { return lexeme.kind == LexemeKind::kNumber; }

// "a week", "weekly": one.
std::optional<Quantity> quantity_of(const Lexeme& lexeme) {
  if (!is_number(lexeme)) return lexeme.unit.empty() ? std::nullopt : std::optional(Quantity{1, lexeme.unit});
  const auto amount = amount_of(lexeme.key);
  return amount ? std::optional(Quantity{*amount, lexeme.unit}) : std::nullopt;
}

bool is_year(Quantity q) { return (q.unit.empty() || q.unit == "year") && q.amount >= 1000 && q.amount < 3000; }

class Numbers {
 public:
  Numbers(const Statement& claim, const Cited& cited) : claim_(claim), cited_(cited) {}

  std::string find() const {
    for (std::size_t i = 0; i < claim_.lexemes.size(); ++i) {
      const Lexeme& lexeme = claim_.lexemes[i];
      const bool counts = is_number(lexeme) && !lexeme.vague;
      if (counts && (!(stands(lexeme) || follows(lexeme)) || counts_something_else(i))) return lexeme.text;
      if (!counts && !lexeme.unit.empty() && !unit_stands(lexeme.unit) && !follows_as(Quantity{1, lexeme.unit}))
        return lexeme.text;
    }
    return {};
  }

 private:
  bool stands(const Lexeme& number) const {
    const auto amount = quantity_of(number);
    return std::ranges::any_of(cited_.all, [&](const Lexeme& other) {
      if (other.identifier) return is_joint(number.key, other.key);
      if (is_number(other) && same(number, other))
        return number.unit.empty() || other.unit.empty() || number.unit == other.unit;
      const auto there = quantity_of(other);
      return amount && there && !number.unit.empty() && same_quantity(*amount, *there);
    });
  }

  // "386" of "386-based", not "5" of "5.0.1".
  static bool is_joint(std::string_view number, std::string_view name) {
    const std::size_t at = name.find(number);
    return at == 0 && name.size() > number.size() && name[number.size()] == '-' && number.size() > 1;
  }

  // "cron.daily" has days.
  bool unit_stands(std::string_view unit) const {
    const std::string_view stem = unit == "day" ? "dai" : unit;
    return std::ranges::any_of(cited_.all, [&](const Lexeme& other) {
      return other.unit == unit ||
             (other.identifier && !other.key.starts_with("month:") && other.key.find(stem) != std::string::npos);
    });
  }

  bool follows(const Lexeme& number) const {
    const auto quantity = quantity_of(number);
    return quantity && (follows_as(*quantity) || is_listed(*quantity));
  }

  // From two numbers of one statement, or of the passages and the claim.
  bool follows_as(Quantity wanted) const {
    const std::vector<Quantity> said = quantities(claim_.lexemes);
    for (const Statement& statement : cited_.statements) {
      const std::vector<Quantity> there = quantities(statement.lexemes);
      for (const Quantity& a : there) {
        if (wanted.unit == "percent" && a.unit == "percent" && same_quantity(wanted, {100 - a.amount, "percent"}))
          return true;
        for (const Quantity& b : there) {
          const bool repeated = is_said(said, a) || is_said(said, b);
          if (results(a, b, wanted, repeated)) return true;
        }
        for (const Quantity& b : said) {
          if (number_stands(b) && results(a, b, wanted, true)) return true;
        }
      }
    }
    return false;
  }

  static bool is_said(const std::vector<Quantity>& said, Quantity one) {
    return std::ranges::any_of(said, [&](Quantity other) { return same_quantity(one, other); });
  }

  bool number_stands(Quantity said) const {
    return std::ranges::any_of(cited_.all, [&](const Lexeme& other) {
      const auto there = quantity_of(other);
      return there && same_quantity(said, *there);
    });
  }

  static std::vector<Quantity> quantities(const Lexemes& lexemes) {
    std::vector<Quantity> out;
    for (const Lexeme& lexeme : lexemes) {
      if ((lexeme.vague && lexeme.unit.empty()) || out.size() >= 40) continue;
      if (const auto quantity = quantity_of(lexeme)) out.push_back(*quantity);
    }
    return out;
  }

  // `repeated`: one of the two is in the claim, which then says what it reckons with.
  static bool results(Quantity a, Quantity b, Quantity wanted, bool repeated) {
    if (is_year(a) && is_year(b) && a.amount > b.amount && same_quantity(wanted, {a.amount - b.amount, "year"}))
      return true;
    if (!repeated) return false;
    const bool alike = a.unit == b.unit && !is_year(a) && !is_year(b);
    if (alike && wanted.unit == "percent" && b.amount > 0)
      return std::abs(100 * a.amount / b.amount - wanted.amount) < 0.5;
    if (!alike || (!wanted.unit.empty() && wanted.unit != a.unit)) return false;
    const double amount = wanted.amount;
    return (a.amount > b.amount && std::abs(a.amount - b.amount - amount) < 1e-9) ||
           std::abs(a.amount + b.amount - amount) < 1e-9 ||
           (wanted.unit.empty() && amount <= 10 && b.amount > 0 && a.amount == amount * b.amount);
  }

  // "six architectures" of "A, B, C, D, E and F".
  bool is_listed(Quantity wanted) const {
    if (!wanted.unit.empty() || wanted.amount < 2 || wanted.amount > 20) return false;
    return std::ranges::any_of(cited_.statements, [&](const Statement& statement) {
      const Lexemes& list = statement.lexemes;
      double items = 0;
      std::size_t length = 0;
      for (std::size_t i = 0; i < list.size(); ++i) {
        const bool next = i > 0 && list[i].clause != list[i - 1].clause;
        if (next) items = (items == 0 || length <= 4) ? items + 1 : 1;
        length = next ? 1 : length + 1;
        if (items >= 1 && one_of(list[i].key, {"and", "or", "und", "oder"}) && length <= 5 &&
            items + (next ? 1 : 2) == wanted.amount)
          return true;
      }
      return false;
    });
  }

  // What is counted: the content words behind a number.
  static Lexemes counted(const Lexemes& list, std::size_t number) {
    Lexemes out;
    for (std::size_t i = number + 1; i < list.size() && i <= number + 4; ++i) {
      if (is_number(list[i]) || list[i].clause != list[number].clause) break;
      if (is_content(list[i]) && list[i].unit.empty()) out.push_back(list[i]);
    }
    return out;
  }

  // "780 MB of disk space" where the passage has 780 MB of memory and 1160 MB of disk space.
  bool counts_something_else(std::size_t i) const {
    const Lexeme& number = claim_.lexemes[i];
    Lexemes things = counted(claim_.lexemes, i);
    std::erase_if(things, [&](const Lexeme& thing) { return !holds(cited_.all, thing); });
    if (things.empty()) return false;
    bool elsewhere = false;
    for (const Statement& statement : cited_.statements) {
      for (std::size_t j = 0; j < statement.lexemes.size(); ++j) {
        const Lexeme& other = statement.lexemes[j];
        if (!is_number(other)) continue;
        const Lexemes there = counted(statement.lexemes, j);
        const auto held = [&](const Lexeme& thing) { return holds(there, thing); };
        if (same(number, other)) {
          if (there.empty() || std::ranges::any_of(things, held)) return false;
        } else if (!holds(claim_.lexemes, other) && number.unit == other.unit) {
          elsewhere = elsewhere || std::ranges::all_of(things, held);
        }
      }
    }
    return elsewhere;
  }

  const Statement& claim_;
  const Cited& cited_;
};

}  // namespace

std::string missing_number(const Statement& claim, const Cited& cited) {
  std::string found = Numbers(claim, cited).find();
  return found.empty() ? misplaced(claim, cited, LexemeKind::kNumber) : found;
}

}  // namespace docmind::agents

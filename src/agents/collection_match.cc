#include "agents/collection_match.h"

#include <algorithm>
#include <array>
#include <set>

#include "agents/impl/set_words.h"
#include "agents/impl/words.h"

namespace docmind::agents {
namespace {

constexpr double kLeastSpecific = 0.5;  // Share of a caption's or heading's words that the question must have.

enum class Why : std::uint8_t { kNot, kIgnored, kOuter, kHolds, kName, kIs, kColumn };

double weight(Why why) {
  switch (why) {
    case Why::kColumn:
    case Why::kName:
    case Why::kIs:
      return 3;
    case Why::kHolds:
      return 2;
    case Why::kOuter:
      return 1;
    case Why::kNot:
    case Why::kIgnored:
      return 0;
  }
  return 0;
}

bool is_number(const Token& token) { return is_digit(token.lower.front()); }

// Columns whose numbers name things: they are not added up.
bool names_things(const std::vector<Token>& column) {
  return std::ranges::any_of(column, [](const Token& token) {
    return one_of(token.lower, {"year",    "id",      "no",   "nr",       "number", "date",  "page",  "phone",
                                "zip",     "version", "rank", "position", "code",   "port",  "built", "launched",
                                "founded", "born",    "jahr", "baujahr",  "nummer", "datum", "seite"});
  });
}

// What a caption or heading names; a question names nothing ("On what systems does it run?").
std::vector<Token> names_of(std::string_view caption) {
  const bool asks = caption.ends_with('?') || caption.ends_with("\uff1f");
  return asks ? std::vector<Token>() : tokens_of(caption);
}

// A column that says how many there are of what the row is about.
bool says_how_many(const std::vector<Token>& column) {
  return std::ranges::any_of(column,
                             [](const Token& token) {
                               return one_of(token.lower, {"pieces", "quantity", "quantities", "qty", "count", "amount",
                                                           "stock", "units", "menge", "anzahl", "st\u00fcck"});
                             }) ||
         find_run(column, tokens_of("\u6570\u91cf")) != std::string_view::npos;
}

bool says_age(const std::vector<Token>& column) {
  return std::ranges::any_of(column, [](const Token& token) { return one_of(token.lower, {"age", "alter"}); });
}

class Matcher {
 public:
  Matcher(const AskedSet& asked, const Grid& grid)
      : asked_(asked),
        grid_(grid),
        caption_(names_of(grid.collection.caption)),
        heading_(names_of(grid.collection.heading)),
        outer_(tokens_of(grid.collection.path + "\n" + grid.collection.around)),
        why_(asked.words.size(), Why::kNot),
        column_(asked.words.size(), kAnyColumn) {}

  std::optional<Selection> all() {
    out_.operation = asked_.operation;
    find_columns();
    if (!place_comparisons()) return std::nullopt;
    find_values();
    for (std::size_t i = 0; i < size(); ++i) explain(i);
    if (!everything_explained() || !is_named()) return std::nullopt;
    ask_for_verdicts();
    if (!choose_column()) return std::nullopt;
    out_.score = score();
    return std::move(out_);
  }

 private:
  std::size_t size() const { return asked_.words.size(); }
  const AskedWord& word(std::size_t i) const { return asked_.words[i]; }
  bool counts(std::size_t i) const { return word(i).purpose >= Purpose::kSubject; }
  bool is_table() const { return grid_.collection.kind == CollectionKind::kTable; }

  // An item of a list is a sentence: that a word occurs in it is a condition only when items are asked for by name.
  bool has_values() const { return is_table() || asked_.generic; }

  std::vector<Token> run(std::size_t first, std::size_t end) const {
    std::vector<Token> out;
    for (std::size_t i = first; i < end; ++i) out.push_back(word(i).token);
    return out;
  }

  // Words that stand together and may be one name or value; grammar only inside, or among characters, or where the
  // whole value has it ("New Haven").
  enum class Edges : std::uint8_t { kSay, kAny };
  bool is_run(std::size_t first, std::size_t end, Edges inner = Edges::kSay) const {
    bool any = false;
    for (std::size_t i = first; i < end; ++i) {
      if (word(i).purpose == Purpose::kOperation || word(i).purpose == Purpose::kComparison) return false;
      any = any || counts(i);
    }
    const bool edges =
        (counts(first) && counts(end - 1)) || (word(first).token.character && word(end - 1).token.character);
    return any && (edges || inner == Edges::kAny);
  }

  // A single character says too little, unless it is the whole name.
  bool says_enough(std::size_t first, std::size_t end, std::size_t whole) const {
    return !word(first).token.character || end - first >= 2 || whole == 1;
  }

  // Each word that a column's name has; where several have it, the column with the longest run.
  void find_columns() {
    std::vector<std::size_t> longest(size(), 0);
    for (std::size_t column = 0; column < grid_.columns.size(); ++column) {
      const std::vector<Token>& name = grid_.columns[column];
      for (std::size_t first = 0; first < size(); ++first) {
        for (std::size_t end = std::min(size(), first + name.size()); end > first; --end) {
          if (!is_run(first, end) || find_run(name, run(first, end)) == std::string_view::npos) continue;
          if (!says_enough(first, end, name.size())) continue;
          // The whole name counts more than as many words of a longer one.
          const std::size_t length = 2 * (end - first) + (end - first == name.size() ? 1 : 0);
          for (std::size_t i = first; i < end; ++i) {
            if (length <= longest[i]) continue;
            longest[i] = length;
            why_[i] = Why::kColumn;
            column_[i] = column;
          }
          break;
        }
      }
    }
  }

  std::optional<std::size_t> hinted(std::string_view comparing) const {
    for (const std::string_view name : column_hint(comparing).names) {
      const std::vector<Token> wanted = tokens_of(name);
      for (std::size_t column = 0; column < grid_.columns.size(); ++column) {
        if (find_run(grid_.columns[column], wanted) != std::string_view::npos && grid_.is_numeric(column))
          return column;
      }
    }
    return std::nullopt;
  }

  std::optional<std::size_t> only_numeric(bool years) const {
    std::optional<std::size_t> only;
    for (std::size_t column = 0; column < grid_.width; ++column) {
      if (!grid_.is_numeric(column) || are_years(column) != years) continue;
      if (only) return std::nullopt;
      only = column;
    }
    return only;
  }

  bool are_years(std::size_t column) const {
    return std::ranges::all_of(grid_.numbers, [column](const auto& row) {
      if (column >= row.size() || !row[column]) return true;
      const Quantity& number = *row[column];
      return number.unit.empty() && number.value >= Exact(1000) && number.value <= Exact(2200);
    });
  }

  // The numeric column that a word near the comparison names.
  std::optional<std::size_t> named_near(const Comparison& one) const {
    constexpr std::size_t kNear = 4;
    for (std::size_t distance = 0; distance < kNear; ++distance) {
      for (const std::size_t i : {one.end + distance, one.first - 1 - distance}) {
        if (i < size() && why_[i] == Why::kColumn && grid_.is_numeric(column_[i])) return column_[i];
      }
    }
    return std::nullopt;
  }

  std::optional<std::size_t> with_unit(std::size_t at) {
    if (at >= size() || !counts(at)) return std::nullopt;
    for (std::size_t column = 0; column < grid_.width; ++column) {
      for (const auto& row : grid_.numbers) {
        if (column >= row.size()) continue;
        const auto& number = row[column];
        if (!number || number->unit.empty() || !holds(tokens_of(number->unit), word(at).token)) continue;
        why_[at] = Why::kIgnored;
        return column;
      }
    }
    return std::nullopt;
  }

  bool place_comparisons() {
    if (!asked_.comparisons.empty() && !is_table()) return false;
    for (const Comparison& one : asked_.comparisons) {
      const bool time = one_of(one.word, {"after", "before", "since", "nach", "vor", "seit"});
      const std::optional<std::size_t> unit = with_unit(one.end);
      std::optional<std::size_t> column = named_near(one);
      if (!column) column = hinted(one.word);
      for (std::size_t i = 0; i < size() && !column && !time; ++i) {
        if (counts(i)) column = hinted(word(i).token.lower);
      }
      if (!column) column = unit;
      if (!column) column = only_numeric(time);
      if (!column) return false;
      Condition condition;
      condition.kind = Condition::Kind::kCompares;
      condition.column = *column;
      condition.comparison = one;
      for (std::size_t i = one.first; i < one.end; ++i) {
        condition.shown += (condition.shown.empty() || word(i).token.character ? "" : " ") + word(i).token.lower;
      }
      out_.conditions.push_back(std::move(condition));
    }
    return true;
  }

  // Values of several words, the longest first; then single words that are a whole cell.
  void find_values() {
    constexpr std::size_t kLongest = 8;
    if (!has_values()) return;
    for (std::size_t length = std::min(kLongest, size()); length > 0; --length) {
      for (std::size_t first = 0; first + length <= size(); ++first) {
        const std::size_t end = first + length;
        if (!is_run(first, end, Edges::kAny) || !is_free(first, end)) continue;
        const bool whole = length == 1 || !is_run(first, end);
        const auto found = find_value(first, end, whole ? Condition::Kind::kIs : Condition::Kind::kHolds);
        if (found) add_value(first, end, *found);
      }
    }
  }

  // No word of it is part of a condition or of a column's name already.
  bool is_free(std::size_t first, std::size_t end) const {
    bool one_column = true;
    for (std::size_t i = first; i < end; ++i) {
      if (why_[i] == Why::kIs || why_[i] == Why::kHolds || why_[i] == Why::kIgnored) return false;
      one_column = one_column && (why_[i] == Why::kColumn || !counts(i));
    }
    return !one_column;
  }

  struct Value {
    std::size_t column = kAnyColumn;
    Condition::Kind kind = Condition::Kind::kHolds;
  };

  // The column that holds the words as a value: as whole cells rather than inside them, in a column that the question
  // names beside them rather than another; in several columns alike: any of them.
  std::optional<Value> find_value(std::size_t first, std::size_t end, Condition::Kind least) const {
    const std::vector<Token> wanted = run(first, end);
    std::optional<Value> best;
    int best_rank = 0;
    for (std::size_t column = 0; column < grid_.width; ++column) {
      if (!grid_.may_hold(column, wanted)) continue;
      int rank = 0;
      for (const auto& row : grid_.cells) {
        if (column >= row.size()) continue;
        const std::size_t at = find_run(row[column], wanted);
        if (at == std::string_view::npos || !says_enough(first, end, row[column].size())) continue;
        rank = std::max(rank, row[column].size() == wanted.size() ? 4 : 1);
      }
      if (rank == 0 || (least == Condition::Kind::kIs && rank < 4)) continue;
      if (names_beside(first, end, column)) rank += 2;
      if (rank > best_rank) {
        best = Value{column, rank >= 4 ? Condition::Kind::kIs : Condition::Kind::kHolds};
        best_rank = rank;
      } else if (rank == best_rank) {
        best->column = kAnyColumn;
      }
    }
    return best;
  }

  bool names_beside(std::size_t first, std::size_t end, std::size_t column) const {
    for (const std::size_t i : {first - 1, first - 2, end, end + 1}) {
      if (i < size() && why_[i] == Why::kColumn && column_[i] == column) return true;
    }
    return false;
  }

  void add_value(std::size_t first, std::size_t end, const Value& value) {
    Condition condition;
    condition.kind = value.kind;
    condition.column = value.column;
    condition.words = run(first, end);
    for (std::size_t i = first; i < end; ++i) {
      condition.shown += (condition.shown.empty() || word(i).token.character ? "" : " ") + word(i).token.lower;
      condition.negated = condition.negated || word(i).negated;
      why_[i] = value.kind == Condition::Kind::kIs ? Why::kIs : Why::kHolds;
    }
    out_.conditions.push_back(std::move(condition));
  }

  std::optional<Value> loose_value(std::size_t i) const {
    if (!has_values() || word(i).token.character) return std::nullopt;
    return find_value(i, i + 1, Condition::Kind::kHolds);
  }

  void explain(std::size_t i) {
    if (!counts(i) || why_[i] != Why::kNot) return;
    if (holds(caption_, word(i).token) || holds(heading_, word(i).token)) {
      why_[i] = Why::kName;
    } else if (word(i).light) {
      why_[i] = Why::kIgnored;
    } else if (const auto value = loose_value(i)) {
      add_value(i, i + 1, *value);
    } else if (holds(outer_, word(i).token)) {
      why_[i] = Why::kOuter;
    } else if (is_of_a_name(i) || (!column_hint(word(i).token.lower).names.empty() && hinted(word(i).token.lower))) {
      why_[i] = Why::kIgnored;
    }
  }

  // "Sing" says no more than "singers", when these are named.
  bool is_of_a_name(std::size_t i) const {
    constexpr std::size_t kShortest = 4;
    const std::string& stem = word(i).token.terms.front();
    if (stem.size() < kShortest) return false;
    for (std::size_t other = 0; other < size(); ++other) {
      const bool named = why_[other] == Why::kName || why_[other] == Why::kColumn;
      if (other != i && named && word(other).token.terms.front().starts_with(stem)) return true;
    }
    return false;
  }

  bool everything_explained() const {
    for (std::size_t i = 0; i < size(); ++i) {
      if (counts(i) && why_[i] == Why::kNot) return false;
    }
    return true;
  }

  // The share of a name's words that the question has.
  double share(const std::vector<Token>& name) const {
    double all = 0;
    double had = 0;
    for (const Token& token : name) {
      if (is_grammar(token) || is_number(token) || is_generic(token.lower)) continue;
      all += 1;
      had += std::ranges::any_of(asked_.words, [&](const AskedWord& one) { return same(one.token, token); }) ? 1 : 0;
    }
    return all > 0 ? had / all : 0;
  }

  double specific() const {
    double best = std::max(share(caption_), share(heading_));
    for (std::size_t i = 0; i < size(); ++i) {
      if (why_[i] == Why::kColumn) best = std::max(best, column_[i] == 0 ? 1 : 0.6);
    }
    return best;
  }

  // What is counted stands there in the question's own number: "Day" over numbers names days, "Days" counts them;
  // "Architecture" over a list explains it, "Flags" names several.
  bool is_written_in(const std::vector<Token>& name) const {
    return std::ranges::any_of(asked_.words, [&](const AskedWord& one) {
      const auto same_form = [&](const Token& token) { return token.lower == one.token.lower; };
      return one.purpose == Purpose::kSubject && std::ranges::any_of(name, same_form);
    });
  }

  bool has_subject() const {
    return std::ranges::any_of(asked_.words, [](const AskedWord& one) { return one.purpose == Purpose::kSubject; });
  }

  // "How many bolts": a row is about them, and a column says how many there are.
  std::optional<std::size_t> pieces_of_value() const {
    if (!is_table() || asked_.operation != Operation::kCount) return std::nullopt;
    for (std::size_t i = 0; i < size(); ++i) {
      if (word(i).purpose == Purpose::kSubject && why_[i] != Why::kIs && why_[i] != Why::kIgnored) return std::nullopt;
    }
    const bool about = std::ranges::all_of(out_.conditions, [](const Condition& one) { return one.column == 0; });
    if (!about) return std::nullopt;
    for (std::size_t column = 1; column < grid_.columns.size(); ++column) {
      if (says_how_many(grid_.columns[column]) && grid_.is_numeric(column)) return column;
    }
    return std::nullopt;
  }

  // What is counted is named; its name is about little else.
  bool is_named() const {
    const auto named = [&](Purpose purpose) {
      for (std::size_t i = 0; i < size(); ++i) {
        if (word(i).purpose != purpose) continue;
        if (why_[i] == Why::kColumn || why_[i] == Why::kName || why_[i] == Why::kOuter) return true;
      }
      return false;
    };
    if (has_subject() && !asked_.generic &&
        !(is_table() ? named(Purpose::kSubject) : (is_written_in(caption_) || is_written_in(heading_))) &&
        !pieces_of_value())
      return false;
    if (!named(Purpose::kSubject) && !named(Purpose::kMeasure) && !named(Purpose::kOther)) return false;
    return specific() >= (grid_.collection.kind == CollectionKind::kHeadings ? 1 : kLeastSpecific);
  }

  // "How many rooms have a window": the column "Window" says yes or no.
  void ask_for_verdicts() {
    std::set<std::size_t> asked;
    for (std::size_t i = 0; i < size(); ++i) {
      if (why_[i] != Why::kColumn || !word(i).has || !grid_.is_verdict(column_[i]) ||
          !asked.insert(column_[i]).second) {
        continue;
      }
      Condition condition;
      condition.kind = Condition::Kind::kSaysYes;
      condition.column = column_[i];
      condition.negated = word(i).negated;
      out_.conditions.push_back(std::move(condition));
      verdicts_.insert(column_[i]);
    }
  }

  // The column that has most of the words of this purpose; among equals the one with the fewest others.
  std::optional<std::size_t> column_of(Purpose purpose, bool numeric) const {
    std::optional<std::size_t> best;
    std::size_t most = 0;
    for (std::size_t column = 0; column < grid_.columns.size(); ++column) {
      if (verdicts_.contains(column) || (numeric && !grid_.is_numeric(column))) continue;
      std::size_t votes = 0;
      for (std::size_t i = 0; i < size(); ++i) {
        const bool names = word(i).purpose == purpose && why_[i] == Why::kColumn;
        votes += names && holds(grid_.columns[column], word(i).token) ? 1 : 0;
      }
      const bool shorter = best && grid_.columns[column].size() < grid_.columns[*best].size();
      if (votes == 0 || votes < most || (votes == most && !shorter)) continue;
      best = column;
      most = votes;
    }
    return best;
  }

  bool choose_column() {
    switch (asked_.operation) {
      case Operation::kCount:
        return choose_counted();
      case Operation::kList:
        out_.column = column_of(Purpose::kSubject, false);
        if (out_.column == std::size_t{0} && !asked_.different) out_.column.reset();
        return true;
      case Operation::kSum:
      case Operation::kAverage:
      case Operation::kHighest:
      case Operation::kLowest:
        return is_table() && choose_measure();
    }
    return false;
  }

  // "How many crew": a column of numbers is added up; "how many countries": its values are counted.
  bool choose_counted() {
    const std::optional<std::size_t> column = column_of(Purpose::kSubject, false);
    if (const auto pieces = pieces_of_value(); !column && pieces && has_subject()) {
      out_.operation = Operation::kSum;
      out_.column = pieces;
      return true;
    }
    if (!column) return true;
    const bool numbers =
        grid_.is_numeric(*column) && !names_things(grid_.columns[*column]) && is_written_in(grid_.columns[*column]);
    if (numbers) {
      out_.operation = Operation::kSum;
      out_.column = column;
    } else if (*column > 0 || asked_.different) {
      out_.column = column;
    }
    return true;
  }

  bool choose_measure() {
    std::optional<std::size_t> column = column_of(Purpose::kMeasure, true);
    if (!column && !asked_.superlative.empty()) column = hinted(asked_.superlative);
    if (!column) column = column_of(Purpose::kSubject, true);
    if (!column) column = column_of(Purpose::kOther, true);
    for (std::size_t i = 0; i < size() && !column; ++i) {
      if (counts(i)) column = hinted(word(i).token.lower);
    }
    const bool hint = !asked_.superlative.empty() && !column_hint(asked_.superlative).names.empty();
    if (!column && !hint) column = only_numeric(false);
    out_.column = column;
    if (!column) return false;
    // The oldest ship has the smallest year, the oldest sailor the largest age.
    if (column_hint(asked_.superlative).reversed && *column < grid_.columns.size() &&
        says_age(grid_.columns[*column])) {
      out_.operation = out_.operation == Operation::kHighest ? Operation::kLowest : Operation::kHighest;
    }
    return true;
  }

  double score() const {
    double sum = 0;
    double all = 0;
    for (std::size_t i = 0; i < size(); ++i) {
      if (!counts(i) || why_[i] == Why::kIgnored) continue;
      sum += weight(why_[i]);
      all += 1;
    }
    return (all > 0 ? sum / all : 0) + specific();
  }

  const AskedSet& asked_;
  const Grid& grid_;
  std::vector<Token> caption_;
  std::vector<Token> heading_;
  std::vector<Token> outer_;
  std::vector<Why> why_;
  std::vector<std::size_t> column_;
  std::set<std::size_t> verdicts_;
  Selection out_;
};

}  // namespace

std::optional<Selection> match(const AskedSet& asked, const Grid& grid) { return Matcher(asked, grid).all(); }

bool may_match(const AskedSet& asked, const Collection& collection) {
  std::string names =
      collection.caption + "\n" + collection.path + "\n" + collection.heading + "\n" + collection.around;
  for (const std::string& column : collection.columns) names += "\n" + column;
  const std::vector<Token> tokens = tokens_of(names);
  bool has_subject = false;
  bool named = false;
  for (const AskedWord& word : asked.words) {
    if (word.purpose < Purpose::kSubject) continue;
    const bool found = holds(tokens, word.token);
    has_subject = has_subject || word.purpose == Purpose::kSubject;
    if (word.purpose == Purpose::kSubject || asked.generic) named = named || found;
  }
  const bool pieces = std::ranges::any_of(collection.columns,
                                          [](const std::string& column) { return says_how_many(tokens_of(column)); });
  return named || !has_subject || pieces;
}

}  // namespace docmind::agents

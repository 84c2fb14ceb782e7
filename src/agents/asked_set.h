// A question that asks for a set as a whole: "how many X", "list all X", "which X are there", "the total, average,
// highest, lowest X". Read by rules in English, German and Chinese; whether the library holds such a set is for
// collection_match.h to say. Pure functions.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/exact_number.h"
#include "agents/impl/tokens.h"

namespace docmind::agents {

enum class Operation : std::uint8_t { kCount, kList, kSum, kAverage, kHighest, kLowest };

std::string_view name(Operation operation);  // "count", "list", "sum", "average", "highest", "lowest"

enum class Relation : std::uint8_t { kMore, kAtLeast, kLess, kAtMost, kEqual, kBetween };

// "longer than 20 m", "after 1990", "between 3 and 5".
struct Comparison {
  Relation relation = Relation::kMore;
  Exact low;
  Exact high;             // kBetween alone.
  std::string word;       // What compares: "longer", "after"; names a column by its meaning.
  std::size_t first = 0;  // Tokens of the question it takes: [first, end).
  std::size_t end = 0;
};

// What a word of the question is for.
enum class Purpose : std::uint8_t {
  kOperation,   // Says what is asked: "how", "many", "list", "highest".
  kComparison,  // Of a Comparison.
  kGrammar,     // Says nothing about the set: "the", "in", "there", "rows".
  kSubject,     // Of what is counted: the words right behind "how many".
  kMeasure,     // Of what is summed or compared: the words behind "total", "highest".
  kOther,       // Must be explained: a condition, a name.
};

struct AskedWord {
  Token token;
  Purpose purpose = Purpose::kOther;
  bool negated = false;  // Behind "without", "not", "no", "except".
  bool has = false;      // Behind "have", "with", "without": may ask for a "yes" in a column of that name.
  bool light = false;    // A verb that any table may be asked with ("cost", "carry"): need not be explained.
};

struct AskedSet {
  Operation operation = Operation::kCount;
  std::string superlative;  // "longest": names a column by its meaning; empty without one.
  bool different = false;   // "how many different X".
  bool generic = false;     // The subject is "rows", "entries": whatever the set holds.
  bool total = false;       // "in total", "altogether".
  std::vector<AskedWord> words;
  std::vector<Comparison> comparisons;
};

// Nothing when the question asks for no set.
std::optional<AskedSet> asked_set(std::string_view question);

// Words that name the column which a comparing word is about: "longest" gives length, distance...; `reversed` when a
// smaller value is more of it ("oldest": a smaller year).
struct ColumnHint {
  std::vector<std::string_view> names;
  bool reversed = false;
};
ColumnHint column_hint(std::string_view comparing_word);

// "How often does X occur", "in how many documents is X mentioned", "which documents mention X".
struct AskedPhrase {
  std::string phrase;
  bool documents = false;  // The documents are counted, not the places.
};
std::optional<AskedPhrase> asked_phrase(std::string_view question);

}  // namespace docmind::agents

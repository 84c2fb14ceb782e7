#include "agents/impl/set_words.h"

#include <algorithm>
#include <array>

#include "agents/impl/words.h"
#include "text/terms.h"

namespace docmind::agents {
namespace {

struct Hint {
  std::vector<std::string_view> words;
  ColumnHint hint;
};

}  // namespace

std::span<const ComparingWords> comparing_words() {
  static constexpr auto kSigns = std::to_array<ComparingWords>({
      {"no more than", Relation::kAtMost},
      {"not more than", Relation::kAtMost},
      {"no less than", Relation::kAtLeast},
      {"no fewer than", Relation::kAtLeast},
      {"more than", Relation::kMore},
      {"greater than", Relation::kMore},
      {"less than", Relation::kLess},
      {"fewer than", Relation::kLess},
      {"smaller than", Relation::kLess},
      {"lower than", Relation::kLess},
      {"shorter than", Relation::kLess},
      {"lighter than", Relation::kLess},
      {"cheaper than", Relation::kLess},
      {"younger than", Relation::kLess},
      {"earlier than", Relation::kLess},
      {"slower than", Relation::kLess},
      {"* than", Relation::kMore},
      {"at least", Relation::kAtLeast},
      {"at most", Relation::kAtMost},
      {"up to", Relation::kAtMost},
      {"between", Relation::kBetween},
      {"exactly", Relation::kEqual},
      {"over", Relation::kMore},
      {"above", Relation::kMore},
      {"under", Relation::kLess},
      {"below", Relation::kLess},
      {"after", Relation::kMore},
      {"since", Relation::kAtLeast},
      {"before", Relation::kLess},
      {"mehr als", Relation::kMore},
      {"weniger als", Relation::kLess},
      {"mindestens", Relation::kAtLeast},
      {"h\u00f6chstens", Relation::kAtMost},
      {"zwischen", Relation::kBetween},
      {"\u00fcber", Relation::kMore},
      {"unter", Relation::kLess},
      {"nach", Relation::kMore},
      {"seit", Relation::kAtLeast},
      {"vor", Relation::kLess},
      {"\u4e0d\u8d85\u8fc7", Relation::kAtMost},
      {"\u4e0d\u5c11\u4e8e", Relation::kAtLeast},
      {"\u81f3\u5c11", Relation::kAtLeast},
      {"\u8d85\u8fc7", Relation::kMore},
      {"\u5927\u4e8e", Relation::kMore},
      {"\u591a\u4e8e", Relation::kMore},
      {"\u9ad8\u4e8e", Relation::kMore},
      {"\u5c0f\u4e8e", Relation::kLess},
      {"\u5c11\u4e8e", Relation::kLess},
      {"\u4f4e\u4e8e", Relation::kLess},
  });
  return kSigns;
}

std::optional<Operation> extreme_of(std::string_view word) {
  if (one_of(word,
             {"highest",       "largest",          "biggest",           "greatest",     "longest",       "tallest",
              "heaviest",      "fastest",          "maximum",           "most",         "newest",        "latest",
              "oldest",        "widest",           "deepest",           "dearest",      "strongest",     "h\u00f6chste",
              "h\u00f6chsten", "gr\u00f6\u00dfte", "gr\u00f6\u00dften", "l\u00e4ngste", "l\u00e4ngsten", "schwerste",
              "teuerste",      "meisten",          "schnellste",        "\u00e4lteste", "neueste"})) {
    return Operation::kHighest;
  }
  if (one_of(word, {"lowest",     "smallest",   "shortest",        "lightest",  "slowest",    "minimum",
                    "least",      "fewest",     "youngest",        "earliest",  "cheapest",   "narrowest",
                    "shallowest", "niedrigste", "niedrigsten",     "kleinste",  "kleinsten",  "k\u00fcrzeste",
                    "leichteste", "billigste",  "g\u00fcnstigste", "wenigsten", "langsamste", "j\u00fcngste"})) {
    return Operation::kLowest;
  }
  return std::nullopt;
}

ColumnHint column_hint(std::string_view word) {
  static const auto kHints = std::to_array<Hint>({
      {{"longest", "longer", "shortest", "shorter", "long", "l\u00e4ngste", "l\u00e4ngsten", "k\u00fcrzeste",
        "l\u00e4nger"},
       {{"length", "long", "distance", "duration", "l\u00e4nge", "dauer"}}},
      {{"tallest", "taller", "tall", "higher", "h\u00f6her"}, {{"height", "tall", "elevation", "h\u00f6he"}}},
      {{"heaviest", "heavier", "lightest", "lighter", "heavy", "schwerste", "leichteste", "schwerer", "weigh",
        "weighs"},
       {{"weight", "mass", "displacement", "gewicht"}}},
      {{"cheapest", "cheaper", "expensive", "dearest", "teuerste", "billigste", "g\u00fcnstigste", "costlier", "cost",
        "costs", "kosten", "kostet"},
       {{"price", "cost", "fee", "preis", "kosten"}}},
      {{"fastest", "faster", "slowest", "slower", "fast", "schnellste", "langsamste"}, {{"speed", "knots", "tempo"}}},
      {{"largest", "biggest", "smallest", "larger", "bigger", "gr\u00f6\u00dfte", "gr\u00f6\u00dften", "kleinste",
        "kleinsten"},
       {{"size", "area", "capacity", "volume", "population", "tonnage", "bytes", "gr\u00f6\u00dfe", "fl\u00e4che"}}},
      {{"widest", "wider", "narrowest"}, {{"width", "beam", "breite"}}},
      {{"deepest", "deeper", "shallowest"}, {{"depth", "draught", "draft", "tiefe"}}},
      {{"oldest", "older", "\u00e4lteste"},
       {{"age", "alter", "built", "launched", "founded", "year", "born", "date", "baujahr", "jahr"}, true}},
      {{"youngest", "younger", "newest", "newer", "latest", "later", "j\u00fcngste", "neueste"},
       {{"age", "alter", "built", "launched", "founded", "year", "born", "date", "baujahr", "jahr"}}},
      {{"earliest", "earlier", "after", "before", "since", "nach", "vor", "seit"},
       {{"built", "launched", "founded", "year", "born", "date", "baujahr", "jahr"}}},
  });
  for (const Hint& one : kHints) {
    if (std::ranges::find(one.words, word) != one.words.end()) return one.hint;
  }
  return {};
}

bool ends_noun_phrase(std::string_view word) {
  return one_of(
      word, {"of",    "in",    "on",     "at",      "for",    "from",  "with", "without", "that",   "which",  "who",
             "are",   "is",    "was",    "were",    "do",     "does",  "did",  "have",    "has",    "had",    "can",
             "could", "may",   "must",   "should",  "will",   "would", "be",   "been",    "there",  "under",  "by",
             "to",    "and",   "or",     "between", "more",   "less",  "than", "among",   "within", "across", "per",
             "not",   "when",  "where",  "it",      "you",    "i",     "we",   "they",    "one",    "gibt",   "sind",
             "hat",   "haben", "im",     "aus",     "mit",    "ohne",  "auf",  "die",     "der",    "das",    "des",
             "von",   "es",    "stehen", "wurden",  "werden", "liegen"});
}

bool is_generic(std::string_view word) {
  return one_of(word, {"row",       "rows",   "entry",         "entries", "item",   "items",   "line",
                       "lines",     "record", "records",       "thing",   "things", "element", "elements",
                       "table",     "tables", "list",          "lists",   "column", "columns", "document",
                       "documents", "zeilen", "eintr\u00e4ge", "tabelle", "liste",  "spalte",  "punkte"});
}

bool is_light_verb(std::string_view word) {
  return one_of(word, {"cost",     "costs",     "carry",    "carries",  "hold",         "holds",    "contain",
                       "contains", "include",   "includes", "included", "support",      "supports", "listed",
                       "named",    "mentioned", "shown",    "given",    "exist",        "exists",   "belong",
                       "belongs",  "offer",     "offers",   "weigh",    "weighs",       "last",     "lasts",
                       "measure",  "come",      "comes",    "stand",    "stands",       "defined",  "described",
                       "called",   "available", "possible", "known",    "different",    "distinct", "got",
                       "leave",    "leaves",    "depart",   "departs",  "arrive",       "arrives",  "go",
                       "goes",     "start",     "starts",   "stop",     "stops",        "lie",      "lies",
                       "hang",     "hangs",     "sit",      "sits",     "located",      "situated", "based",
                       "kept",     "stored",    "live",     "lives",    "take",         "takes",    "keep",
                       "keeps",    "year",      "number",   "name",     "names",        "value",    "values",
                       "kosten",   "kostet",    "stehen",   "steht",    "enth\u00e4lt", "genannt",  "aufgef\u00fchrt",
                       "jahr",     "anzahl"});
}

bool is_grammar(const Token& token) {
  if (token.lower == "may" && token.capital) return false;  // The month.
  if (token.character) {
    static constexpr auto kCharacters = std::to_array<std::string_view>(
        {"\u7684", "\u662f", "\u5728", "\u6709", "\u4e86", "\u548c", "\u4e0e", "\u91cc", "\u4e2d", "\u4e2a", "\u6761",
         "\u8258", "\u79cd", "\u5bb6", "\u9879", "\u540d", "\u4f4d", "\u5f20", "\u53ea", "\u672c", "\u53f0", "\u8bf7",
         "\u6240", "\u5417", "\u5462", "\u4ec0", "\u4e48", "\u54ea", "\u8fd9", "\u90a3", "\u4e9b", "\u8868", "\u683c",
         "\u5217", "\u90fd", "\u5404", "\u5728", "\u4e3a", "\u5168", "\u90e8", "\u7528", "\u5230"});
    return std::ranges::find(kCharacters, token.lower) != kCharacters.end();
  }
  if (text::is_function_word(token.lower)) return true;
  return one_of(
      token.lower,
      {"many",   "much",      "total",  "number", "altogether", "every",    "per",  "according", "overall", "wie",
       "viele",  "der",       "die",    "das",    "den",        "dem",      "des",  "ein",       "eine",    "einen",
       "einer",  "gibt",      "es",     "in",     "im",         "sind",     "ist",  "war",       "waren",   "und",
       "oder",   "von",       "aus",    "mit",    "ohne",       "f\u00fcr", "auf",  "hat",       "haben",   "alle",
       "aller",  "insgesamt", "wurden", "wurde",  "werden",     "zu",       "zur",  "zum",       "welche",  "welchen",
       "liegen", "bei",       "nicht",  "kein",   "keine",      "am",       "than", "listed"});
}

}  // namespace docmind::agents

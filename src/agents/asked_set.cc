#include "agents/asked_set.h"

#include <algorithm>
#include <array>
#include <span>

#include "agents/impl/set_words.h"
#include "agents/impl/words.h"
#include "base/utf8.h"
#include "text/terms.h"

namespace docmind::agents {
namespace {

using Words = std::vector<AskedWord>;

class Reader {
 public:
  explicit Reader(std::string_view question) : question_(question) {
    for (Token& token : tokens_of(question))
      out_.words.push_back({std::move(token), Purpose::kOther, false, false, false});
  }

  std::optional<AskedSet> all() {
    if (out_.words.size() > kMostWords) return std::nullopt;
    if (find({"wie", "viele", "welche", "welcher", "welches", "welchen", "liste", "nenne", "nennen", "anzahl",
              "summe"}) != kNone) {
      for (AskedWord& one : out_.words) add_german_forms(one.token);
    }
    if (is(0, {"what"}) && is(size() - 1, {"mean", "means"})) return std::nullopt;  // It asks for a meaning.
    if (!find_operation()) return std::nullopt;
    find_comparisons();
    find_phrase(subject_, Purpose::kSubject);
    find_phrase(measure_, Purpose::kMeasure);
    mark_grammar();
    const bool says_something =
        std::ranges::any_of(out_.words, [](const AskedWord& word) { return word.purpose >= Purpose::kSubject; });
    if (!says_something) return std::nullopt;
    return std::move(out_);
  }

 private:
  // "Preise" is also "Preis", "Bücher" also "Buch": the stems are English ones.
  static void add_german_forms(Token& token) {
    constexpr std::size_t kShortest = 4;
    for (const std::string_view ending : {"e", "n", "en", "er", "ern", "s"}) {
      if (token.lower.size() < kShortest + ending.size() || !token.lower.ends_with(ending)) continue;
      const std::string shorter = token.lower.substr(0, token.lower.size() - ending.size());
      for (text::Term& term : text::terms(shorter)) token.terms.push_back(std::move(term.text));
    }
  }

  static constexpr std::size_t kMostWords = 60;  // A longer question asks for more than a set.
  static constexpr std::size_t kNone = ~std::size_t{0};

  std::size_t size() const { return out_.words.size(); }
  std::string_view word(std::size_t i) const { return i < size() ? std::string_view(out_.words[i].token.lower) : ""; }
  bool is(std::size_t i, std::initializer_list<std::string_view> set) const {
    return i < size() && one_of(word(i), set);
  }
  void take(std::size_t first, std::size_t count, Purpose purpose = Purpose::kOperation) {
    for (std::size_t i = first; i < std::min(first + count, size()); ++i) out_.words[i].purpose = purpose;
  }
  std::size_t find(std::initializer_list<std::string_view> set, std::size_t from = 0) const {
    for (std::size_t i = from; i < size(); ++i) {
      if (one_of(word(i), set)) return i;
    }
    return kNone;
  }
  // The first word from which the given ones follow.
  std::size_t find_two(std::string_view a, std::initializer_list<std::string_view> b) const {
    for (std::size_t i = 0; i + 1 < size(); ++i) {
      if (word(i) == a && one_of(word(i + 1), b)) return i;
    }
    return kNone;
  }

  bool find_operation() {
    if (is_unspaced()) return find_chinese();
    const bool total = find_total();
    const bool many = find_two("how", {"many"}) != kNone || find_two("wie", {"viele"}) != kNone;
    if (!many && (find_average() || find_extreme())) return true;
    if (find_many()) {
      out_.total = total;
      return !refused_;
    }
    if (total && measure_ != kNone) {
      out_.operation = Operation::kSum;
      return true;
    }
    return find_list();
  }

  bool is_unspaced() const {
    const auto characters = std::ranges::count_if(out_.words, [](const AskedWord& one) { return one.token.character; });
    return static_cast<std::size_t>(characters) * 2 > size();
  }

  // "total weight of", "sum of the prices", "in total", "altogether".
  bool find_total() {
    bool found = false;
    for (std::size_t i = 0; i < size(); ++i) {
      const bool sums = is(i, {"total", "sum", "summe", "combined", "gesamtsumme"});
      const bool closes = is(i, {"altogether", "insgesamt", "zusammen"}) || (is(i, {"all"}) && is(i - 1, {"in"}));
      if (!sums && !closes) continue;
      found = true;
      take(i, 1);
      if (i > 0 && is(i - 1, {"in"})) {
        take(i - 1, 1);
      } else if (sums && !is(i + 1, {"number"})) {
        measure_ = i + 1;
      }
    }
    if (found && measure_ == kNone) {
      std::size_t much = find_two("how", {"much"});
      if (much == kNone) much = find_two("wie", {"viel"});
      if (much != kNone) {
        take(much, 2);
        measure_ = much + 2;
      }
    }
    return found;
  }

  bool find_many() {
    std::size_t at = find_two("how", {"many"});
    if (at == kNone) at = find_two("wie", {"viele"});
    if (at == kNone) at = find_two("number", {"of"});
    if (at == kNone && is(0, {"count"})) {
      take(0, 1);
      subject_ = 1;
      out_.operation = Operation::kCount;
      return true;
    }
    if (at == kNone) {
      at = find({"anzahl"});
      if (at == kNone) return false;
      take(at, 1);
      subject_ = at + 1;
    } else {
      take(at, 2);
      subject_ = at + 2;
    }
    out_.operation = Operation::kCount;
    measure_ = kNone;
    if (is(subject_, {"different", "distinct", "unique", "verschiedene", "unterschiedliche"})) {
      out_.different = true;
      take(subject_, 1);
    }
    // "For how many days may I": the number is in a sentence.
    refused_ = at > 0 && is(at - 1, {"for", "after", "within", "every"});
    return true;
  }

  bool find_average() {
    std::size_t at =
        find({"average", "durchschnittliche", "durchschnittlichen", "durchschnitt", "mittlere", "mittleren"});
    if (at == kNone) at = find_two("mean", {"of"});
    if (at == kNone || (at > 0 && is(at - 1, {"on"}))) return false;
    take(at, 1);
    out_.operation = Operation::kAverage;
    measure_ = at + 1;
    return true;
  }

  bool find_extreme() {
    for (std::size_t i = 0; i < size(); ++i) {
      const std::optional<Operation> extreme = extreme_of(word(i));
      if (!extreme || (i > 0 && is(i - 1, {"at"}))) continue;
      out_.operation = *extreme;
      out_.superlative = word(i);
      take(i, 1);
      // "the most expensive", "the least heavy": the adjective says the column.
      if (is(i, {"most", "least"}) && !column_hint(word(i + 1)).names.empty()) {
        out_.superlative = word(i + 1);
        if (column_hint(word(i + 1)).reversed) out_.operation = flipped(out_.operation);
        take(i + 1, 1);
      } else {
        if (column_hint(word(i)).reversed) out_.operation = flipped(out_.operation);
        measure_ = i + 1;
      }
      if (is(0, {"which", "what", "welche", "welcher", "welches"})) {
        take(0, 1);
        if (i > 1) subject_ = 1;
      }
      return true;
    }
    return false;
  }

  static Operation flipped(Operation operation) {
    return operation == Operation::kHighest ? Operation::kLowest : Operation::kHighest;
  }

  bool find_list() {
    out_.operation = Operation::kList;
    const bool orders = is(0, {"list", "enumerate", "name", "show", "give", "liste", "nenne", "nennen", "zeige"});
    if (orders) {
      std::size_t at = 1;
      while (is(at, {"me", "us", "mir", "sie", "out", "up"})) ++at;
      const bool all = is(at, {"all", "every", "each", "alle", "s\u00e4mtliche"});
      if (!all && !is(0, {"list", "enumerate", "liste"})) return false;
      take(0, at + (all ? 1 : 0));
      subject_ = at + (all ? 1 : 0);
      return true;
    }
    if (is(0, {"which", "what", "welche", "welchen"})) return find_which();
    return false;
  }

  // "Which ships are there", "what are the ships of ...": more than one is asked for.
  bool find_which() {
    std::size_t at = 1;
    if (is(0, {"what"}) && is(1, {"are", "were"})) {
      at = 2;
    } else if (is(0, {"what"}) && !is_plural(1)) {
      return false;
    }
    while (is(at, {"all", "the", "of", "these", "those"})) ++at;
    const bool german = word(0).starts_with("welche");
    std::size_t last = at;
    while (last + 1 < size() && !ends_phrase(last + 1)) ++last;
    // "Which exit codes are there", but not "which command builds a package".
    const bool closed = last + 1 >= size() || !is(last + 1, {"a", "an", "the", "its", "your", "each"});
    if (!german && !is_plural(at) && !(closed && is_plural(last))) return false;
    take(0, at);
    subject_ = at;
    return true;
  }

  bool is_plural(std::size_t i) const {
    const std::string_view noun = word(i);
    if (one_of(noun, {"people", "children", "men", "women", "mice", "feet", "data", "criteria"})) return true;
    return noun.size() > 3 && !text::is_function_word(noun) && noun.ends_with('s') && !noun.ends_with("ss") &&
           !noun.ends_with("us") && !noun.ends_with("is");
  }

  bool find_chinese() {
    struct Sign {
      std::string_view text;
      Operation operation;
      bool total;
    };
    static constexpr auto kSigns = std::to_array<Sign>({
        {"\u5e73\u5747", Operation::kAverage, false},       // average
        {"\u603b\u548c", Operation::kSum, false},           // sum
        {"\u5408\u8ba1", Operation::kSum, false},           // together
        {"\u603b\u5171", Operation::kCount, true},          // in all
        {"\u4e00\u5171", Operation::kCount, true},          // altogether
        {"\u6700\u9ad8", Operation::kHighest, false},       // highest
        {"\u6700\u5927", Operation::kHighest, false},       // largest
        {"\u6700\u957f", Operation::kHighest, false},       // longest
        {"\u6700\u91cd", Operation::kHighest, false},       // heaviest
        {"\u6700\u8d35", Operation::kHighest, false},       // dearest
        {"\u6700\u591a", Operation::kHighest, false},       // most
        {"\u6700\u4f4e", Operation::kLowest, false},        // lowest
        {"\u6700\u5c0f", Operation::kLowest, false},        // smallest
        {"\u6700\u77ed", Operation::kLowest, false},        // shortest
        {"\u6700\u8f7b", Operation::kLowest, false},        // lightest
        {"\u6700\u4fbf\u5b9c", Operation::kLowest, false},  // cheapest
        {"\u6700\u5c11", Operation::kLowest, false},        // fewest
        {"\u603b", Operation::kSum, false},                 // total ...
        {"\u591a\u5c11", Operation::kCount, false},         // how many
        {"\u51e0", Operation::kCount, false},               // how many (few)
        {"\u5217\u51fa", Operation::kList, false},          // list
        {"\u5217\u4e3e", Operation::kList, false},          // enumerate
        {"\u54ea\u4e9b", Operation::kList, false},          // which ones
    });
    bool found = false;
    for (const Sign& sign : kSigns) {
      const std::size_t at = question_.find(sign.text);
      if (at == std::string_view::npos || taken_at(at)) continue;
      // The first sign says what is asked; "how much" behind "the average price is" asks nothing else.
      if (!found) out_.operation = sign.operation;
      found = true;
      out_.total = out_.total || sign.total;
      for (AskedWord& one : out_.words) {
        if (one.token.start >= at && one.token.start < at + sign.text.size()) one.purpose = Purpose::kOperation;
      }
    }
    if (!found) return false;
    for (AskedWord& one : out_.words) {
      if (one.purpose == Purpose::kOther) one.purpose = Purpose::kSubject;
    }
    return true;
  }

  bool taken_at(std::size_t byte) const {
    return std::ranges::any_of(out_.words, [byte](const AskedWord& one) {
      return one.token.start == byte && one.purpose == Purpose::kOperation;
    });
  }

  // The number at word i in the question's own bytes ("1,200" is two tokens), and the word behind it.
  struct Found {
    Exact number;
    std::size_t end = 0;
  };
  std::optional<Found> number_at(std::size_t i) const {
    while (is(i, {"the", "the year", "year", "jahr"})) ++i;
    if (i >= size()) return std::nullopt;
    std::size_t at = out_.words[i].token.start;
    while (at < question_.size() && !is_digit(question_[at]) && at < out_.words[i].token.end) ++at;
    const auto number = read_number(question_, at);
    if (!number) return std::nullopt;
    std::size_t end = i;
    while (end < size() && out_.words[end].token.start < at) ++end;
    return Found{*number, end};
  }

  void find_comparisons() {
    for (std::size_t i = 0; i < size(); ++i) {
      if (out_.words[i].purpose == Purpose::kOperation) continue;
      for (const ComparingWords& sign : comparing_words()) {
        const std::size_t length = length_at(i, sign.text);
        if (length == 0) continue;
        const auto low = number_at(i + length);
        if (!low) continue;
        Comparison made{sign.relation, low->number, {}, std::string(word(i)), i, low->end};
        if (sign.relation == Relation::kBetween) {
          const auto high = is(low->end, {"and", "und", "to", "bis"}) ? number_at(low->end + 1) : std::nullopt;
          if (!high) continue;
          made.high = high->number;
          made.end = high->end;
        }
        take(made.first, made.end - made.first, Purpose::kComparison);
        i = made.end - 1;
        out_.comparisons.push_back(std::move(made));
        break;
      }
    }
  }

  // How many words from i on are the sign's; "*" stands for any word that compares ("longer than").
  std::size_t length_at(std::size_t i, std::string_view sign) const {
    std::size_t count = 0;
    if (static_cast<unsigned char>(sign.front()) >= 0xe0U) {  // Characters: compared in the text itself.
      if (!question_.substr(out_.words[i].token.start).starts_with(sign)) return 0;
      while (i + count < size() && out_.words[i + count].token.start < out_.words[i].token.start + sign.size()) ++count;
      return count;
    }
    for (std::size_t at = 0; at < sign.size(); ++count) {
      const std::string_view wanted = sign.substr(at, sign.find(' ', at) - at);
      at += wanted.size() + 1;
      const std::string_view here = word(i + count);
      const bool any = wanted == "*" && here.ends_with("er") && !column_hint(here).names.empty();
      if (!any && here != wanted) return 0;
    }
    return count;
  }

  bool ends_phrase(std::size_t i) const { return ends_noun_phrase(word(i)); }

  // The words from `at` to the next preposition or verb.
  void find_phrase(std::size_t at, Purpose purpose) {
    while (is(at, {"of", "the", "number", "all", "every", "each", "der", "die", "das", "des", "aller", "alle", "von",
                   "a", "an"}))
      ++at;
    for (std::size_t i = at; i < size() && !ends_phrase(i); ++i) {
      if (out_.words[i].purpose == Purpose::kOther) out_.words[i].purpose = purpose;
    }
  }

  void mark_grammar() {
    for (std::size_t i = 0; i < size(); ++i) {
      AskedWord& one = out_.words[i];
      if (one.purpose < Purpose::kSubject) continue;
      for (std::size_t back = 1; back <= 2 && back <= i; ++back) {
        one.negated =
            one.negated || is(i - back, {"without", "not", "no", "except", "ohne", "nicht", "kein", "keine", "keinen"});
        one.has = one.has || is(i - back, {"have", "has", "had", "with", "without", "offer", "no", "offers", "haben",
                                           "hat", "mit", "ohne"});
      }
      const bool generic = is_generic(one.token.lower);
      if (generic && one.purpose == Purpose::kSubject) out_.generic = true;
      one.light = is_light_verb(one.token.lower);
      if (generic || is_grammar(one.token)) one.purpose = Purpose::kGrammar;
    }
  }

  std::string_view question_;
  AskedSet out_;
  std::size_t subject_ = kNone;  // Where the phrase of what is counted begins.
  std::size_t measure_ = kNone;
  bool refused_ = false;  // It asks "how many", but for a number in a sentence.
};

}  // namespace

std::string_view name(Operation operation) {
  switch (operation) {
    case Operation::kCount:
      return "count";
    case Operation::kList:
      return "list";
    case Operation::kSum:
      return "sum";
    case Operation::kAverage:
      return "average";
    case Operation::kHighest:
      return "highest";
    case Operation::kLowest:
      return "lowest";
  }
  return "count";
}

std::optional<AskedSet> asked_set(std::string_view question) {
  if (!is_utf8(question)) return std::nullopt;
  return Reader(question).all();
}

}  // namespace docmind::agents

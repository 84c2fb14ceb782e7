#include "agents/impl/statement.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "agents/impl/word_table.h"
#include "agents/impl/words.h"
#include "text/sentences.h"

namespace docmind::agents {
namespace {

constexpr std::size_t kMaxStatements = 400;
constexpr std::size_t kScope = 3;  // Content words that a negation denies.
constexpr double kHalf = 0.7;      // What "vote" counts where the other has "pre-vote".
constexpr std::size_t kTopic = 3;  // So many sentences back stands what "he" or "this release" is called.

// By stems.
constexpr auto kOpposites =
    word_table({{"abov", "below"},      {"accept", "refus"},     {"allow", "forbid"},  {"ascend", "descend"},
                {"begin", "end"},       {"best", "worst"},       {"better", "wors"},   {"cheap", "expens"},
                {"common", "rare"},     {"earli", "late"},       {"earlier", "later"}, {"easi", "hard"},
                {"easier", "harder"},   {"enabl", "disabl"},     {"faster", "slower"}, {"fewer", "more"},
                {"higher", "lower"},    {"highest", "lowest"},   {"includ", "exclud"}, {"increas", "decreas"},
                {"larger", "smaller"},  {"largest", "smallest"}, {"less", "more"},     {"longer", "shorter"},
                {"maximum", "minimum"}, {"older", "newer"},      {"safe", "danger"},   {"start", "stop"},
                {"strong", "weak"},     {"success", "failur"},   {"true", "fals"},     {"wide", "narrow"}});

std::size_t contents(const Clause& clause) {
  return static_cast<std::size_t>(std::ranges::count_if(clause.lexemes, is_content));
}

bool says_little(const Clause& clause) { return contents(clause) < 2 && clause.polarity.negations == 0; }

// "..., is forbidden", "... they don't maintain": said of what stood before.
bool is_predicate(const Clause& clause) {
  return contents(clause) < 2 &&
         one_of(clause.lexemes.front().key, {"is", "are", "was", "were", "should", "must", "may", "can", "they", "it",
                                             "ist", "sind", "wird", "werden", "sollten", "darf", "dürfen"});
}

void append(Clause& to, Clause&& more) {
  std::ranges::move(more.lexemes, std::back_inserter(to.lexemes));
  std::ranges::move(more.denied, std::back_inserter(to.denied));
  to.polarity.negations += more.polarity.negations;
  to.polarity.exceptions += more.polarity.exceptions;
  to.polarity.past += more.polarity.past;
  to.polarity.open = to.polarity.open || more.polarity.open;
  to.polarity.necessity = to.polarity.necessity || more.polarity.necessity;
}

// What a negation at a byte of the sentence denies: the words behind it; of "is forbidden" the words before.
void append_denied(Clause& clause, std::size_t negation) {
  std::size_t behind = 0;
  for (const Lexeme& lexeme : clause.lexemes) {
    if (!is_content(lexeme) || lexeme.at <= negation || behind >= kScope || lexeme.text == "longer") continue;
    clause.denied.push_back(lexeme);
    ++behind;
  }
  if (behind > 0) return;
  for (const Lexeme& lexeme : clause.lexemes) {
    if (is_content(lexeme) && lexeme.at < negation) clause.denied.push_back(lexeme);
  }
}

// As the marks and conjunctions divide them.
std::vector<Clause> divided(const std::vector<Lexeme>& lexemes, std::string_view sentence) {
  std::vector<Clause> out;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < lexemes.size(); ++i) {
    if (i == 0 || lexemes[i].clause != lexemes[i - 1].clause) out.emplace_back();
    out.back().lexemes.push_back(lexemes[i]);
    const bool last = i + 1 == lexemes.size();
    if (!last && lexemes[i + 1].clause == lexemes[i].clause) continue;
    const std::size_t end = last ? sentence.size() : lexemes[i + 1].at;
    out.back().polarity = polarity_of(sentence.substr(begin, end - begin));
    for (const std::size_t negation : out.back().polarity.at) append_denied(out.back(), begin + negation);
    begin = end;
  }
  return out;
}

std::vector<Clause> clauses_of(const std::vector<Lexeme>& lexemes, std::string_view sentence) {
  std::vector<Clause> out;
  for (Clause& clause : divided(lexemes, sentence)) {
    if (!out.empty() && (says_little(clause) || says_little(out.back()) || is_predicate(clause))) {
      append(out.back(), std::move(clause));
    } else {
      out.push_back(std::move(clause));
    }
  }
  return out;
}

// "it", "this": what it says is said of what stood before.
bool points_back(const std::vector<Lexeme>& lexemes) {
  for (std::size_t i = 0; i < lexemes.size(); ++i) {
    const std::string& key = lexemes[i].key;
    const bool example = key == "such" && i + 1 < lexemes.size() && lexemes[i + 1].key == "as";
    if (one_of(key, {"this", "these", "such", "diese", "dieser", "dieses"}) && !example) return true;
    if (i < 4 && one_of(key, {"it", "they", "them", "those", "he", "she", "its", "their", "es", "sie", "er"}))
      return true;
  }
  constexpr std::array<std::string_view, 6> kSigns = {"它", "其", "该", "此", "这", "那"};
  return !lexemes.empty() &&
         std::ranges::any_of(kSigns, [&](std::string_view sign) { return lexemes[0].key.starts_with(sign); });
}

// "Version 4.4.0.", "Released July, 2019."
bool is_heading(const std::vector<Lexeme>& lexemes) {
  return !lexemes.empty() && lexemes.size() <= 6 && lexemes[0].kind != LexemeKind::kNumber &&
         std::ranges::none_of(lexemes, [](const Lexeme& l) { return l.kind == LexemeKind::kFunction; });
}

// "Murdock", "SPI"
bool is_proper(const Lexeme& lexeme) {
  return lexeme.kind == LexemeKind::kName && std::ranges::all_of(lexeme.text, is_letter);
}

// Also before a sentence that starts in lower case, as names of programs do.
std::vector<std::string_view> sentences_of(std::string_view line) {
  std::vector<std::string_view> out;
  for (const doc::Span& span : text::sentences(line)) {
    std::string_view rest = line.substr(span.start, span.end - span.start);
    for (std::size_t at = rest.find(". "); at != std::string_view::npos; at = rest.find(". ", at + 1)) {
      const std::size_t word = std::min(rest.find_last_of(" .(", at - (at > 0 ? 1 : 0)) + 1, at);
      const bool ends = at - word >= 4 && at + 2 < rest.size() && is_lower(rest[at + 2]);
      if (!ends) continue;
      out.push_back(rest.substr(0, at + 1));
      rest.remove_prefix(at + 2);
      at = 0;
    }
    out.push_back(rest);
  }
  return out;
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

bool is_joiner(char c) { return std::string_view("._-/:$@~+=*#&%()").find(c) != std::string_view::npos; }

// Whether `part` stands in `whole` from one joint to another.
bool is_part(std::string_view part, std::string_view whole) {
  for (std::size_t at = whole.find(part); at != std::string_view::npos; at = whole.find(part, at + 1)) {
    const std::size_t end = at + part.size();
    if ((at == 0 || is_joiner(whole[at - 1]) || is_joiner(part.front())) &&
        (end == whole.size() || is_joiner(whole[end]))) {
      return true;
    }
  }
  return false;
}

// What may follow a stem that two forms of a word share.
bool is_ending(std::string_view rest) {
  return one_of(rest, {"",      "e",   "s",    "i",    "y",   "n",   "t",     "en",   "er",  "es",  "em",  "te",
                       "ten",   "st",  "al",   "an",   "at",  "ed",  "ly",    "or",   "ic",  "iv",  "ian", "ion",
                       "ist",   "ing", "ity",  "ish",  "ant", "ent", "anc",   "enc",  "abl", "ibl", "ful", "ung",
                       "ungen", "bar", "lich", "isch", "ens", "ern", "ation", "ment", "eur", "ern"});
}

// "organized" and "organised", "color" and "colour".
bool is_british(std::string_view a, std::string_view b) {
  const std::size_t at = common_prefix(a, b);
  if (at < 3 || at == a.size() || at == b.size()) return false;
  if (a.size() == b.size())
    return one_of(a.substr(at, 1), {"s", "z"}) && one_of(b.substr(at, 1), {"s", "z"}) &&
           a.substr(at + 1) == b.substr(at + 1);
  const std::string_view longer = a.size() > b.size() ? a : b;
  const std::string_view shorter = a.size() > b.size() ? b : a;
  return longer.substr(at - 1).starts_with("our") && longer.substr(at + 1) == shorter.substr(at);
}

bool same_word(std::string_view a, std::string_view b) {
  if (a == b || is_british(a, b)) return true;
  const std::size_t prefix = common_prefix(a, b);
  return prefix >= 4 && 2 * prefix >= std::max(a.size(), b.size()) && is_ending(a.substr(prefix)) &&
         is_ending(b.substr(prefix));
}

// "vote" of "pre-vote"
bool is_half(std::string_view word, std::string_view compound) {
  if (compound.find('-') == std::string_view::npos) return false;
  while (!compound.empty()) {
    const std::size_t end = std::min(compound.find('-'), compound.size());
    if (same_word(word, compound.substr(0, end))) return true;
    compound.remove_prefix(std::min(end + 1, compound.size()));
  }
  return false;
}

}  // namespace

bool is_content(const Lexeme& lexeme) {
  return lexeme.kind == LexemeKind::kWord || lexeme.kind == LexemeKind::kName || lexeme.kind == LexemeKind::kPair;
}

bool same(const Lexeme& a, const Lexeme& b) {
  const bool number = a.kind == LexemeKind::kNumber;
  if (number || b.kind == LexemeKind::kNumber) return number && b.kind == LexemeKind::kNumber && a.key == b.key;
  if (a.kind == LexemeKind::kPair || b.kind == LexemeKind::kPair) return a.key == b.key;
  if (a.identifier) {
    const bool compound = b.identifier || b.key.find('-') != std::string::npos;
    return a.key == b.key || (compound && is_part(a.key, b.key));
  }
  if (b.identifier) return a.key == b.key || is_part(a.key, b.key) || is_part(a.text, b.key);
  return same_word(a.key, b.key);
}

bool holds(const std::vector<Lexeme>& list, const Lexeme& lexeme) {
  return std::ranges::any_of(list, [&](const Lexeme& other) { return same(lexeme, other); });
}

// "Ausfall" and "Festplatte" of "Festplattenausfalls": German nouns.
bool is_noun_in(const Lexeme& part, const Lexeme& whole) {
  if (!part.capital || !whole.capital || whole.kind != LexemeKind::kWord) return false;
  if (part.key.size() < 4 || whole.key.size() < part.key.size() + 4) return false;
  const std::size_t at = whole.key.rfind(part.key);
  return at == 0 || (at != std::string::npos && at > 2 && at + part.key.size() + 3 >= whole.key.size());
}

bool holds_half(const std::vector<Lexeme>& list, const Lexeme& lexeme) {
  return std::ranges::any_of(list, [&](const Lexeme& other) {
    return same(lexeme, other) || is_noun_in(lexeme, other) || is_noun_in(other, lexeme) ||
           (lexeme.kind != LexemeKind::kPair && (is_half(lexeme.key, other.key) || is_half(other.key, lexeme.key)));
  });
}

bool opposite(const Lexeme& a, const Lexeme& b) {
  if (a.kind == LexemeKind::kPair || b.kind == LexemeKind::kPair) return false;
  const auto turns = [](const Lexeme& one, const Lexeme& other) { return look_up(kOpposites, one.key) == other.key; };
  if (turns(a, b) || turns(b, a)) return true;
  const std::string_view longer = a.key.size() > b.key.size() ? a.key : b.key;
  const std::string_view shorter = a.key.size() > b.key.size() ? b.key : a.key;
  constexpr std::array<std::string_view, 10> kPrefixes = {"un",  "in",   "im",  "ir",     "il",
                                                          "dis", "non-", "non", "nicht-", "nicht"};
  return shorter.size() >= 4 && std::ranges::any_of(kPrefixes, [&](std::string_view prefix) {
           return longer.starts_with(prefix) && same_word(longer.substr(prefix.size()), shorter);
         });
}

double covered(const std::vector<Lexeme>& lexemes, const std::vector<Lexeme>& list) {
  double all = 0;
  double found = 0;
  for (const Lexeme& lexeme : lexemes) {
    if (!is_content(lexeme) && (lexeme.kind != LexemeKind::kNumber || lexeme.vague)) continue;
    const double weight = lexeme.kind == LexemeKind::kName ? 2 : 1;
    all += weight;
    found += weight * (holds(list, lexeme) ? 1 : holds_half(list, lexeme) ? kHalf : 0);
  }
  return all == 0 ? 1 : found / all;
}

Statement statement_of(std::string_view sentence) {
  Statement out{.lexemes = lexemes(sentence), .polarity = polarity_of(sentence)};
  out.clauses = clauses_of(out.lexemes, sentence);
  return out;
}

std::vector<Statement> statements_of(std::string_view passage) {
  std::vector<Statement> out;
  std::vector<Lexeme> headings;
  for (std::size_t at = 0; at < passage.size() && out.size() < kMaxStatements;) {
    const std::size_t end = std::min(passage.find('\n', at), passage.size());
    for (const std::string_view sentence : sentences_of(passage.substr(at, end - at))) {
      Statement statement = statement_of(sentence);
      statement.context = headings;
      if (is_heading(statement.lexemes)) {
        headings.insert(headings.end(), statement.lexemes.begin(), statement.lexemes.end());
      } else if (!out.empty() && points_back(statement.lexemes)) {
        for (const auto* list : {&out.back().lexemes, &out.back().context}) {
          statement.context.insert(statement.context.end(), list->begin(), list->end());
        }
        for (std::size_t back = 2; back <= std::min(kTopic, out.size()); ++back) {
          std::ranges::copy_if(out[out.size() - back].lexemes, std::back_inserter(statement.topic), is_proper);
        }
      }
      out.push_back(std::move(statement));
    }
    at = end + 1;
  }
  return out;
}

}  // namespace docmind::agents

#include <algorithm>

#include "cache/guard/impl/token.h"
#include "cache/guard/impl/words.h"

namespace docmind::cache {
namespace {

using Offset = std::ptrdiff_t;

bool is(const Tokens& tokens, std::size_t at, std::string_view word) {
  return at < tokens.size() && !tokens[at].fixed && tokens[at].text == word;
}

void erase(Tokens& tokens, std::size_t from, std::size_t count) {
  const auto first = tokens.begin() + static_cast<Offset>(from);
  tokens.erase(first, first + static_cast<Offset>(count));
}

void insert(Tokens& tokens, std::size_t at, Token token) {
  tokens.insert(tokens.begin() + static_cast<Offset>(at), std::move(token));
}

// A word that names something: no preposition, no auxiliary, no question word.
bool is_content(const Token& token) {
  if (token.fixed) return token.kind != ItemKind::kRole && token.kind != ItemKind::kBorder;
  return kind_of_word(QuestionLanguage::kEnglish, token.text) == ItemKind::kWord && !is_auxiliary(token.text);
}

bool is_article(const Token& token) {
  return !token.fixed && (token.text == "the" || token.text == "a" || token.text == "an");
}

bool is_name(const Token& token) {
  return (token.fixed && token.kind == ItemKind::kName) ||
         (is_content(token) && token.letter_case == LetterCase::kCapital);
}

bool has_stop_inside(const Tokens& tokens) {
  return std::any_of(tokens.begin(), tokens.end() - 1, [](const Token& token) { return token.stop; });
}

// "In Debian, what is X?": the phrase goes behind what it is about. Where it ends; 0 when there is none.
std::size_t end_of_front(const Tokens& tokens) {
  constexpr std::size_t kLongest = 8;
  if (tokens.size() < 4 || tokens[0].fixed || !is_preposition(tokens[0].text)) return 0;
  for (std::size_t i = 1; i < std::min(tokens.size() - 1, kLongest); ++i) {
    if (!tokens[i].fixed &&
        (is_asking(tokens[i].text) || is_auxiliary(tokens[i].text) || is_clause_word(tokens[i].text)))
      return 0;
    if (tokens[i + 1].fixed) continue;
    const std::string_view next = tokens[i + 1].text;
    if (is_asking(next)) return is_content(tokens[i]) ? i + 1 : 0;
    if (tokens[i].comma) return is_auxiliary(next) || is_request(next) ? i + 1 : 0;
  }
  return 0;
}

void move_front(Tokens& tokens) {
  const std::size_t end = end_of_front(tokens);
  if (end == 0 || has_stop_inside(tokens)) return;
  tokens[end - 1].comma = false;
  tokens.back().stop = false;
  tokens[end].letter_case = LetterCase::kUnknown;
  std::rotate(tokens.begin(), tokens.begin() + static_cast<Offset>(end), tokens.end());
}

// "why can not i" is "why can i not".
void move_negator(Tokens& tokens) {
  for (std::size_t i = 1; i + 1 < tokens.size(); ++i) {
    if (is(tokens, i, "not") && is_auxiliary(tokens[i - 1].text) && is_pronoun(tokens[i + 1].text)) {
      std::swap(tokens[i], tokens[i + 1]);
    }
  }
}

// The kind of question in front, in one form: a "?" for yes or no, "how" for "how do I", then is or was.
void settle_frame(Tokens& tokens) {
  if (tokens.empty()) return;
  if (is(tokens, 0, "if") || is(tokens, 0, "whether")) {
    tokens[0] = fixed_token("?", ItemKind::kAsked);
  } else if (!tokens[0].fixed && is_auxiliary(tokens[0].text)) {
    insert(tokens, 0, fixed_token("?", ItemKind::kAsked));
  }
  if (is(tokens, 0, "how")) {
    const bool may = is(tokens, 1, "do") || is(tokens, 1, "does") || is(tokens, 1, "can") || is(tokens, 1, "could") ||
                     is(tokens, 1, "would") || is(tokens, 1, "might");
    if (is(tokens, 1, "to"))
      erase(tokens, 1, 1);
    else if (may && tokens.size() > 3 && !tokens[2].fixed && is_generic_subject(tokens[2].text))
      erase(tokens, 1, 2);
  }
  const auto does =
      std::ranges::find_if(tokens, [](const Token& t) { return !t.fixed && (t.text == "do" || t.text == "does"); });
  if (does != tokens.end() && does + 1 != tokens.end() && !does->stop) tokens.erase(does);
}

void move_copula(Tokens& tokens) {
  const bool asks = !tokens.empty() && (tokens[0].text == "?" || (!tokens[0].fixed && is_asking(tokens[0].text)));
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].fixed) continue;
    const std::string_view word = tokens[i].text;
    const bool present = word == "is" || word == "are" || word == "am";
    if (!present && word != "was" && word != "were") continue;
    const bool stop = tokens[i].stop;
    Token copula = fixed_token(present ? "be" : "was", ItemKind::kRole);
    if (!asks || i == 0) {
      copula.stop = stop;
      tokens[i] = std::move(copula);
      return;
    }
    erase(tokens, i, 1);
    if (stop) tokens[i - 1].stop = true;
    insert(tokens, 1, std::move(copula));
    if (i > 1 && tokens[0].stop) tokens[0].stop = false;
    return;
  }
}

// "vitamin a deficiency" keeps its letter where small letters tell nothing.
bool may_drop(const Tokens& tokens, std::size_t at, const Lexicon& lexicon) {
  const Token& token = tokens[at];
  if (token.text != "a") return is_article(token);
  if (token.typed == "A" && at > 0) return false;
  if (at + 1 >= tokens.size()) return false;
  const Token& next = tokens[at + 1];
  if (!is_content(next)) {  // "a single X", but not "a few".
    return !next.fixed && kind_of_word(QuestionLanguage::kEnglish, next.text) == ItemKind::kQuantifier &&
           next.text != "few";
  }
  if (next.text == "little" || next.text == "lot" || next.text == "bit") return false;
  if (token.letter_case != LetterCase::kUnknown || at == 0 || !is_content(tokens[at - 1])) return true;
  const Lexicon::Word before = lexicon.find(tokens[at - 1].text);
  return before != Lexicon::kNoWord && (lexicon.flags(before) & Lexicon::kVerb) != 0;
}

void drop_articles(Tokens& tokens, const Lexicon& lexicon) {
  Tokens out;
  out.reserve(tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].fixed || !is_article(tokens[i]) || !may_drop(tokens, i, lexicon)) out.push_back(tokens[i]);
  }
  tokens = std::move(out);
}

// "Perl's limit" is "limit of Perl" where it is plain how far both reach: one word behind, and a name, or an article in
// front.
void move_genitive(Tokens& tokens) {
  const auto is_genitive = [](const Token& token) { return token.fixed && token.text == "'s"; };
  if (std::ranges::count_if(tokens, is_genitive) != 1) return;
  const auto at = static_cast<std::size_t>(std::ranges::find_if(tokens, is_genitive) - tokens.begin());
  const bool ends =
      at + 2 == tokens.size() || (at + 2 < tokens.size() && !is_content(tokens[at + 2]) && !is_article(tokens[at + 2]));
  if (at == 0 || at + 1 >= tokens.size() || !is_content(tokens[at + 1]) || !ends || tokens[at].comma) return;
  std::size_t start = at;
  if (is_name(tokens[at - 1])) {
    while (start > 0 && is_name(tokens[start - 1])) --start;
  } else {
    while (start > 0 && is_content(tokens[start - 1])) --start;
    if (start == at || start == 0 || !is_article(tokens[start - 1])) return;
  }
  Token thing = tokens[at + 1];
  const bool stop = thing.stop;
  thing.stop = false;
  erase(tokens, at, 2);
  tokens[at - 1].stop = stop;
  insert(tokens, start, word_token("of"));
  insert(tokens, start, std::move(thing));
}

bool comes_before(const Token& a, const Token& b) { return a.text < b.text; }

// "between A and B" is "between B and A".
void sort_between(Tokens& tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!is(tokens, i, "between")) continue;
    const auto first = tokens.begin() + static_cast<Offset>(i) + 1;
    const auto middle = std::find_if_not(first, tokens.end(), is_content);
    if (middle == first || middle == tokens.end() || middle->text != "and") continue;
    const auto last = std::find_if_not(middle + 1, tokens.end(), is_content);
    if (last == middle + 1 || std::any_of(first, last - 1, [](const Token& t) { return t.stop; })) continue;
    if (!std::lexicographical_compare(middle + 1, last, first, middle, comes_before)) continue;
    Tokens swapped(middle + 1, last);
    const bool stop = swapped.back().stop;
    swapped.back().stop = false;
    swapped.push_back(*middle);
    swapped.insert(swapped.end(), first, middle);
    swapped.back().stop = stop;
    std::ranges::move(swapped, first);
  }
}

// "Is A or B better", "who paid A and B": two names side by side, where nothing else can hang on one of them.
void sort_pairs(Tokens& tokens) {
  constexpr std::size_t kFrontEnds = 2;  // Behind "?" and "be".
  for (std::size_t i = 1; i + 1 < tokens.size(); ++i) {
    if (!is(tokens, i, "and") && !is(tokens, i, "or")) continue;
    Token& a = tokens[i - 1];
    Token& b = tokens[i + 1];
    if (!is_name(a) || !is_name(b) || a.stop || (i > 1 && is_name(tokens[i - 2]))) continue;
    const bool at_end = i + 2 == tokens.size();
    const bool at_front = i - 1 <= kFrontEnds && (i < 2 || !is_content(tokens[i - 2])) && i + 2 < tokens.size() &&
                          is_content(tokens[i + 2]) && !is_name(tokens[i + 2]);
    if ((!at_end && !at_front) || !comes_before(b, a)) continue;
    std::swap(a, b);
    std::swap(a.stop, b.stop);
  }
}

bool is_past(const Token& token) { return !token.fixed && token.text.ends_with("ed"); }

// "how do I automatically start X" is "how do I start X automatically", where only one thing is done.
void move_adverb(Tokens& tokens, const Lexicon& lexicon) {
  if (tokens.size() < 3 || !is(tokens, 0, "how") || tokens[1].fixed || !tokens[1].text.ends_with("ly")) return;
  const Lexicon::Word word = lexicon.find(tokens[1].text);
  if (word == Lexicon::kNoWord ||
      (lexicon.flags(word) & (Lexicon::kAdverb | Lexicon::kAdjective | Lexicon::kNoun)) != Lexicon::kAdverb)
    return;
  const bool plain = std::none_of(tokens.begin() + 1, tokens.end(), [](const Token& token) {
    return is_past(token) ||
           (!token.fixed && (is_clause_word(token.text) || is_asking(token.text) || is_auxiliary(token.text)));
  });
  if (!plain || has_stop_inside(tokens)) return;
  tokens.back().stop = false;
  std::rotate(tokens.begin() + 1, tokens.begin() + 2, tokens.end());
}

}  // namespace

void to_plain_order(Tokens& tokens, const Lexicon& lexicon) {
  if (tokens.empty()) return;
  move_negator(tokens);
  move_front(tokens);
  settle_frame(tokens);
  move_copula(tokens);
  move_genitive(tokens);
  drop_articles(tokens, lexicon);
  sort_between(tokens);
  sort_pairs(tokens);
  move_adverb(tokens, lexicon);
}

}  // namespace docmind::cache

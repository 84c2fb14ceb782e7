#include "agents/answer_form.h"

#include <algorithm>

#include "agents/impl/words.h"

namespace docmind::agents {
namespace {

using Words = std::vector<Word>;

bool is_auxiliary(std::string_view word) {
  return one_of(word, {"is",    "are",  "was",    "were",  "do",   "does",  "did", "can",  "could", "may",
                       "might", "must", "should", "shall", "will", "would", "has", "have", "had",   "am"});
}

bool is_wh(std::string_view word) {
  return one_of(word, {"who", "whom", "whose", "what", "which", "when", "where", "why", "how"});
}

std::string_view word_at(const Words& words, std::size_t at) {
  return at < words.size() ? std::string_view(words[at].lower) : std::string_view();
}

// The first of `nouns` within three words after position `at`: "which of the following commands" still asks for one.
bool noun_follows(const Words& words, std::size_t at, std::initializer_list<std::string_view> nouns) {
  for (std::size_t i = at + 1; i < words.size() && i <= at + 3; ++i) {
    std::string_view noun = words[i].lower;
    if (one_of(noun, nouns)) return true;
    if (noun.ends_with('s')) noun.remove_suffix(1);
    if (one_of(noun, nouns)) return true;
    if (is_auxiliary(words[i].lower)) return false;
  }
  return false;
}

// Whether a clause starts at word i: the first word, or the one after a comma, a full stop or an "and".
bool starts_clause(const Words& words, std::size_t i) {
  if (i == 0) return true;
  const std::string_view before = words[i - 1].raw;
  return before.ends_with(',') || before.ends_with('.') || before.ends_with(';') || before.ends_with(':') ||
         one_of(words[i - 1].lower, {"and", "or", "but"});
}

void add(AskedForms& asked, Form form) {
  if (std::find(asked.forms.begin(), asked.forms.end(), form) == asked.forms.end()) asked.forms.push_back(form);
}

void read_what(const Words& words, std::size_t i, AskedForms& asked) {
  const std::string_view next = word_at(words, i + 1);
  if (noun_follows(words, i, {"year", "date", "day", "month", "time"})) add(asked, Form::kTime);
  if (noun_follows(words, i,
                   {"command",  "option",  "package", "function",  "variable", "tool",     "program", "field",
                    "flag",     "script",  "utility", "parameter", "setting",  "target",   "method",  "module",
                    "operator", "keyword", "switch",  "keysym",    "tag",      "severity", "section"})) {
    add(asked, Form::kLiteral);
  }
  if (noun_follows(words, i, {"file", "directory", "list", "address", "folder", "path", "directorie", "addresse"})) {
    add(asked, Form::kPlace);
  }
  if (words[i].lower == "what" && (is_auxiliary(next) || next == "'s")) add(asked, Form::kDefinition);
}

void read_how(const Words& words, std::size_t i, AskedForms& asked) {
  const std::string_view next = word_at(words, i + 1);
  if (one_of(next, {"many", "much", "long", "often", "large", "big", "old", "far", "high"})) {
    add(asked, Form::kNumber);
  } else if (next == "to" || is_auxiliary(next)) {
    add(asked, Form::kProcedure);
  }
}

void read_word(const Words& words, std::size_t i, AskedForms& asked) {
  const std::string_view word = words[i].lower;
  const std::string_view next = word_at(words, i + 1);
  if (one_of(word, {"who", "whom", "whose", "author", "authors"})) add(asked, Form::kPerson);
  if (word == "when" && is_auxiliary(next)) add(asked, Form::kTime);
  if (word == "how") read_how(words, i, asked);
  if (one_of(word, {"maximum", "minimum"}) || (word == "default" && next == "value")) add(asked, Form::kNumber);
  if (word == "which" || word == "what") read_what(words, i, asked);
  if (word == "where") add(asked, Form::kPlace);
  if (one_of(word, {"meaning", "mean", "definition"})) add(asked, Form::kDefinition);
  if (one_of(word, {"why", "purpose", "reason"})) add(asked, Form::kReason);
  if (is_auxiliary(word) && starts_clause(words, i)) add(asked, Form::kVerdict);
  if (one_of(word, {"differ", "differs", "difference", "differences", "different"})) add(asked, Form::kDifference);
}

// "What is a native package?" -> native package; "What does it mean to be idempotent?" has no X of this kind.
std::vector<std::string> subject_of(const Words& words) {
  std::vector<std::string> subject;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i].lower != "what" || !is_auxiliary(words[i + 1].lower)) continue;
    std::size_t at = i + 2;
    if (one_of(word_at(words, at), {"a", "an", "the"})) ++at;
    for (; at < words.size() && subject.size() < 4; ++at) {
      if (one_of(words[at].lower, {"called", "named", "known", "used", "meant", "for", "good"})) break;
      subject.push_back(words[at].lower);
      if (!words[at].raw.ends_with(words[at].bare)) break;  // Punctuation ends it.
    }
    break;
  }
  return subject;
}

bool is_year(std::string_view word) {
  return word.size() == 4 && (word.starts_with("19") || word.starts_with("20")) && is_digit(word[2]) &&
         is_digit(word[3]);
}

bool is_address(std::string_view word) {
  const std::size_t at = word.find('@');
  return at != std::string_view::npos && at > 0 && word.find('.', at) != std::string_view::npos;
}

bool is_url(std::string_view word) { return word.find("://") != std::string_view::npos || word.starts_with("www."); }

bool is_path(std::string_view word) {
  const std::size_t slash = word.find('/');
  if (slash == std::string_view::npos || word.size() < 3) return false;
  if (slash == 0) return is_letter(word[1]) || word[1] == '.';
  return word.starts_with("~/") || word.starts_with("./") || word.find('/', slash + 1) != std::string_view::npos ||
         word.find('.') != std::string_view::npos;
}

bool is_capitalised(const Word& word) {
  return word.bare.size() >= 2 && is_upper(word.bare[0]) && is_lower(word.bare[1]);
}

bool is_file_name(std::string_view word) {
  const std::size_t dot = word.rfind('.');
  return dot != std::string_view::npos && dot > 0 && word.size() - dot >= 2 && word.size() - dot <= 6 &&
         std::all_of(word.begin() + static_cast<std::ptrdiff_t>(dot) + 1, word.end(), is_letter) &&
         is_letter(word[dot - 1]) && word != "e.g" && word != "i.e";
}

bool is_upper_name(std::string_view word) {
  return word.size() >= 3 && is_upper(word[0]) &&
         std::all_of(word.begin(), word.end(), [](char c) { return is_upper(c) || is_digit(c) || c == '_'; });
}

bool is_quoted(const Word& word) {
  constexpr std::string_view kQuotes[] = {"\"", "'", "`", "\u201c", "\u2018", "\u00ab"};
  return word.bare.size() >= 2 && word.raw.size() > word.bare.size() &&
         std::any_of(std::begin(kQuotes), std::end(kQuotes), [&](std::string_view quote) {
           return word.raw.starts_with(quote) && !word.raw.ends_with(word.bare);
         });
}

bool is_option(std::string_view word) {
  return word.size() >= 2 && word[0] == '-' && (is_letter(word[1]) || (word[1] == '-' && word.size() > 3));
}

bool joins_letters(std::string_view word, char by) {
  const std::size_t at = word.find(by);
  return at != std::string_view::npos && at > 0 && at + 1 < word.size() &&
         (is_letter(word[at - 1]) || is_digit(word[at - 1])) && (is_letter(word[at + 1]) || is_digit(word[at + 1]));
}

bool is_code_literal(const Word& word) {
  const std::string_view bare = word.bare;
  return is_option(bare) || bare.ends_with("()") || is_path(bare) || is_url(bare) || joins_letters(bare, '_') ||
         joins_letters(bare, '-') || is_file_name(bare) || is_upper_name(bare) ||
         (bare.size() >= 2 && bare[0] == '$' && (is_letter(bare[1]) || bare[1] == '{')) || is_quoted(word) ||
         bare.find("::") != std::string_view::npos;
}

template <typename Test>
bool any(const Words& words, Test test) {
  return std::any_of(words.begin(), words.end(), test);
}

bool any_of_words(const Words& words, std::initializer_list<std::string_view> set) {
  return any(words, [&](const Word& word) { return one_of(word.lower, set); });
}

// The same word, whichever of the two is a plural.
bool same_noun(std::string_view a, std::string_view b) {
  if (a.ends_with('s')) a.remove_suffix(1);
  if (b.ends_with('s')) b.remove_suffix(1);
  return a == b;
}

// Whether the words stand in a row somewhere in the sentence; gives the place after them, 0 when they do not.
std::size_t find_row(const Words& words, const std::vector<std::string>& row, std::size_t from = 0) {
  if (row.empty()) return 0;
  for (std::size_t i = from; i + row.size() <= words.size(); ++i) {
    bool same = true;
    for (std::size_t j = 0; j < row.size() && same; ++j) same = same_noun(words[i + j].lower, row[j]);
    if (same) return i + row.size();
  }
  return 0;
}

double person(const Words& words) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (is_capitalised(words[i]) && is_capitalised(words[i + 1]) && words[i].raw.ends_with(words[i].bare)) return 1;
  }
  if (any(words, [](const Word& word) { return is_address(word.bare); })) return 1;
  return any_of_words(words, {"team", "maintainer", "maintainers", "author", "authors", "user", "users", "developer",
                              "developers", "sponsor", "administrator", "people", "someone", "person"})
             ? 0.5
             : 0;
}

double time(const Words& words) {
  if (any(words, [](const Word& word) { return is_year(word.bare); })) return 1;
  if (any_of_words(words, {"january",   "february", "march",    "april",    "june",  "july", "august",
                           "september", "october",  "november", "december", "day",   "days", "week",
                           "weeks",     "month",    "months",   "hour",     "hours", "year", "years"})) {
    return 0.7;
  }
  return any_of_words(words, {"when", "after", "until", "before", "once", "while", "during", "if"}) ? 0.6 : 0;
}

double number(const Words& words) {
  const bool digit =
      any(words, [](const Word& word) { return std::any_of(word.bare.begin(), word.bare.end(), is_digit); });
  return digit || any_of_words(words, {"one",      "two",     "three", "four",   "five",   "six",    "seven",
                                       "eight",    "nine",    "ten",   "eleven", "twelve", "twenty", "hundred",
                                       "thousand", "million", "once",  "twice",  "daily",  "weekly", "monthly",
                                       "hourly",   "yearly",  "none",  "zero"})
             ? 1
             : 0;
}

double literal(const Words& words) { return any(words, is_code_literal) ? 1 : 0; }

double procedure(const Words& words) {
  const bool verb =
      any_of_words(words, {"use",     "using",     "run",     "running", "set",      "setting",  "add",     "adding",
                           "call",    "calling",   "install", "edit",    "change",   "changing", "type",    "put",
                           "create",  "creating",  "write",   "remove",  "delete",   "enter",    "invoke",  "execute",
                           "specify", "configure", "select",  "choose",  "download", "unpack",   "build",   "send",
                           "mail",    "modify",    "copy",    "replace", "check",    "pass",     "include", "give"});
  const bool code = any(words, is_code_literal);
  return verb && code ? 1 : verb ? 0.6 : code ? 0.5 : 0;
}

double place(const Words& words) {
  if (any(words, [](const Word& word) { return is_path(word.bare) || is_url(word.bare) || is_address(word.bare); })) {
    return 1;
  }
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (one_of(words[i].lower, {"in", "on", "at", "under"}) && words[i + 1].lower == "the") return 0.6;
  }
  return 0;
}

bool defines(std::string_view word) {
  return one_of(word, {"is", "are", "means", "mean", "refers", "refer", "contains", "contain", "was", "describes",
                       "denotes", "specifies", "will"});
}

double definition(const Words& words, const std::vector<std::string>& subject) {
  const std::size_t start = !words.empty() && one_of(words[0].lower, {"a", "an", "the"}) ? 1 : 0;
  const std::size_t after = find_row(words, subject);
  if (after != 0 && after == start + subject.size() &&
      std::any_of(words.begin() + static_cast<std::ptrdiff_t>(after), words.end(),
                  [](const Word& word) { return defines(word.lower); })) {
    return 1;
  }
  for (std::size_t at = after; at != 0; at = find_row(words, subject, at)) {
    if (at < words.size() && defines(words[at].lower)) return 0.8;
    const std::size_t first = at - subject.size();
    if (first > 0 && one_of(words[first - 1].lower, {"called", "named", "as", "is", "are"})) return 0.8;
  }
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (one_of(words[i].lower, {"is", "are"}) && one_of(words[i + 1].lower, {"a", "an", "the"})) return 0.4;
  }
  return 0;
}

double reason(const Words& words) {
  if (any_of_words(words, {"because", "since", "therefore", "otherwise", "allows", "allow", "avoid", "avoids",
                           "prevent", "prevents", "ensures", "ensure", "thus", "reason", "purpose", "saves"})) {
    return 1;
  }
  const std::vector<std::vector<std::string>> rows{
      {"so", "that"}, {"in", "order", "to"}, {"used", "to"}, {"due", "to"}};
  return std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return find_row(words, row) != 0; }) ? 1 : 0;
}

double verdict(const Words& words) {
  if (!words.empty() && one_of(words[0].lower, {"yes", "no"})) return 1;
  return any_of_words(words, {"must", "may", "cannot", "can", "can't", "not", "don't", "doesn't", "should", "allowed",
                              "permitted", "forbidden", "required", "possible", "impossible", "never", "always"})
             ? 0.8
             : 0;
}

double difference(const Words& words) {
  return any_of_words(words, {"whereas", "unlike", "instead", "but", "while", "however", "differs", "differ",
                              "difference", "distinguish", "contrast"}) ||
                 find_row(words, {"rather", "than"}) != 0
             ? 1
             : 0;
}

double value(Form form, const Words& words, const AskedForms& asked) {
  switch (form) {
    case Form::kPerson:
      return person(words);
    case Form::kTime:
      return time(words);
    case Form::kNumber:
      return number(words);
    case Form::kLiteral:
      return literal(words);
    case Form::kProcedure:
      return procedure(words);
    case Form::kPlace:
      return place(words);
    case Form::kDefinition:
      return definition(words, asked.subject);
    case Form::kReason:
      return reason(words);
    case Form::kVerdict:
      return verdict(words);
    case Form::kDifference:
      return difference(words);
  }
  return 0;
}

}  // namespace

AskedForms asked_forms(std::string_view question) {
  const Words all = words(question);
  AskedForms asked;
  for (std::size_t i = 0; i < all.size(); ++i) read_word(all, i, asked);
  asked.subject = subject_of(all);
  return asked;
}

double cue(const AskedForms& asked, std::string_view sentence) {
  if (asked.forms.empty()) return kNoForm;
  const Words all = words(sentence);
  double best = 0;
  for (const Form form : asked.forms) best = std::max(best, value(form, all, asked));
  return best;
}

bool has_code_literal(std::string_view sentence) { return any(words(sentence), is_code_literal); }

bool has_question_word(std::string_view text) {
  const Words all = words(text);
  return any(all, [](const Word& word) { return is_wh(word.lower); }) ||
         (!all.empty() && is_auxiliary(all.front().lower));
}

}  // namespace docmind::agents

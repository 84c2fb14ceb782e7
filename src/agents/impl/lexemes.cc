#include "agents/impl/lexemes.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "agents/impl/german.h"
#include "agents/impl/numbers.h"
#include "agents/impl/quantities.h"
#include "agents/impl/units.h"
#include "agents/impl/words.h"
#include "base/utf8.h"
#include "text/terms.h"

namespace docmind::agents {
namespace {

constexpr std::array<std::string_view, 24> kMonths = {
    "january",   "february", "march",    "april",    "may",       "june",    "july",     "august",
    "september", "october",  "november", "december", "januar",    "februar", "märz",     "april",
    "mai",       "juni",     "juli",     "august",   "september", "oktober", "november", "dezember"};
constexpr std::string_view kJoiners = "._-/:$@~+=*#&%<>^\\";

bool is_separator(char32_t c) {
  if (c < 0x80U)
    return !is_letter(static_cast<char>(c)) && !is_digit(static_cast<char>(c)) && c != '\'' && c != ',' &&
           kJoiners.find(static_cast<char>(c)) == std::string_view::npos;
  if (c == U'’') return false;
  return c == 0xa0U || c == 0xabU || c == 0xbbU || (c >= 0x2000U && c <= 0x206fU) || (c >= 0x3000U && c <= 0x303fU) ||
         (c >= 0xff00U && c <= 0xff0fU) || (c >= 0xff1aU && c <= 0xff20U) || (c >= 0xff3bU && c <= 0xff40U) ||
         (c >= 0xff5bU && c <= 0xff65U) || (c >= 0x2190U && c <= 0x23ffU) || c == 0xfffdU;
}

// One pass over a sentence.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text), german_(is_german(text)) {}

  std::vector<Lexeme> read() {
    for (at_ = 0; at_ < text_.size();) {
      const CodePoint c = code_point_at(text_, at_);
      token_ = at_;
      if (is_han(c.value)) {
        han_run();
      } else if (is_separator(c.value) || c.value == ',' || c.value == '\'' || c.value == U'’') {
        mark(c.value);
        at_ += c.length;
      } else {
        token();
      }
    }
    divide_at_words();
    if (german_) name_german_pairs();
    join_numbers(out_);
    join_units(out_);
    return std::move(out_);
  }

 private:
  void mark(char32_t c) {
    if (c == ' ' || c == '\n' || c == '\t') return;
    if (c == ',' || c == ';' || c == U'，' || c == U'；' || c == U'：' || c == U'—' || c == U'–' || c == U'、' ||
        c == U'。' || c == '(' || c == ')' || c == U'（' || c == U'）') {
      ++clause_;
    }
    if (c == '.' || c == U'。') start_ = true;
    if (c == '(' || c == U'（') bracketed_ = true;
    if (c == ')' || c == U'）') bracketed_ = false;
  }

  void han_run() {
    std::u32string run;
    std::vector<std::size_t> ends;
    const std::size_t begin = at_;
    while (at_ < text_.size()) {
      const CodePoint c = code_point_at(text_, at_);
      if (!is_han(c.value)) break;
      run += c.value;
      at_ += c.length;
      ends.push_back(at_);
    }
    const auto bytes = [&](std::size_t from, std::size_t to) {
      const std::size_t start = from == 0 ? begin : ends[from - 1];
      return std::string(text_.substr(start, ends[to - 1] - start));
    };
    for (std::size_t i = 0; i < run.size(); ++i) {
      han_number(run, i, bytes);
      if (i + 1 < run.size()) add(LexemeKind::kPair, bytes(i, i + 2));
    }
    if (run.size() == 1) add(LexemeKind::kPair, bytes(0, 1));
    start_ = false;
  }

  // A number that begins at i; 一 alone, 十分, 万一 and 千万 are words.
  void han_number(std::u32string_view run, std::size_t i, const auto& bytes) {
    if (!is_numeral(run[i]) || (i > 0 && is_numeral(run[i - 1]))) return;
    std::size_t end = i;
    while (end < run.size() && is_numeral(run[end])) ++end;
    const std::u32string_view digits = run.substr(i, end - i);
    if (digits == U"万一" || digits == U"千万" || (digits == U"十" && end < run.size() && run[end] == U'分')) return;
    Lexeme& added = add(LexemeKind::kNumber, bytes(i, end), han_value(digits));
    added.vague = digits == U"一";
    added.cardinal = true;
    for (const std::size_t length : {2U, 1U}) {
      if (end + length > run.size() || !added.unit.empty()) continue;
      added.unit = unit_of(bytes(end, end + length));
    }
  }

  void token() {
    const std::size_t begin = at_;
    while (at_ < text_.size()) {
      const CodePoint c = code_point_at(text_, at_);
      if (is_han(c.value) || is_separator(c.value)) break;
      const bool digits = at_ > begin && is_digit(text_[at_ - 1]) && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]);
      if (c.value == ',' && !digits) break;
      at_ += c.length;
    }
    std::string_view word = text_.substr(begin, at_ - begin);
    bool closes = false;
    while (!word.empty()) {
      const char last = word.back();
      if (word.ends_with("’")) {
        word.remove_suffix(3);
      } else if (last == '.' || last == ':' || last == '\'' || last == '-' || last == '=' || last == '*' ||
                 (last == '/' && word.size() > 1)) {
        closes = closes || last == '.' || last == ':';
        if (last == ':') ends_clause_ = true;
        word.remove_suffix(1);
      } else {
        break;
      }
    }
    while (!word.empty() && std::string_view("'*=<>&^").find(word.front()) != std::string_view::npos)
      word.remove_prefix(1);
    if (!word.empty()) {
      emit(word);
    } else if (text_.substr(begin, at_ - begin) == "-" || text_.substr(begin, at_ - begin) == "--") {
      ++clause_;
    }
    if (ends_clause_) ++clause_;
    ends_clause_ = false;
    start_ = closes;
  }

  Lexeme& add(LexemeKind kind, std::string text, std::string key = {}) {
    if (key.empty()) key = text;
    return out_.emplace_back(Lexeme{.kind = kind,
                                    .key = std::move(key),
                                    .text = std::move(text),
                                    .bracketed = bracketed_,
                                    .clause = clause_,
                                    .at = token_});
  }

  void emit(std::string_view word) {
    if (numbers(word)) return;
    std::string_view bare = word;
    for (const std::string_view owner : {"'s", "’s", "'", "’"}) {
      if (bare.size() > owner.size() && bare.ends_with(owner)) bare.remove_suffix(owner.size());
    }
    const std::string lower = lower_of(bare);
    const auto month = std::ranges::find(kMonths, lower);
    const bool capital = lower != bare;
    if (month != kMonths.end() && (capital || lower == "märz")) {
      add(LexemeKind::kName, std::string(word), "month:" + std::to_string((month - kMonths.begin()) % 12 + 1))
          .identifier = true;
      return;
    }
    if (NumberWord number = number_of(lower); !number.value.empty()) return spelled(lower, std::move(number));
    if (lower == "%" || counts_in(lower)) {
      add(LexemeKind::kFunction, lower).unit = unit_of(lower);
      return;
    }
    if (compound_number(lower)) return;
    const bool plain =
        std::ranges::all_of(bare, [](char c) { return is_letter(c) || c == '-' || c == '\'' || (c & 0x80) != 0; });
    const bool shouting =
        bare.size() > 1 && std::ranges::all_of(bare, [](char c) { return is_upper(c) || is_digit(c); });
    const bool camel =
        plain && std::ranges::any_of(bare.substr(1), is_upper) && bare.find('-') == std::string_view::npos;
    if (!plain || shouting || camel || named_in_german(lower, capital)) {
      Lexeme& name = add(LexemeKind::kName, std::string(word), lower);
      name.capital = capital;
      name.identifier = !(shouting && shouted(lower));
      if (shouting && shouted(lower)) name.kind = LexemeKind::kFunction;
      return;
    }
    words_of(word, bare, lower, capital);
  }

  // "MB" behind a number.
  bool counts_in(const std::string& lower) const {
    return !out_.empty() && out_.back().kind == LexemeKind::kNumber && is_measured(unit_of(lower));
  }

  // "dpkg-dev", and "debsign" in "der Befehl debsign": in lower case no German compound or noun.
  bool named_in_german(const std::string& lower, bool capital) const {
    if (!german_ || capital || is_german_function_word(lower)) return false;
    const bool compound = lower.find('-') != std::string::npos && !lower.starts_with("nicht-");
    return compound || (!out_.empty() &&
                        one_of(out_.back().text, {"Befehl", "Paket", "Pakets", "Programm", "Datei", "Option", "Gruppe",
                                                  "Funktion", "Werkzeug", "Befehls", "Befehle", "Pakete"}));
  }

  // NOT and MUST are words, whatever they are written in.
  static bool shouted(const std::string& lower) { return text::is_function_word(lower); }

  void words_of(std::string_view word, std::string_view bare, const std::string& lower, bool capital) {
    const bool first = start_ || out_.empty();
    const bool after_noun = !out_.empty() && out_.back().kind != LexemeKind::kFunction;
    const bool not_yet = lower == "yet" && !out_.empty() && one_of(out_.back().key, {"not", "nobody", "never"});
    if ((conjunction(lower) && !not_yet && !(lower == "but" && excepts())) || (after_noun && relates(lower))) ++clause_;
    Lexeme& added = add(LexemeKind::kWord, std::string(word), stem_of(lower));
    added.capital = capital;
    added.unit = unit_of(lower);
    if (text::is_function_word(lower) || is_german_function_word(lower) || reports(lower) || is_contraction(lower)) {
      added.kind = LexemeKind::kFunction;
      added.key = lower;
    } else if (capital && !first && !german_) {
      added.kind = LexemeKind::kName;
    }
    if (bare.find('-') != std::string_view::npos) added.key = lower;
  }

  static std::string stem_of(const std::string& lower) {
    const auto terms = text::terms(lower);
    return terms.empty() ? lower : terms.front().text;
  }

  // "don't", "they'll"
  static bool is_contraction(std::string_view lower) {
    const std::size_t mark = std::min(lower.find('\''), lower.find("’"));
    return mark != std::string_view::npos &&
           one_of(lower.substr(lower.find_last_of("'\x99") + 1), {"t", "re", "ll", "ve", "d", "m", "s"});
  }

  // Words that say who says it.
  static bool reports(const std::string& lower) {
    return one_of(lower, {"according", "says", "said", "say", "states", "stated", "explains", "explained", "mentions",
                          "mentioned", "notes", "page", "pages", "passage", "seite"});
  }

  // "nothing but", "all but"
  bool excepts() const {
    return !out_.empty() && std::ranges::any_of(out_, [&](const Lexeme& l) {
      return l.clause == clause_ && one_of(l.key, {"nowhere", "nowher", "nothing", "all", "every", "none", "noth",
                                                   "everyth", "nobody", "any"});
    });
  }

  // "a package they maintain", "the file that is read"
  static bool relates(const std::string& lower) { return one_of(lower, {"that", "they", "we", "you", "he", "she"}); }

  static bool conjunction(const std::string& lower) {
    return one_of(lower, {"but", "because", "since", "while", "whereas", "although", "though", "which", "who", "whose",
                          "so", "yet", "aber", "sondern", "weil"});
  }

  void spelled(const std::string& lower, NumberWord number) {
    const bool pronoun = number.value == "1" || lower.starts_with("second") || lower.starts_with("zweite");
    Lexeme& added = add(LexemeKind::kNumber, lower, std::move(number.value));
    added.vague = pronoun;
    added.cardinal = number.cardinal;
    if (lower == "second") added.unit = "second";
  }

  // "twenty-three"
  bool compound_number(const std::string& lower) {
    const std::size_t hyphen = lower.find('-');
    if (hyphen == std::string::npos) return false;
    const std::string tens = number_of(std::string_view(lower).substr(0, hyphen)).value;
    const std::string ones = number_of(std::string_view(lower).substr(hyphen + 1)).value;
    if (tens.size() != 2 || tens[1] != '0' || ones.size() != 1) return false;
    add(LexemeKind::kNumber, lower, std::string{tens[0], ones[0]}).cardinal = true;
    return true;
  }

  // Digits with what may hang on them: 27th, 32bit, 64-bit, 5%, 1000-59999, 2022-12-17, 1.17-7.
  bool numbers(std::string_view word) {
    std::string_view rest = word;
    std::string_view currency;
    for (const std::string_view sign : {"$", "€", "~"}) {
      if (rest.size() <= sign.size() || !rest.starts_with(sign) || !is_digit(rest[sign.size()])) continue;
      currency = unit_of(sign);
      rest.remove_prefix(sign.size());
    }
    if (rest.ends_with('+')) rest.remove_suffix(1);
    if (rest.size() > 1 && (rest.front() == '-' || rest.front() == '+') && is_digit(rest[1])) {
      if (rest.substr(1).find_first_not_of("0123456789.,") == std::string_view::npos) {
        add(LexemeKind::kNumber, std::string(rest),
            (rest.front() == '-' ? "-" : "") + value_of(std::string(rest.substr(1))));
        return true;
      }
      return false;
    }
    std::vector<std::string_view> parts;
    std::string_view suffix;
    while (!rest.empty()) {
      std::size_t end = 0;
      while (end < rest.size() && (is_digit(rest[end]) || ((rest[end] == '.' || rest[end] == ',') && end > 0))) ++end;
      if (end == 0) break;
      parts.push_back(rest.substr(0, end));
      rest.remove_prefix(end);
      if (rest.size() > 1 && (rest[0] == '-' || rest[0] == ':' || rest[0] == '/') && is_digit(rest[1]))
        rest.remove_prefix(1);
      else
        break;
    }
    if (parts.empty()) return false;
    if (!rest.empty()) {
      suffix = rest.front() == '-' ? rest.substr(1) : rest;
      const std::string lower = lower_of(suffix);
      const bool ordinal = one_of(lower, {"st", "nd", "rd", "th", "ten", "s"});
      if (!ordinal && unit_of(lower).empty()) return false;
    }
    const bool date = parts.size() == 3 && parts[0].size() == 4 && parts[1].size() == 2 && parts[2].size() == 2;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      std::string value = value_of(std::string(parts[i]));
      if (date && i == 1) {
        add(LexemeKind::kName, std::string(word), "month:" + value).identifier = true;
      } else {
        add(LexemeKind::kNumber, std::string(parts[i]), std::move(value)).unit =
            currency.empty() ? unit_of(lower_of(suffix)) : currency;
      }
    }
    return true;
  }

  // "... and is read", "rather than ...": a clause; "section and priority": none.
  void divide_at_words() {
    std::uint32_t more = 0;
    for (std::size_t i = 1; i < out_.size(); ++i) {
      const bool joined = one_of(out_[i - 1].key, {"and", "und"}) && out_[i].kind == LexemeKind::kFunction;
      const bool than = out_[i].key == "rather" && i + 1 < out_.size() && out_[i + 1].key == "than";
      const bool contrasts = than || one_of(out_[i].key, {"instead", "unlike", "anstatt", "statt"});
      if ((joined || contrasts) && out_[i].clause + more == out_[i - 1].clause) ++more;
      out_[i].clause += more;
    }
  }

  // "Joey Hess": nouns do not stand side by side. "Neue Versionen" at the start is none.
  void name_german_pairs() {
    const auto noun = [&](const Lexeme& l) {
      return l.capital && l.unit.empty() && (l.kind == LexemeKind::kWord || l.kind == LexemeKind::kName) &&
             l.text.find_first_of("-.") == std::string::npos;
    };
    const auto adjective = [](std::string_view word) {
      return word.ends_with('e') || word.ends_with("er") || word.ends_with("es") || word.ends_with("en") ||
             word.ends_with("em");
    };
    for (std::size_t i = 0; i + 1 < out_.size(); ++i) {
      Lexeme& a = out_[i];
      Lexeme& b = out_[i + 1];
      if (!noun(a) || !noun(b) || b.at != a.at + a.text.size() + 1 || (i == 0 && adjective(a.text))) continue;
      a.kind = LexemeKind::kName;
      b.kind = LexemeKind::kName;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t token_ = 0;  // Where what is read now starts.
  std::uint32_t clause_ = 0;
  bool german_ = false;
  bool start_ = true;
  bool ends_clause_ = false;
  bool bracketed_ = false;
  std::vector<Lexeme> out_;
};

}  // namespace

bool is_han(char32_t c) {
  return (c >= 0x4e00U && c <= 0x9fffU) || (c >= 0x3400U && c <= 0x4dbfU) || (c >= 0x3041U && c <= 0x30ffU) ||
         (c >= 0x20000U && c <= 0x2ebefU) || c == U'〇' || (c >= 0xac00U && c <= 0xd7a3U);
}

std::vector<Lexeme> lexemes(std::string_view sentence) { return Reader(sentence).read(); }

}  // namespace docmind::agents

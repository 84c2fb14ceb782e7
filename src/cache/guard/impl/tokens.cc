#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "cache/guard/impl/token.h"
#include "cache/guard/impl/word_set.h"
#include "cache/guard/impl/words.h"

namespace docmind::cache {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

constexpr auto kCurrencies = std::to_array<std::string_view>({"US$", "$", "€", "£", "¥"});

std::string_view currency_before(std::string_view text) {
  for (const std::string_view sign : kCurrencies) {
    if (text.starts_with(sign)) return sign;
  }
  return {};
}

// "1,000" without its commas; nothing when they do not part thousands.
std::optional<std::string> without_commas(std::string_view digits) {
  if (digits.find(',') == std::string_view::npos) return std::string(digits);
  const std::string_view whole = digits.substr(0, digits.find('.'));
  std::string out;
  std::size_t group = 0;
  for (std::size_t i = 0; i <= whole.size(); ++i) {
    if (i < whole.size() && whole[i] != ',') {
      ++group;
      out += whole[i];
      continue;
    }
    const bool first = out.size() == group;
    if (group == 0 || group > 3 || (!first && group != 3)) return std::nullopt;
    group = 0;
  }
  const std::string_view fraction = digits.substr(whole.size());
  if (fraction.find(',') != std::string_view::npos) return std::nullopt;
  return out.append(fraction);
}

// "-$1,000", "5mg", "v1.20": false when the text is no number with at most a sign, a currency and a unit.
bool add_number(Tokens& out, std::string_view text, QuestionLanguage language) {
  std::string sign;
  std::string_view rest = text;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    sign = rest[0];
    rest.remove_prefix(1);
  }
  const std::string_view currency = currency_before(rest);
  rest.remove_prefix(currency.size());
  const bool version = currency.empty() && sign.empty() && rest.size() > 1 && (rest[0] == 'v' || rest[0] == 'V');
  if (version) rest.remove_prefix(1);
  std::size_t end = 0;
  while (end < rest.size() && (is_digit(rest[end]) || rest[end] == '.' || rest[end] == ',')) ++end;
  std::string_view digits = rest.substr(0, end);
  if (digits.empty() || !is_digit(digits.front()) || !is_digit(digits.back())) return false;
  std::string_view unit = rest.substr(end);
  if (!unit.empty()) unit = unit_of(unit, folded(unit));
  if (unit.empty() && end < rest.size()) return false;
  const auto value = language == QuestionLanguage::kEnglish ? without_commas(digits) : std::string(digits);
  if (!value) return false;
  if (version) out.push_back(word_token("version"));
  out.push_back(fixed_token(sign + *value, ItemKind::kNumber));
  if (!currency.empty()) out.push_back(fixed_token(std::string(currency), ItemKind::kUnit));
  if (!unit.empty()) out.push_back(fixed_token(std::string(unit), ItemKind::kUnit));
  return true;
}

bool is_date(std::string_view text) {  // 2023-05-01, 1/5/2023, Q3
  const auto sign = [](char c) { return is_digit(c) || c == '-' || c == '/' || c == '.'; };
  if (text.size() == 2 && (text[0] == 'Q' || text[0] == 'q') && text[1] >= '1' && text[1] <= '4') return true;
  return text.size() >= 8 && text.size() <= 10 && std::ranges::all_of(text, sign) &&
         std::ranges::count_if(text, is_digit) >= 6;
}

// "U.S" of "U.S.": letters with dots between are an acronym.
std::optional<std::string> acronym(std::string_view text) {
  if (text.size() < 3) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i % 2 == 0 ? !is_capital(text[i]) : text[i] != '.') return std::nullopt;
    if (i % 2 == 0) out += text[i];
  }
  return out;
}

// What stands before "n't", where it is not just cut off.
constexpr auto kNegated = word_map<std::string_view>({
    {"can't", "can"}, {"won't", "will"},  {"shan't", "shall"},  {"cannot", "can"},    {"cant", "can"},
    {"dont", "do"},   {"doesnt", "does"}, {"didnt", "did"},     {"isnt", "is"},       {"arent", "are"},
    {"wasnt", "was"}, {"werent", "were"}, {"couldnt", "could"}, {"wouldnt", "would"}, {"shouldnt", "should"},
    {"hasnt", "has"}, {"havent", "have"}, {"hadnt", "had"},     {"mustnt", "must"},
});
constexpr auto kEndings = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"'ll", "will"},
    {"'re", "are"},
    {"'ve", "have"},
    {"'m", "am"},
    {"'d", "would"},
});
constexpr auto kBare = word_map<std::string_view>({
    {"whats", "what"},
    {"hows", "how"},
    {"wheres", "where"},
    {"whos", "who"},
    {"thats", "that"},
    {"theres", "there"},
});

// "can't" as can and not, "what's" as what and is; false for words that hide none.
bool add_contraction(Tokens& out, std::string_view low) {
  const auto two = [&](std::string_view a, std::string_view b) {
    out.push_back(word_token(std::string(a)));
    out.push_back(word_token(std::string(b)));
    return true;
  };
  if (const std::string_view* const meant = kNegated.find(low)) return two(*meant, "not");
  if (const std::string_view* const meant = kBare.find(low)) return two(*meant, "is");
  if (low.find('\'') == std::string_view::npos) return false;
  if (low.ends_with("n't")) return two(low.substr(0, low.size() - 3), "not");
  for (const auto& [ending, meant] : kEndings) {
    if (low.size() > ending.size() && low.ends_with(ending))
      return two(low.substr(0, low.size() - ending.size()), meant);
  }
  if (low == "let's") return two("let", "us");
  if (!low.ends_with("'s")) return false;
  const std::string_view word = low.substr(0, low.size() - 2);
  return (is_asking(word) || is_pronoun(word) || word == "that" || word == "here") && two(word, "is");
}

LetterCase case_of(std::string_view typed) {
  return is_capital(typed.front()) ? LetterCase::kCapital : LetterCase::kSmall;
}

void add_word(Tokens& out, std::string_view typed) {
  const std::string_view acronym = typed.substr(0, typed.size() - 1);
  if (typed.size() > 2 && typed.back() == 's' && std::ranges::all_of(acronym, is_capital)) typed = acronym;  // "PDFs"
  Token token = word_token(folded(typed));
  token.typed = typed;
  token.letter_case = case_of(typed);
  if (typed.size() > 1 && std::ranges::all_of(typed, is_capital) &&
      kind_of_word(QuestionLanguage::kEnglish, token.text) == ItemKind::kRole) {
    token = fixed_token(std::string(typed), ItemKind::kName);  // "US" and "IT" are no pronouns.
  }
  out.push_back(std::move(token));
}

void add_english(Tokens& out, std::string_view typed) {
  const std::string low = folded(typed);
  const std::size_t before = out.size();
  if (add_contraction(out, low)) {
    out[before].letter_case = case_of(typed);
    return;
  }
  std::string_view rest = typed;
  std::string_view genitive;
  if (low.ends_with("'s")) genitive = "'s";
  if (low.ends_with("s'")) genitive = "'";
  rest.remove_suffix(genitive.size());
  const bool compound = rest.find('-') != std::string_view::npos;
  while (!rest.empty()) {
    const std::size_t hyphen = std::min(rest.find('-'), rest.size());
    if (hyphen > 0) {
      add_word(out, rest.substr(0, hyphen));
      if (compound && out.back().licence == Licence::kFull) out.back().licence = Licence::kInflected;
    }
    rest.remove_prefix(std::min(hyphen + 1, rest.size()));
  }
  if (!genitive.empty()) {
    out.push_back(fixed_token("'s", ItemKind::kRole));
  }
}

void add_tokens(Tokens& out, const Piece& piece, QuestionLanguage language) {
  const std::string_view text = piece.text;
  if (piece.kind == PieceKind::kQuoted) {
    out.push_back(fixed_token('"' + piece.text + '"', ItemKind::kName));
    return;
  }
  if (is_date(text)) {
    out.push_back(fixed_token(piece.text, ItemKind::kDate));
    return;
  }
  if (piece.kind == PieceKind::kPlain && text.find('\'') == 0)
    return out.push_back(fixed_token(piece.text, ItemKind::kName));
  if (piece.kind == PieceKind::kPlain) {
    if (language == QuestionLanguage::kEnglish) return add_english(out, text);
    Token word = word_token(folded(text));
    word.licence = Licence::kSame;
    word.typed = text;
    out.push_back(std::move(word));
    return;
  }
  if (add_number(out, text, language)) return;
  if (const auto letters = acronym(text)) return out.push_back(fixed_token(*letters, ItemKind::kName));
  const bool digits_alone = std::ranges::none_of(text, is_letter) && std::ranges::any_of(text, is_digit);
  out.push_back(fixed_token(piece.text, digits_alone ? ItemKind::kNumber : ItemKind::kName));
}

// The value of number words from `at` on, `before` being the word in front, and how many there are: "twenty five" is 25
// and 2.
std::pair<int, std::size_t> spelt_number(const Tokens& tokens, std::size_t at, std::string_view before,
                                         QuestionLanguage language) {
  const auto value = [&](std::size_t i) {
    return i < tokens.size() && !tokens[i].fixed ? number_word(language, tokens[i].text) : -1;
  };
  const int first = value(at);
  const bool anybody = tokens[at].text == "one" && is_auxiliary(before);  // "can one"
  if (first < 0 || anybody) return {-1, 0};
  const int second = value(at + 1);
  if (first >= 20 && first < 100 && second > 0 && second < 10 && !tokens[at].comma) return {first + second, 2};
  if (at + 1 < tokens.size() && first > 0 && first < 10) {
    if (tokens[at + 1].text == "hundred") return {first * 100, 2};
    if (tokens[at + 1].text == "thousand") return {first * 1000, 2};
  }
  return {first, 1};
}

// "MB", "megabytes" and, in the mixed case of an identifier, "dB".
void settle_unit(Token& token) {
  const std::string_view unit = token.fixed ? unit_of(token.text, token.text) : unit_of(token.typed, token.text);
  if (unit.empty()) return;
  Token settled = fixed_token(std::string(unit), ItemKind::kUnit);
  settled.comma = token.comma;
  settled.stop = token.stop;
  token = std::move(settled);
}

}  // namespace

Token word_token(std::string text) {
  Token token;
  token.text = std::move(text);
  return token;
}

Token fixed_token(std::string text, ItemKind kind) {
  Token token;
  token.text = std::move(text);
  token.kind = kind;
  token.licence = Licence::kSame;
  token.fixed = true;
  return token;
}

QuestionLanguage language_of(const std::vector<Piece>& pieces) {
  std::size_t english = 0;
  std::size_t german = 0;
  std::size_t words = 0;
  for (const Piece& piece : pieces) {
    if (piece.kind != PieceKind::kPlain) continue;
    const std::string low = folded(piece.text);
    const std::string_view start = std::string_view(low).substr(0, low.find('\''));
    ++words;
    if (is_english_sign(start) || low.ends_with("n't")) ++english;
    if (is_german_sign(low)) ++german;
  }
  const auto shows = [&](std::size_t signs,
                         std::size_t others) {  // One may be chance: Dutch has an "is" and an "of" too.
    return signs > others && (signs * 5 >= words || (signs > 1 && signs * 10 >= words));
  };
  if (shows(english, german)) return QuestionLanguage::kEnglish;
  return shows(german, english) ? QuestionLanguage::kGerman : QuestionLanguage::kOther;
}

Tokens tokens_of(const std::vector<Piece>& pieces, QuestionLanguage language) {
  Tokens out;
  out.reserve(pieces.size() + 8);
  for (const Piece& piece : pieces) {
    add_tokens(out, piece, language);
    if (out.empty()) continue;
    out.back().comma = out.back().comma || piece.comma;
    out.back().stop = out.back().stop || piece.stop;
  }
  return out;
}

void join_numbers(Tokens& tokens, QuestionLanguage language) {
  Tokens out;
  out.reserve(tokens.size());
  for (std::size_t i = 0; i < tokens.size();) {
    Token& token = tokens[i];
    const bool after_number = !out.empty() && out.back().kind == ItemKind::kNumber && !out.back().comma;
    if (const auto [value, count] = spelt_number(tokens, i, out.empty() ? "" : out.back().text, language); count > 0) {
      Token number = fixed_token(std::to_string(value), ItemKind::kNumber);
      number.comma = tokens[i + count - 1].comma;
      number.stop = tokens[i + count - 1].stop;
      out.push_back(std::move(number));
      i += count;
    } else {
      if (after_number && (!token.fixed || token.kind == ItemKind::kName)) settle_unit(token);
      out.push_back(std::move(token));
      ++i;
    }
    Token* minus = out.size() > 1 ? &out[out.size() - 2] : nullptr;
    if (minus != nullptr && out.back().kind == ItemKind::kNumber &&
        (minus->text == "minus" || minus->text == "negative") &&
        (out.size() < 3 || out[out.size() - 3].kind != ItemKind::kNumber)) {
      out.back().text.insert(0, "-");
      out.erase(out.end() - 2);
    }
  }
  tokens = std::move(out);
}

}  // namespace docmind::cache

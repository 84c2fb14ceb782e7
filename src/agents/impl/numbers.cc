#include "agents/impl/numbers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "agents/impl/word_table.h"
#include "agents/impl/words.h"

namespace docmind::agents {
namespace {

constexpr auto kCardinals = word_table({{"zero", "0"},
                                        {"one", "1"},
                                        {"two", "2"},
                                        {"three", "3"},
                                        {"four", "4"},
                                        {"five", "5"},
                                        {"six", "6"},
                                        {"seven", "7"},
                                        {"eight", "8"},
                                        {"nine", "9"},
                                        {"ten", "10"},
                                        {"eleven", "11"},
                                        {"twelve", "12"},
                                        {"thirteen", "13"},
                                        {"fourteen", "14"},
                                        {"fifteen", "15"},
                                        {"sixteen", "16"},
                                        {"seventeen", "17"},
                                        {"eighteen", "18"},
                                        {"nineteen", "19"},
                                        {"twenty", "20"},
                                        {"thirty", "30"},
                                        {"forty", "40"},
                                        {"fifty", "50"},
                                        {"sixty", "60"},
                                        {"seventy", "70"},
                                        {"eighty", "80"},
                                        {"ninety", "90"},
                                        {"hundred", "100"},
                                        {"thousand", "1000"},
                                        {"dozen", "12"},
                                        {"million", "1000000"},
                                        {"billion", "1000000000"},
                                        {"trillion", "1000000000000"},
                                        {"null", "0"},
                                        {"eins", "1"},
                                        {"zwei", "2"},
                                        {"drei", "3"},
                                        {"vier", "4"},
                                        {"fünf", "5"},
                                        {"sechs", "6"},
                                        {"sieben", "7"},
                                        {"acht", "8"},
                                        {"neun", "9"},
                                        {"zehn", "10"},
                                        {"elf", "11"},
                                        {"zwölf", "12"},
                                        {"dreizehn", "13"},
                                        {"vierzehn", "14"},
                                        {"fünfzehn", "15"},
                                        {"sechzehn", "16"},
                                        {"siebzehn", "17"},
                                        {"achtzehn", "18"},
                                        {"neunzehn", "19"},
                                        {"zwanzig", "20"},
                                        {"dreißig", "30"},
                                        {"vierzig", "40"},
                                        {"fünfzig", "50"},
                                        {"sechzig", "60"},
                                        {"siebzig", "70"},
                                        {"achtzig", "80"},
                                        {"neunzig", "90"},
                                        {"hundert", "100"},
                                        {"tausend", "1000"},
                                        {"dutzend", "12"},
                                        {"hunderte", "100"},
                                        {"tausende", "1000"},
                                        {"million", "1000000"},
                                        {"millionen", "1000000"},
                                        {"milliarde", "1000000000"},
                                        {"milliarden", "1000000000"},
                                        {"hundreds", "100"},
                                        {"thousands", "1000"},
                                        {"millions", "1000000"},
                                        {"billions", "1000000000"}});

constexpr auto kOtherNumbers = word_table(
    {{"half", "0.5"},     {"halves", "0.5"},   {"halb", "0.5"},     {"halbe", "0.5"},     {"halben", "0.5"},
     {"hälfte", "0.5"},   {"once", "1"},       {"first", "1"},      {"firstly", "1"},     {"einmal", "1"},
     {"erste", "1"},      {"ersten", "1"},     {"erster", "1"},     {"erstes", "1"},      {"second", "2"},
     {"secondly", "2"},   {"zweite", "2"},     {"zweiten", "2"},    {"zweiter", "2"},     {"zweites", "2"},
     {"twice", "2"},      {"double", "2"},     {"doubles", "2"},    {"doubled", "2"},     {"doubling", "2"},
     {"twofold", "2"},    {"zweimal", "2"},    {"doppelt", "2"},    {"doppelte", "2"},    {"verdoppelt", "2"},
     {"thrice", "3"},     {"triple", "3"},     {"tripled", "3"},    {"threefold", "3"},   {"dreimal", "3"},
     {"third", "3"},      {"dritte", "3"},     {"dritten", "3"},    {"dritter", "3"},     {"viermal", "4"},
     {"fourth", "4"},     {"fifth", "5"},      {"sixth", "6"},      {"seventh", "7"},     {"eighth", "8"},
     {"ninth", "9"},      {"tenth", "10"},     {"eleventh", "11"},  {"twelfth", "12"},    {"vierte", "4"},
     {"vierten", "4"},    {"fünfte", "5"},     {"fünften", "5"},    {"thirteenth", "13"}, {"fourteenth", "14"},
     {"fifteenth", "15"}, {"sixteenth", "16"}, {"twentieth", "20"}, {"fünfmal", "5"}});

// Han characters with which a number is written, and their values; 十百千万亿 multiply.
int han_digit(char32_t c) {
  constexpr std::u32string_view kDigits = U"〇一二三四五六七八九";
  if (c == U'零') return 0;
  if (c == U'两') return 2;
  const std::size_t at = kDigits.find(c);
  return at == std::u32string_view::npos ? -1 : static_cast<int>(at);
}
std::uint64_t han_power(char32_t c) {
  constexpr std::array<std::pair<char32_t, std::uint64_t>, 5> kPowers = {
      {{U'十', 10}, {U'百', 100}, {U'千', 1000}, {U'万', 10'000}, {U'亿', 100'000'000}}};
  const auto it = std::ranges::find(kPowers, c, &std::pair<char32_t, std::uint64_t>::first);
  return it == kPowers.end() ? 0 : it->second;
}

// "zweiundzwanzig", "fünfhundert", "eintausendzehn"; nothing for other words.
std::optional<std::uint64_t> german_number(std::string_view word) {
  if (word == "ein") return 1;
  if (const std::string_view value = look_up(kCardinals, word); !value.empty()) {
    return static_cast<std::uint64_t>(amount_of(value).value_or(0));
  }
  for (const auto& [scale, factor] : {std::pair{std::string_view("tausend"), 1000U}, {"hundert", 100U}}) {
    const std::size_t at = word.find(scale);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = word.substr(at + scale.size());
    const auto before = at == 0 ? 1 : german_number(word.substr(0, at));
    const auto after = rest.empty() ? 0 : german_number(rest);
    return before && after ? std::optional(*before * factor + *after) : std::nullopt;
  }
  const std::size_t at = word.find("und");
  if (at == 0 || at == std::string_view::npos) return std::nullopt;
  const auto ones = german_number(word.substr(0, at));
  const auto tens = german_number(word.substr(at + 3));
  const bool joined = ones && tens && *ones < 10 && *tens >= 20 && *tens < 100;
  return joined ? std::optional(*ones + *tens) : std::nullopt;
}

}  // namespace

NumberWord number_of(std::string_view word) {
  if (const std::string_view value = look_up(kCardinals, word); !value.empty()) return {std::string(value), true};
  if (const std::string_view value = look_up(kOtherNumbers, word); !value.empty()) return {std::string(value), false};
  if (const auto value = word.size() < 40 ? german_number(word) : std::nullopt; value && word != "ein")
    return {std::to_string(*value), true};
  return {};
}

std::optional<double> amount_of(std::string_view value) {
  double amount = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), amount, std::chars_format::fixed);
  if (value.empty() || read.ec != std::errc() || read.ptr != value.data() + value.size()) return std::nullopt;
  return amount;
}

std::string numeral(double amount) {
  std::array<char, 64> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), amount, std::chars_format::fixed);
  return written.ec == std::errc() ? std::string(text.data(), written.ptr) : std::string();
}

bool is_numeral(char32_t c) { return han_digit(c) >= 0 || han_power(c) > 0; }

std::string han_value(std::u32string_view text) {
  const bool powers = std::ranges::any_of(text, [](char32_t c) { return han_power(c) > 0; });
  std::string digits;
  std::uint64_t total = 0;
  std::uint64_t pending = 0;
  for (const char32_t c : text.substr(0, 9)) {
    if (const std::uint64_t power = han_power(c); power >= 10'000) {
      total = std::max<std::uint64_t>(total + pending, 1) * power;
      pending = 0;
    } else if (power > 0) {
      total += (pending == 0 ? 1 : pending) * power;
      pending = 0;
    } else {
      pending = static_cast<std::uint64_t>(han_digit(c));
      digits += static_cast<char>('0' + han_digit(c));
    }
  }
  return powers ? std::to_string(total + pending) : digits;
}

std::string value_of(std::string text) {
  while (!text.empty() && (text.back() == '.' || text.back() == ',')) text.pop_back();
  const auto groups_of_three = [&](char mark) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
      const std::size_t end = std::min(text.find_first_of(".,", at + 1), text.size());
      if (end - at != 4) return false;
    }
    return true;
  };
  if (groups_of_three(',')) {
    std::erase(text, ',');
  } else if (std::ranges::count(text, ',') == 1) {
    text[text.find(',')] = '.';
  }
  if (std::ranges::count(text, '.') == 1) {  // 2.50 is 2.5; 3.0 stays what versions are written as.
    while (text.back() == '0' && text[text.size() - 2] != '.') text.pop_back();
  }
  const std::size_t zeros = std::min(text.find_first_not_of('0'), text.size() - 1);
  if (zeros > 0 && is_digit(text[zeros])) text.erase(0, zeros);
  return text;
}

}  // namespace docmind::agents

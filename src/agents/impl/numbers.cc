#include "agents/impl/numbers.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "agents/impl/words.h"

namespace docmind::agents {
namespace {

using Entry = std::pair<std::string_view, std::string_view>;

constexpr auto kNumbers = std::to_array<Entry>({
    {"zero", "0"},
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
    {"million", "1000000"},
    {"billion", "1000000000"},
    {"dozen", "12"},
    {"twice", "2"},
    {"thrice", "3"},
    {"third", "3"},
    {"fourth", "4"},
    {"fifth", "5"},
    {"sixth", "6"},
    {"seventh", "7"},
    {"eighth", "8"},
    {"ninth", "9"},
    {"tenth", "10"},
    {"null", "0"},
    {"zwei", "2"},
    {"zweimal", "2"},
    {"drei", "3"},
    {"dreimal", "3"},
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
    {"dritte", "3"},
    {"dritten", "3"},
    {"one", "1"},
    {"once", "1"},
    {"first", "1"},
    {"second", "2"},
    {"secondly", "2"},
    {"eins", "1"},
    {"erste", "1"},
    {"ersten", "1"},
    {"einmal", "1"},
    {"zweite", "2"},
    {"zweiten", "2"},
});

constexpr auto kUnits = std::to_array<Entry>({
    {"second", "second"},
    {"seconds", "second"},
    {"sekunde", "second"},
    {"sekunden", "second"},
    {"minute", "minute"},
    {"minutes", "minute"},
    {"minuten", "minute"},
    {"hour", "hour"},
    {"hours", "hour"},
    {"hourly", "hour"},
    {"stunde", "hour"},
    {"stunden", "hour"},
    {"day", "day"},
    {"days", "day"},
    {"daily", "day"},
    {"tag", "day"},
    {"tage", "day"},
    {"tagen", "day"},
    {"täglich", "day"},
    {"week", "week"},
    {"weeks", "week"},
    {"weekly", "week"},
    {"woche", "week"},
    {"wochen", "week"},
    {"wöchentlich", "week"},
    {"month", "month"},
    {"months", "month"},
    {"monthly", "month"},
    {"monat", "month"},
    {"monate", "month"},
    {"monaten", "month"},
    {"monatlich", "month"},
    {"year", "year"},
    {"years", "year"},
    {"yearly", "year"},
    {"annual", "year"},
    {"annually", "year"},
    {"jahr", "year"},
    {"jahre", "year"},
    {"jahren", "year"},
    {"jährlich", "year"},
    {"bit", "bit"},
    {"bits", "bit"},
    {"byte", "byte"},
    {"bytes", "byte"},
    {"kb", "kb"},
    {"kib", "kib"},
    {"mb", "mb"},
    {"mib", "mib"},
    {"gb", "gb"},
    {"gib", "gib"},
    {"tb", "tb"},
    {"kilobytes", "kb"},
    {"megabyte", "mb"},
    {"megabytes", "mb"},
    {"gigabyte", "gb"},
    {"gigabytes", "gb"},
    {"hz", "hz"},
    {"mhz", "mhz"},
    {"ghz", "ghz"},
    {"ms", "ms"},
    {"milliseconds", "ms"},
    {"m", "metre"},
    {"metre", "metre"},
    {"metres", "metre"},
    {"meter", "metre"},
    {"meters", "metre"},
    {"km", "kilometre"},
    {"kilometre", "kilometre"},
    {"kilometres", "kilometre"},
    {"kilometer", "kilometre"},
    {"kilometers", "kilometre"},
    {"cm", "cm"},
    {"mm", "mm"},
    {"mile", "mile"},
    {"miles", "mile"},
    {"meilen", "mile"},
    {"feet", "foot"},
    {"inches", "inch"},
    {"litre", "litre"},
    {"litres", "litre"},
    {"liter", "litre"},
    {"liters", "litre"},
    {"kg", "kg"},
    {"kilograms", "kg"},
    {"kilogramm", "kg"},
    {"g", "gram"},
    {"grams", "gram"},
    {"tons", "ton"},
    {"tonnes", "ton"},
    {"percent", "percent"},
    {"%", "percent"},
    {"prozent", "percent"},
    {"°c", "celsius"},
    {"degrees", "degree"},
    {"grad", "degree"},
    {"dollars", "dollar"},
    {"usd", "dollar"},
    {"euro", "euro"},
    {"euros", "euro"},
    {"eur", "euro"},
    {"tokens", "token"},
    {"characters", "character"},
    {"zeichen", "character"},
    {"秒", "second"},
    {"分钟", "minute"},
    {"小时", "hour"},
    {"天", "day"},
    {"日", "day"},
    {"周", "week"},
    {"月", "month"},
    {"年", "year"},
    {"海里", "mile"},
    {"公里", "kilometre"},
    {"千米", "kilometre"},
    {"米", "metre"},
    {"公斤", "kg"},
    {"元", "yuan"},
    {"字节", "byte"},
    {"位", "bit"},
});

// Han characters with which a number is written, and their values; 十百千万 multiply.
int han_digit(char32_t c) {
  constexpr std::u32string_view kDigits = U"〇一二三四五六七八九";
  if (c == U'零') return 0;
  if (c == U'两') return 2;
  const std::size_t at = kDigits.find(c);
  return at == std::u32string_view::npos ? -1 : static_cast<int>(at);
}
int han_power(char32_t c) {
  constexpr std::array<std::pair<char32_t, int>, 4> kPowers = {
      {{U'十', 10}, {U'百', 100}, {U'千', 1000}, {U'万', 10000}}};
  const auto it = std::ranges::find(kPowers, c, &std::pair<char32_t, int>::first);
  return it == kPowers.end() ? 0 : it->second;
}

std::string_view look_up(auto& table, std::string_view word) {
  const auto it = std::ranges::find(table, word, &Entry::first);
  return it == table.end() ? std::string_view() : it->second;
}

}  // namespace

std::string_view number_of(std::string_view word) { return look_up(kNumbers, word); }
std::string_view unit_of(std::string_view word) { return look_up(kUnits, word); }

bool is_numeral(char32_t c) { return han_digit(c) >= 0 || han_power(c) > 0; }

std::string han_value(std::u32string_view text) {
  const bool powers = std::ranges::any_of(text, [](char32_t c) { return han_power(c) > 0; });
  std::string digits;
  std::uint64_t total = 0;
  std::uint64_t pending = 0;
  for (const char32_t c : text.substr(0, 9)) {
    if (const int power = han_power(c); power > 0) {
      if (power == 10000) {
        total = (total + pending) * 10000;
      } else {
        total += (pending == 0 ? 1 : pending) * static_cast<std::uint64_t>(power);
      }
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

#include "agents/impl/quantities.h"

#include <string_view>

#include "agents/impl/numbers.h"
#include "agents/impl/units.h"
#include "agents/impl/words.h"
#include "base/utf8.h"

namespace docmind::agents {
namespace {

// What a run of number words is worth: "two hundred and forty", "nine thousand", "26".
class Sum {
 public:
  explicit Sum(const Lexeme& first) : current_(amount_of(first.key).value_or(-1)), digits_(!first.cardinal) {}

  bool is_number() const { return current_ >= 0; }
  double value() const { return total_ + current_; }

  // Whether it belongs to the number, which then has it.
  bool take(double next, bool after_and, bool dozen) {
    if (dozen) {
      current_ *= next;
      return current_ > 0 && total_ == 0;
    }
    if (next >= 1000 || (next == 100 && current_ < 100)) {  // NOLINT: whole numbers are exact
      if (after_and || value() == 0) return false;
      current_ *= current_ == 0 ? 0 : next;
      if (next >= 1000) {
        total_ += current_;
        current_ = 0;
      }
      digits_ = false;
      return true;
    }
    if (digits_ || next >= 100) return false;
    const bool behind_hundreds = (current_ == 0 && total_ > 0) || current_ >= 100;
    const bool behind_tens = !after_and && current_ >= 20 && static_cast<int>(current_) % 10 == 0 && next < 10;
    if (after_and ? !behind_hundreds : !behind_hundreds && !behind_tens) return false;
    current_ += next;
    return true;
  }

 private:
  double total_ = 0;
  double current_ = 0;
  bool digits_ = false;  // "250 two" are two numbers.
};

bool is_number(const Lexeme& lexeme) { return lexeme.kind == LexemeKind::kNumber; }

// Signs that are units behind a number alone.
std::string_view sign_of(std::string_view text) {
  return text == "s" ? "second" : text == "min" ? "minute" : text == "h" ? "hour" : text == "d" ? "day" : "";
}

// "3 月": of a pair of characters the first alone, too.
std::string_view unit_in_pair(std::string_view pair) {
  const std::string_view unit = unit_of(pair);
  return unit.empty() ? unit_of(pair.substr(0, code_point_at(pair, 0).length)) : unit;
}

}  // namespace

void join_numbers(std::vector<Lexeme>& list) {
  std::vector<Lexeme> out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    out.push_back(std::move(list[i]));
    Lexeme& number = out.back();
    if (!is_number(number) || number.key.starts_with('-')) continue;
    Sum sum(number);
    if (!sum.is_number() || (!number.cardinal && (number.text.empty() || !is_digit(number.text.back())))) continue;
    bool joined = false;
    for (std::size_t next = i + 1; next < list.size(); next = i + 1) {
      const bool after_and = one_of(list[next].key, {"and", "und"});
      if (after_and && next + 1 < list.size()) ++next;
      if (!is_number(list[next]) || !list[next].cardinal || list[next].clause != number.clause) break;
      if (!sum.take(amount_of(list[next].key).value_or(0), after_and, one_of(list[next].text, {"dozen", "dutzend"})))
        break;
      number.text += (list[next].text.front() & 0x80) != 0 ? list[next].text : " " + list[next].text;
      number.unit = number.unit.empty() ? list[next].unit : number.unit;
      joined = true;
      i = next;
    }
    if (!joined) continue;
    number.key = numeral(sum.value());
    number.vague = false;
  }
  list = std::move(out);
}

void join_units(std::vector<Lexeme>& list) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!is_number(list[i]) || !list[i].unit.empty()) continue;
    for (std::size_t j = i + 1; j < list.size() && j <= i + 2 && !is_number(list[j]); ++j) {
      if (list[j].kind == LexemeKind::kPair) {
        list[i].unit = unit_in_pair(list[j].text);
        break;
      }
      const std::string_view sign = j == i + 1 ? sign_of(list[j].text) : std::string_view();
      if (list[j].unit.empty() && sign.empty()) continue;
      list[i].unit = sign.empty() ? std::string_view(list[j].unit) : sign;
      list[j].unit.clear();
      break;
    }
  }
}

}  // namespace docmind::agents

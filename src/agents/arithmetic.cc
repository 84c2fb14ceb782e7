#include "agents/arithmetic.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agents/impl/words.h"
#include "base/utf8.h"

namespace docmind::agents {
namespace {

constexpr std::size_t kMaxBytes = 1024;
constexpr int kMaxDepth = 64;

// One pass, recursive descent: sum = product {+ product}, product = factor {* factor}, factor = {sign} atom.
class Reader {
 public:
  Reader(std::string_view text, DecimalMark mark) : text_(text), mark_(mark) {}

  Result<Quantity> all() {
    Quantity value = DM_TRY(sum(0));
    skip_blanks();
    if (at_ < text_.size()) return wrong("something is left over");
    return value;
  }

 private:
  Error wrong(std::string_view what) const {
    return {Code::kInvalidArgument, fmt::format("The expression cannot be read at byte {}: {}.", at_, what),
            "Write numbers, + - * / and brackets, for example (1,200 + 35.5) * 3."};
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }

  // The sign that stands here, in ASCII; 0: none of these.
  char take_sign(std::string_view wanted) {
    struct Sign {
      std::string_view bytes;
      char plain;
    };
    static constexpr auto kSigns = std::to_array<Sign>({{"+", '+'},
                                                        {"-", '-'},
                                                        {"*", '*'},
                                                        {"/", '/'},
                                                        {"\u2212", '-'},
                                                        {"\u2013", '-'},
                                                        {"\u00d7", '*'},
                                                        {"\u00b7", '*'},
                                                        {"\u00f7", '/'}});
    skip_blanks();
    for (const Sign& sign : kSigns) {
      if (wanted.find(sign.plain) == std::string_view::npos || !text_.substr(at_).starts_with(sign.bytes)) continue;
      at_ += sign.bytes.size();
      return sign.plain;
    }
    return 0;
  }

  Result<Quantity> sum(int depth) {
    Quantity left = DM_TRY(product(depth));
    while (const char sign = take_sign("+-")) {
      const std::size_t here = at_;
      const Quantity right = DM_TRY(product(depth));
      if (left.unit != right.unit) {
        at_ = here;
        return wrong(fmt::format("\"{}\" and \"{}\" are different units", left.unit, right.unit));
      }
      left.value = DM_TRY(sign == '+' ? left.value.plus(right.value) : left.value.minus(right.value));
    }
    return left;
  }

  Result<Quantity> product(int depth) {
    Quantity left = DM_TRY(factor(depth));
    while (const char sign = take_sign("*/")) {
      const Quantity right = DM_TRY(factor(depth));
      if (sign == '*') {
        if (!left.unit.empty() && !right.unit.empty()) return wrong("a product of two units");
        left.value = DM_TRY(left.value.times(right.value));
        if (left.unit.empty()) left.unit = right.unit;
      } else {
        if (!right.unit.empty() && left.unit != right.unit) return wrong("a division by another unit");
        left.value = DM_TRY(left.value.over(right.value));
        if (!right.unit.empty()) left.unit.clear();
      }
    }
    return left;
  }

  Result<Quantity> factor(int depth) {
    if (depth >= kMaxDepth) {
      return Error{Code::kResourceExhausted, "The expression has more than 64 levels of brackets and signs.",
                   "Compute it in parts."};
    }
    if (const char sign = take_sign("+-")) {
      Quantity value = DM_TRY(factor(depth + 1));
      if (sign == '-') value.value = value.value.negated();
      return value;
    }
    if (at_ >= text_.size() || text_[at_] != '(') return atom();
    ++at_;
    Quantity value = DM_TRY(sum(depth + 1));
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != ')') return wrong("a closing bracket is missing");
    ++at_;
    return value;
  }

  // [currency] number [%] [unit]
  Result<Quantity> atom() {
    std::string unit;
    for (const std::string_view sign : {"$", "\u20ac", "\u00a3", "\u00a5"}) {
      if (!text_.substr(at_).starts_with(sign)) continue;
      unit = sign;
      at_ += sign.size();
      skip_blanks();
    }
    const auto number = read_number(text_, at_, mark_);
    if (!number) return wrong("a number is missing");
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == '%') {
      ++at_;
      return Quantity{DM_TRY(number->over(Exact(100))), std::move(unit)};
    }
    const std::size_t start = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || starts_unit(at_))) at_ += code_point_at(text_, at_).length;
    if (at_ > start) unit = text_.substr(start, at_ - start);
    return Quantity{*number, std::move(unit)};
  }

  // A letter of another script, a degree or a currency sign: any wide character that is no operator.
  bool starts_unit(std::size_t at) const {
    if ((static_cast<unsigned char>(text_[at]) & 0x80U) == 0) return text_[at] == '$';
    const std::string_view rest = text_.substr(at);
    const auto operators = std::to_array<std::string_view>({"\u2212", "\u2013", "\u00d7", "\u00b7", "\u00f7"});
    return std::none_of(operators.begin(), operators.end(),
                        [&](std::string_view one) { return rest.starts_with(one); });
  }

  std::string_view text_;
  DecimalMark mark_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Quantity> evaluate(std::string_view expression, DecimalMark mark) {
  if (expression.size() > kMaxBytes) {
    return Error{Code::kResourceExhausted, "The expression is longer than 1 KiB.", "Compute it in parts."};
  }
  if (!is_utf8(expression)) {
    return Error{Code::kInvalidArgument, "The expression is no UTF-8 text.", "Write it in plain characters."};
  }
  return Reader(expression, mark).all();
}

}  // namespace docmind::agents

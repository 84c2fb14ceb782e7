#include "agents/exact_number.h"

#include <algorithm>
#include <array>
#include <vector>

#include "agents/impl/words.h"

namespace docmind::agents {
namespace {

Error too_large() {
  return {Code::kResourceExhausted, "The number is too large to be computed exactly.", "Compute with fewer digits."};
}

Wide common_factor(Wide a, Wide b) {
  while (b != 0) a = std::exchange(b, a % b);
  return a < 0 ? -a : a;
}

// Floor division, for under > 0.
Wide floor_of(Wide over, Wide under) {
  const Wide quotient = over / under;
  return over % under < 0 ? quotient - 1 : quotient;
}

std::string digits_of(Wide number) {  // Not negative.
  std::string out;
  do out += static_cast<char>('0' + static_cast<int>(number % 10));
  while ((number /= 10) != 0);
  std::reverse(out.begin(), out.end());
  return out;
}

// How many places the fraction needs; nothing when it does not end.
std::optional<std::uint32_t> places_of(Wide under) {
  std::uint32_t twos = 0;
  std::uint32_t fives = 0;
  for (; under % 2 == 0; under /= 2) ++twos;
  for (; under % 5 == 0; under /= 5) ++fives;
  if (under != 1) return std::nullopt;
  return std::max(twos, fives);
}

// A separator at text[at] that digits follow: its bytes and the character it stands for (' ' for all blanks).
struct Separator {
  std::size_t bytes = 0;
  char kind = 0;
};

Separator separator_at(std::string_view text, std::size_t at) {
  struct Known {
    std::string_view bytes;
    char kind;
  };
  static constexpr auto kKnown = std::to_array<Known>({{".", '.'},
                                                       {",", ','},
                                                       {" ", ' '},
                                                       {"'", '\''},
                                                       {"\u00a0", ' '},
                                                       {"\u202f", ' '},
                                                       {"\u2009", ' '},
                                                       {"\u2019", '\''}});
  for (const Known& known : kKnown) {
    const std::size_t end = at + known.bytes.size();
    if (text.substr(at).starts_with(known.bytes) && end < text.size() && is_digit(text[end])) {
      return {known.bytes.size(), known.kind};
    }
  }
  return {};
}

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t count = 0;
  while (at + count < text.size() && is_digit(text[at + count])) ++count;
  return count;
}

struct Digits {
  std::vector<std::string_view> groups;
  std::string marks;  // Between them.
  std::size_t end = 0;
};

Digits groups_at(std::string_view text, std::size_t at) {
  Digits out;
  out.groups.push_back(text.substr(at, digits_at(text, at)));
  at += out.groups.back().size();
  while (true) {
    const Separator mark = separator_at(text, at);
    if (mark.bytes == 0) break;
    const std::size_t count = digits_at(text, at + mark.bytes);
    // A blank or an apostrophe divides thousands or nothing.
    if ((mark.kind == ' ' || mark.kind == '\'') && (count != 3 || out.groups.front().size() > 3)) break;
    out.groups.push_back(text.substr(at + mark.bytes, count));
    out.marks += mark.kind;
    at += mark.bytes + count;
  }
  out.end = at;
  return out;
}

// Whether the groups up to `count` are thousands: one to three digits, then three each.
bool are_thousands(const Digits& digits, std::size_t count) {
  if (digits.groups.front().size() > 3) return false;
  return std::all_of(digits.groups.begin() + 1, digits.groups.begin() + static_cast<std::ptrdiff_t>(count),
                     [](std::string_view group) { return group.size() == 3; });
}

// A single point or comma before three digits may be either.
bool is_ambiguous(const Digits& digits) {
  return digits.marks.size() == 1 && (digits.marks[0] == '.' || digits.marks[0] == ',') && are_thousands(digits, 2) &&
         !digits.groups.front().starts_with('0');
}

// Whether the last mark is the decimal one; nothing when the groups are no number.
std::optional<bool> last_is_decimal(const Digits& digits, DecimalMark mark) {
  if (digits.marks.empty()) return false;
  const char last = digits.marks.back();
  const bool may_be_decimal = last == '.' || last == ',';
  const std::string_view before = std::string_view(digits.marks).substr(0, digits.marks.size() - 1);
  const bool others_agree = std::all_of(before.begin(), before.end(), [&](char c) { return c == before.front(); });
  if (!others_agree) return std::nullopt;
  if (is_ambiguous(digits)) return (last == ',') == (mark == DecimalMark::kComma);
  if (before.empty()) return may_be_decimal ? std::optional(true) : std::optional(false);
  if (before.front() == last) return are_thousands(digits, digits.groups.size()) ? std::optional(false) : std::nullopt;
  return may_be_decimal && are_thousands(digits, digits.groups.size() - 1) ? std::optional(true) : std::nullopt;
}

bool take(std::string_view& text, std::string_view front) {
  if (!text.starts_with(front)) return false;
  text.remove_prefix(front.size());
  return true;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") + 1 - first);
}

// A currency in front: a sign, or three capitals and a blank.
std::string_view take_currency(std::string_view& text) {
  for (const std::string_view sign : {"$", "\u20ac", "\u00a3", "\u00a5", "\uffe5", "US$"}) {
    if (!take(text, sign)) continue;
    text = trimmed(text);
    return sign;
  }
  if (text.size() > 4 && text[3] == ' ' && is_upper(text[0]) && is_upper(text[1]) && is_upper(text[2])) {
    const std::string_view code = text.substr(0, 3);
    text.remove_prefix(4);
    return code;
  }
  return {};
}

// What stands behind the number, without notes in brackets; nothing when it makes the whole something else.
std::optional<std::string> unit_of(std::string_view rest) {
  constexpr std::size_t kMaxUnit = 24;
  const bool apart = rest.starts_with(' ');
  rest = trimmed(rest);
  if (const std::size_t note = rest.find_first_of("([*"); note != std::string_view::npos) {
    rest = trimmed(rest.substr(0, note));
  }
  if (rest.empty()) return std::string();
  if (rest.size() > kMaxUnit || std::string_view("-/:.,;+_=<>").find(rest.front()) != std::string_view::npos) {
    return std::nullopt;
  }
  if (rest.starts_with("\u2013") || rest.starts_with("\u2014")) return std::nullopt;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (is_digit(rest[i]) && (i == 0 || !is_letter(rest[i - 1]))) return std::nullopt;
  }
  if (std::count(rest.begin(), rest.end(), ' ') > (apart ? 2 : 0)) return std::nullopt;
  return std::string(rest);
}

}  // namespace

Result<Exact> Exact::reduced(Wide over, Wide under) {
  const Wide factor = common_factor(over, under);
  Exact out;
  out.over_ = factor == 0 ? over : over / factor;
  out.under_ = factor == 0 ? 1 : under / factor;
  return out;
}

Result<Exact> Exact::of_digits(std::string_view digits) {
  Wide over = 0;
  Wide under = 1;
  bool behind_point = false;
  for (const char c : digits) {
    if (c == '.') {
      behind_point = true;
      continue;
    }
    if (__builtin_mul_overflow(over, 10, &over) || __builtin_add_overflow(over, c - '0', &over)) return too_large();
    if (behind_point && __builtin_mul_overflow(under, 10, &under)) return too_large();
  }
  return reduced(over, under);
}

Result<Exact> Exact::plus(const Exact& other) const {
  // Over the least common multiple, so that columns of prices stay small.
  const Wide factor = common_factor(under_, other.under_);
  Wide left = 0;
  Wide right = 0;
  Wide under = 0;
  if (__builtin_mul_overflow(over_, other.under_ / factor, &left) ||
      __builtin_mul_overflow(other.over_, under_ / factor, &right) || __builtin_add_overflow(left, right, &left) ||
      __builtin_mul_overflow(under_, other.under_ / factor, &under)) {
    return too_large();
  }
  return reduced(left, under);
}

Result<Exact> Exact::minus(const Exact& other) const { return plus(other.negated()); }

Result<Exact> Exact::times(const Exact& other) const {
  const Wide a = std::max<Wide>(common_factor(over_, other.under_), 1);
  const Wide b = std::max<Wide>(common_factor(other.over_, under_), 1);
  Wide over = 0;
  Wide under = 0;
  if (__builtin_mul_overflow(over_ / a, other.over_ / b, &over) ||
      __builtin_mul_overflow(under_ / b, other.under_ / a, &under)) {
    return too_large();
  }
  return reduced(over, under);
}

Result<Exact> Exact::over(const Exact& other) const {
  if (other.is_zero()) return Error{Code::kInvalidArgument, "Division by zero.", "Check the divisor."};
  Exact upside_down;
  upside_down.over_ = other.over_ < 0 ? -other.under_ : other.under_;
  upside_down.under_ = other.over_ < 0 ? -other.over_ : other.over_;
  return times(upside_down);
}

Exact Exact::negated() const {
  Exact out = *this;
  out.over_ = -out.over_;
  return out;
}

std::strong_ordering Exact::operator<=>(const Exact& other) const {
  // By continued fractions: whole parts first, then the remainders upside down. Nothing can overflow.
  Wide a = over_;
  Wide b = under_;
  Wide c = other.over_;
  Wide d = other.under_;
  while (true) {
    const Wide left = floor_of(a, b);
    const Wide right = floor_of(c, d);
    if (left != right) return left <=> right;
    a -= left * b;
    c -= right * d;
    if (a == 0 || c == 0)
      return a == 0 && c == 0 ? std::strong_ordering::equal
             : a == 0         ? std::strong_ordering::less
                              : std::strong_ordering::greater;
    // a/b < c/d exactly when d/c < b/a.
    std::swap(a, d);
    std::swap(b, c);
  }
}

bool Exact::ends() const { return places_of(under_).has_value(); }

std::string Exact::text(std::uint32_t places) const {
  constexpr std::uint32_t kMostPlaces = 30;
  const std::uint32_t wanted = std::min(places_of(under_).value_or(places), kMostPlaces);
  const bool negative = over_ < 0;
  const Wide size = negative ? -over_ : over_;
  Wide whole = size / under_;
  Wide rest = size % under_;
  std::string digits;
  for (std::uint32_t i = 0; i < wanted; ++i) {
    // rest < under_, which may be large: ten times it is computed by halves.
    Wide ten_times = 0;
    if (__builtin_mul_overflow(rest, 10, &ten_times)) break;
    digits += static_cast<char>('0' + static_cast<int>(ten_times / under_));
    rest = ten_times % under_;
  }
  if (rest > under_ - 1 - rest) {  // At least a half is left: round up.
    std::size_t at = digits.size();
    while (at > 0 && digits[at - 1] == '9') digits[--at] = '0';
    if (at > 0) {
      ++digits[at - 1];
    } else {
      ++whole;
    }
  }
  while (!digits.empty() && digits.back() == '0') digits.pop_back();
  std::string out = (negative ? "-" : "") + digits_of(whole);
  if (!digits.empty()) out += "." + digits;
  return out == "-0" ? "0" : out;
}

std::optional<Exact> read_number(std::string_view text, std::size_t& at, DecimalMark mark) {
  if (at >= text.size() || !is_digit(text[at])) return std::nullopt;
  const Digits digits = groups_at(text, at);
  const std::optional<bool> decimal = last_is_decimal(digits, mark);
  if (!decimal) return std::nullopt;
  std::string plain;
  for (std::size_t i = 0; i < digits.groups.size(); ++i) {
    if (*decimal && i + 1 == digits.groups.size()) plain += '.';
    plain += digits.groups[i];
  }
  auto number = Exact::of_digits(plain);
  if (!number) return std::nullopt;
  at = digits.end;
  return *number;
}

std::optional<Quantity> read_quantity(std::string_view text, DecimalMark mark) {
  constexpr std::size_t kMaxBytes = 96;
  text = trimmed(text);
  if (text.empty() || text.size() > kMaxBytes) return std::nullopt;
  bool negative = false;
  const bool bracketed = text.size() > 2 && text.front() == '(' && text.back() == ')';
  if (bracketed) text = trimmed(text.substr(1, text.size() - 2));
  if (take(text, "-") || take(text, "\u2212")) negative = true;
  const std::string_view currency = take_currency(text);
  if (!negative && (take(text, "-") || take(text, "\u2212"))) negative = true;
  take(text, "+");
  std::size_t at = 0;
  const std::optional<Exact> number = read_number(text, at, mark);
  if (!number) return std::nullopt;
  std::optional<std::string> unit = unit_of(text.substr(at));
  if (!unit) return std::nullopt;
  if (unit->empty()) unit = currency;
  return Quantity{negative != bracketed ? number->negated() : *number, *std::move(unit)};
}

DecimalMark decimal_mark(std::span<const std::string> texts) {
  for (const std::string& text : texts) {
    const std::size_t start = text.find_first_of("0123456789");
    if (start == std::string::npos) continue;
    const Digits digits = groups_at(text, start);
    if (digits.marks.empty() || is_ambiguous(digits)) continue;
    if (last_is_decimal(digits, DecimalMark::kPoint).value_or(false) && digits.marks.back() == ',') {
      return DecimalMark::kComma;
    }
  }
  return DecimalMark::kPoint;
}

}  // namespace docmind::agents

// Numbers as people write them in tables and questions, kept exactly: a fraction of two 128-bit integers.
//
// Every operation is exact or fails; nothing rounds but text(), which says so. Reading knows thousands separators
// (1,234.5  1.234,5  1 234  1'234), signs (- and U+2212, accounting's brackets), currencies before or behind, percent
// signs and units behind. "1.234" alone is ambiguous: DecimalMark decides. Pure functions.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace docmind::agents {

__extension__ typedef __int128 Wide;

class Exact {
 public:
  Exact() = default;
  explicit Exact(std::int64_t whole) : over_(whole) {}
  // Digits with at most one point among them; kResourceExhausted past about 38 digits.
  static Result<Exact> of_digits(std::string_view digits);

  Result<Exact> plus(const Exact& other) const;
  Result<Exact> minus(const Exact& other) const;
  Result<Exact> times(const Exact& other) const;
  Result<Exact> over(const Exact& other) const;  // kInvalidArgument: division by zero.
  Exact negated() const;
  bool is_zero() const { return over_ == 0; }

  std::strong_ordering operator<=>(const Exact& other) const;
  bool operator==(const Exact& other) const = default;

  // Decimal digits with a point and no separators; where the fraction does not end, rounded half up to `places`.
  std::string text(std::uint32_t places = 6) const;
  bool ends() const;  // Whether text() is exact.

 private:
  static Result<Exact> reduced(Wide over, Wide under);
  Wide over_ = 0;
  Wide under_ = 1;  // Positive; no common factor with over_.
};

enum class DecimalMark : std::uint8_t { kPoint, kComma };

struct Quantity {
  Exact value;
  std::string unit;  // "km", "%", "$", ...; as written, without notes in brackets; may be empty.
};

// The whole text as one number with its unit; nothing when it is none ("5-10", "1.2.3", "10:30") or too large.
std::optional<Quantity> read_quantity(std::string_view text, DecimalMark mark = DecimalMark::kPoint);

// The mark that a column's cells use: comma when one of them can be read no other way.
DecimalMark decimal_mark(std::span<const std::string> texts);

// The number that begins at text[at], its end put into `at`; for expressions, which hold more behind it.
std::optional<Exact> read_number(std::string_view text, std::size_t& at, DecimalMark mark = DecimalMark::kPoint);

}  // namespace docmind::agents

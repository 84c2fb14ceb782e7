#include "config/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/ascii.h"
#include "base/json.h"
#include "base/utf8.h"

namespace docmind::config {
namespace {

constexpr std::size_t kLineBytes = 4096;
constexpr std::size_t kQuotedBytes = 60;

struct Unit {
  std::string_view name;
  Duration length;
};
constexpr std::array<Unit, 4> kUnits = {{{"h", std::chrono::hours(1)},
                                         {"m", std::chrono::minutes(1)},
                                         {"s", std::chrono::seconds(1)},
                                         {"ms", std::chrono::milliseconds(1)}}};

Error must_be(std::string_view what, std::string_view text) {
  return {Code::kInvalidArgument, fmt::format("must be {}, not {}", what, in_quotes(text))};
}

template <typename Number>
std::optional<Number> whole_text(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Result<bool> to_bool(std::string_view text) {
  const std::string word = lowered(text);
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  return must_be("true or false", text);
}

Result<std::int64_t> to_integer(std::string_view text, std::int64_t least, std::int64_t most) {
  const auto value = whole_text<std::int64_t>(text);
  if (value && *value >= least && *value <= most) return *value;
  return must_be(fmt::format("a whole number from {} to {}", least, most), text);
}

Result<double> to_real(std::string_view text, double least, double most) {
  const auto value = whole_text<double>(text);
  if (value && *value >= least && *value <= most) return *value;  // NaN is in no range.
  return must_be(fmt::format("a number from {} to {}", text_of(least), text_of(most)), text);
}

Result<Duration> to_duration(std::string_view text, Duration least, Duration most) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view unit = digits == text.size() ? "s" : text.substr(digits);
  const auto count = whole_text<double>(text.substr(0, digits));
  const auto* const known = std::ranges::find(kUnits, unit, &Unit::name);
  if (count && known != kUnits.end()) {
    const double length = *count * static_cast<double>(known->length.count());
    if (length >= static_cast<double>(least.count()) && length <= static_cast<double>(most.count())) {
      return Duration(std::llround(length));
    }
  }
  return must_be(fmt::format("a time from {} to {}, such as 90s or 2m", text_of(least), text_of(most)), text);
}

Result<std::string> to_line(std::string_view text) {
  if (text.size() > kLineBytes)
    return Error{Code::kInvalidArgument, fmt::format("is longer than {} bytes", kLineBytes)};
  if (!is_utf8(text) || has_control(text)) return must_be("one line of UTF-8 text", text);
  return std::string(text);
}

std::string text_of(bool value) { return value ? "true" : "false"; }

std::string text_of(double value) { return json_number(value); }

std::string text_of(Duration value) {
  for (const Unit& unit : kUnits) {
    if (value.count() != 0 && value % unit.length == Duration::zero())
      return fmt::format("{}{}", value / unit.length, unit.name);
  }
  return fmt::format("{}s", text_of(std::chrono::duration<double>(value).count()));
}

std::string in_quotes(std::string_view text) {
  if (text.size() <= kQuotedBytes) return json_quoted(text);
  std::size_t end = kQuotedBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return json_quoted(std::string(text.substr(0, end)) + "…");
}

}  // namespace docmind::config

#include "base/json.h"

#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "base/utf8.h"

namespace docmind {
namespace {

namespace json = boost::json;

// Builds the value as Boost's own parser does, with two differences: a key named twice is an error, and a number that
// is no integer is read again by from_chars, because Boost 1.81 rounds some of them to a neighbour.
class Builder {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

  bool on_document_begin(json::error_code& /*ec*/) {
    stack_.reset();
    return true;
  }
  bool on_document_end(json::error_code& /*ec*/) { return true; }
  bool on_array_begin(json::error_code& /*ec*/) { return true; }
  bool on_array_end(std::size_t n, json::error_code& /*ec*/) {
    stack_.push_array(n);
    return true;
  }
  bool on_object_begin(json::error_code& /*ec*/) {
    keys_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t n, json::error_code& ec) {
    std::vector<std::string>& keys = keys_.back();
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice != keys.end()) {
      duplicate_ = *twice;
      ec = json::error::syntax;
      return false;
    }
    keys_.pop_back();
    stack_.push_object(n);
    return true;
  }
  bool on_key_part(json::string_view text, std::size_t /*n*/, json::error_code& /*ec*/) {
    part_.append(text.data(), text.size());
    stack_.push_chars(text);
    return true;
  }
  bool on_key(json::string_view text, std::size_t /*n*/, json::error_code& /*ec*/) {
    part_.append(text.data(), text.size());
    keys_.back().push_back(std::move(part_));
    part_.clear();
    stack_.push_key(text);
    return true;
  }
  bool on_string_part(json::string_view text, std::size_t /*n*/, json::error_code& /*ec*/) {
    stack_.push_chars(text);
    return true;
  }
  bool on_string(json::string_view text, std::size_t /*n*/, json::error_code& /*ec*/) {
    stack_.push_string(text);
    return true;
  }
  bool on_number_part(json::string_view text, json::error_code& /*ec*/) {
    number_.append(text.data(), text.size());
    return true;
  }
  bool on_int64(std::int64_t value, json::string_view /*text*/, json::error_code& /*ec*/) {
    number_.clear();
    stack_.push_int64(value);
    return true;
  }
  bool on_uint64(std::uint64_t value, json::string_view /*text*/, json::error_code& /*ec*/) {
    number_.clear();
    stack_.push_uint64(value);
    return true;
  }
  bool on_double(double value, json::string_view text, json::error_code& ec) {
    number_.append(text.data(), text.size());
    double exact = value;
    const auto [end, error] = std::from_chars(number_.data(), number_.data() + number_.size(), exact);
    if (error == std::errc() && end == number_.data() + number_.size()) value = exact;
    number_.clear();
    if (!std::isfinite(value)) {
      ec = json::error::exponent_overflow;
      return false;
    }
    stack_.push_double(value);
    return true;
  }
  bool on_bool(bool value, json::error_code& /*ec*/) {
    stack_.push_bool(value);
    return true;
  }
  bool on_null(json::error_code& /*ec*/) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(json::string_view /*text*/, json::error_code& /*ec*/) { return true; }
  bool on_comment(json::string_view /*text*/, json::error_code& /*ec*/) { return true; }

  json::value release() { return stack_.release(); }
  const std::optional<std::string>& duplicate() const { return duplicate_; }

 private:
  json::value_stack stack_;
  std::vector<std::vector<std::string>> keys_;
  std::string part_;
  std::string number_;
  std::optional<std::string> duplicate_;
};

void append_escape(std::string& out, unsigned code) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) out += kDigits[(code >> shift) & 15U];
}

// Control characters (C0, DEL, C1) are escaped, so that a line of JSON shown on a terminal cannot steer it.
void append_quoted(std::string& out, std::string_view text) {
  std::uint64_t replaced = 0;
  std::string repaired;
  if (!is_utf8(text)) {
    repaired = to_utf8(text, replaced);
    text = repaired;
  }
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[i];
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7f) {
      append_escape(out, byte);
    } else if (byte == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0) {  // U+0080 to U+009F
      append_escape(out, static_cast<unsigned char>(text[++i]));
    } else {
      out += text[i];
    }
  }
  out += '"';
}

void append_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  std::array<char, 64> buffer{};
  const bool whole = std::trunc(number) == number && std::abs(number) < 1e17;
  const auto end = whole ? std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed)
                         : std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  out.append(buffer.data(), end.ptr);
}

void append_value(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      out += "null";
      return;
    case json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      return;
    case json::kind::int64:
      out += std::to_string(value.get_int64());
      return;
    case json::kind::uint64:
      out += std::to_string(value.get_uint64());
      return;
    case json::kind::double_:
      append_number(out, value.get_double());
      return;
    case json::kind::string:
      append_quoted(out, {value.get_string().data(), value.get_string().size()});
      return;
    case json::kind::array: {
      char before = '[';
      for (const json::value& item : value.get_array()) {
        out += before;
        append_value(out, item);
        before = ',';
      }
      out += before == '[' ? "[]" : "]";
      return;
    }
    case json::kind::object: {
      char before = '{';
      for (const auto& item : value.get_object()) {
        out += before;
        append_quoted(out, {item.key().data(), item.key().size()});
        out += ':';
        append_value(out, item.value());
        before = ',';
      }
      out += before == '{' ? "{}" : "}";
      return;
    }
  }
}

Error parse_error(const Builder& builder, json::error_code error, std::size_t at) {
  if (const std::optional<std::string>& twice = builder.duplicate()) {
    return {Code::kInvalidArgument, "the JSON names " + json_quoted(*twice) + " twice in one object"};
  }
  if (error == json::error::too_deep) {
    return {Code::kResourceExhausted, "the JSON is nested too deep at byte " + std::to_string(at),
            "Send it with fewer levels."};
  }
  return {Code::kInvalidArgument, "not valid JSON at byte " + std::to_string(at) + ": " + error.message(),
          "Check quotes, commas and brackets there; text must be UTF-8."};
}

}  // namespace

Result<json::value> parse_json(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.bytes) {
    return Error{Code::kResourceExhausted, "the JSON has " + std::to_string(text.size()) +
                                               " bytes, over the limit of " + std::to_string(limits.bytes)};
  }
  json::parse_options options;
  options.max_depth = limits.depth;
  json::basic_parser<Builder> parser(options);
  json::error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  if (error) return parse_error(parser.handler(), error, read);
  if (text.find_first_not_of(" \t\r\n", read) != std::string_view::npos) {
    return Error{Code::kInvalidArgument, "more than one JSON value at byte " + std::to_string(read)};
  }
  return parser.handler().release();
}

std::string to_text(const json::value& value) {
  std::string out;
  append_value(out, value);
  return out;
}

std::string json_quoted(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string json_number(double number) {
  std::string out;
  append_number(out, number);
  return out;
}

}  // namespace docmind

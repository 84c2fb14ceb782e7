// JSON in and out (RFC 8259) over Boost.JSON, for everything that comes from outside or goes there.
//
// Pure functions. What is read is bounded in bytes and depth, must be one UTF-8 value, and may name a key only once.
// What is written is one line of valid UTF-8, numbers in the shortest form that reads back the same.
#pragma once
#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace docmind {

struct JsonLimits {
  std::size_t depth = 64;            // Nested arrays and objects.
  std::size_t bytes = 64ULL << 20U;  // Of the text.
};

// kInvalidArgument with the byte where it went wrong; kResourceExhausted past a limit.
Result<boost::json::value> parse_json(std::string_view text, JsonLimits limits = {});

// Ill-formed UTF-8 becomes U+FFFD; NaN and infinities become null (JSON has no name for them).
std::string to_text(const boost::json::value& value);

// The same for a string or a number alone: "a\n" with its quotes, 0.5, 10, 1e+300.
std::string json_quoted(std::string_view text);
std::string json_number(double number);

}  // namespace docmind

// What kind of failure, in words that hold in every room: no HTTP status, no errno, no SQLite code.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace docmind {

// Callers branch on the code, people read the message. The order is part of no format; names are (see name()).
enum class Code : std::uint8_t {
  kInvalidArgument,
  kNotFound,
  kConflict,
  kUnauthorized,
  kRateLimited,
  kDeadlineExceeded,
  kCancelled,
  kUnavailable,
  kResourceExhausted,
  kDataLoss,
  kInternal,
};

// The lower-case name that goes over the wire, "not_found" for example, and back; an unknown name is kInternal.
std::string_view name(Code code);
Code code_named(std::string_view name);

// Whether trying the same again may help. The one place that decides it.
bool retryable(Code code);

struct Error {
  Code code;
  std::string message;  // One sentence: what went wrong.
  std::string hint{};   // One sentence: what the person can do; may be empty.
};

}  // namespace docmind

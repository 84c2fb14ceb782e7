// Setting values as text, in and out: how each kind is written in a file, a variable or a flag.
//
// Pure functions. Errors are the end of a sentence that begins with the key: "must be true or false, not "maybe"".
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace docmind::config {

Result<bool> to_bool(std::string_view text);  // true yes on 1, false no off 0; case does not matter.
Result<std::int64_t> to_integer(std::string_view text, std::int64_t least, std::int64_t most);
Result<double> to_real(std::string_view text, double least, double most);
// "90", "90s", "1.5m", "2h", "250ms"; a bare number is seconds.
Result<Duration> to_duration(std::string_view text, Duration least, Duration most);
// One line of UTF-8 without control characters, at most 4096 bytes.
Result<std::string> to_line(std::string_view text);

std::string text_of(bool value);
std::string text_of(double value);
std::string text_of(Duration value);  // In the largest unit that is whole: "2m", "90s", "250ms".

// As it may stand in a message: quoted, control characters escaped, cut at 60 bytes.
std::string in_quotes(std::string_view text);

}  // namespace docmind::config

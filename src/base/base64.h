// Base64 (RFC 4648 section 4: the standard alphabet, with padding). Pure functions.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace docmind {

std::string to_base64(std::string_view bytes);

// kInvalidArgument for anything that to_base64 would not have written.
Result<std::string> from_base64(std::string_view text);

}  // namespace docmind

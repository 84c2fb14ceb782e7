// Names that come from a person or a server, checked before they become part of an address or a path.
//
// Pure functions. Errors: kInvalidArgument.
#pragma once
#include <string_view>

#include "base/result.h"

namespace docmind::hub {

// OWNER/NAME: letters, digits, dots, dashes and underscores, at most 96 each.
Result<> check_repository(std::string_view name);
// A branch, a tag or a commit: one path's worth of the same, slashes allowed.
Result<> check_revision(std::string_view revision);
// A path inside a repository: UTF-8, segments of at most 255 bytes, none of them empty, "." or "..", no backslash and
// no control character.
Result<> check_file(std::string_view path);

bool is_commit(std::string_view text);  // 40 lower-case hexadecimal digits.

}  // namespace docmind::hub

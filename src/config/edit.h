// One value put into the text of a YAML file of settings, or some taken out; everything else of it, comments and order,
// stays as it is.
//
// Pure. The result is read again before it is given back: it says what the text said before, but for what was asked.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/settings.h"

namespace docmind::config {

// In the place where the setting stands, under its key or an alias; else behind the others of its section; else at the
// end. `file` is for messages. Errors: those of read_yaml; kConflict when the file is written in a way that this cannot
// change (one value over several lines, an anchor).
Result<std::string> with_value(std::string_view text, const std::filesystem::path& file, const Declaration& setting,
                               std::string_view value);

// The lines of these keys become comments, and with them the names of sections in which nothing is left. Errors as
// above.
Result<std::string> without_values(std::string_view text, const std::filesystem::path& file,
                                   const std::vector<std::string>& keys);

}  // namespace docmind::config

// Writing a settings file so that one can go back: what stood there is kept beside it as NAME.previous-0001, the higher
// the later, ten of them.
//
// Thread safety: plain functions; two writes of one file at the same time are the caller's to keep apart.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "sys/files.h"

namespace docmind::config {

// Whole or not at all; a link stays a link, and what it points to is written. With the permissions it had.
Result<> write_settings(const std::filesystem::path& file, const std::string& text, sys::Files& files);

// The kept ones, the latest first.
Result<std::vector<std::filesystem::path>> previous_versions(const std::filesystem::path& file, sys::Files& files);

}  // namespace docmind::config

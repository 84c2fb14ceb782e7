// Writing a settings file so that one can go back: what stood there is kept beside it as NAME.previous-0001, the higher
// the later, ten of them. Going back is no change of that kind: what stood there is kept as NAME.undone-0001, ten too,
// so that who goes back twice comes to the version before, and forward again by the name.
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

// The kept ones, the latest first: those before a change, and those before a going back.
Result<std::vector<std::filesystem::path>> previous_versions(const std::filesystem::path& file, sys::Files& files);
Result<std::vector<std::filesystem::path>> undone_versions(const std::filesystem::path& file, sys::Files& files);

// The latest previous version that is not what the file says now. kNotFound: there is none.
Result<std::filesystem::path> version_before(const std::filesystem::path& file, sys::Files& files);
// Puts what version_before() found in place. Where what stood there is kept; empty where nothing did.
Result<std::filesystem::path> go_back_to(const std::filesystem::path& version, const std::filesystem::path& file,
                                         sys::Files& files);

}  // namespace docmind::config

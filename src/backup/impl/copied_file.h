// One file copied and measured on the way.
//
// Thread safety: plain functions.
#pragma once
#include <filesystem>
#include <stop_token>
#include <string>

#include "backup/manifest.h"
#include "base/deadline.h"
#include "base/result.h"
#include "sys/files.h"

namespace docmind::backup {

// When a long work has to end: nobody waits any more.
struct Until {
  Deadline deadline;
  std::stop_token stop{};
  Result<> check() const;
};

// Size and hash of what is read; `path` becomes the record's.
Result<FileRecord> measure(const std::filesystem::path& file, std::string path, const Until& until);

// The same, and the bytes go into `to`, whose folder is made: all of them, or no file.
Result<FileRecord> copy(const std::filesystem::path& from, const std::filesystem::path& to, std::string path,
                        sys::Files& files, const Until& until);

}  // namespace docmind::backup

// Which files an ingest is about: the given ones, and of each given folder those of a kind we read.
#pragma once
#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "ingest/summary.h"
#include "sys/files.h"

namespace docmind::ingest {

struct FoundFile {
  std::string path;        // Absolute, valid UTF-8.
  std::uint64_t size = 0;  // When it was found, for progress.
};

struct FileList {
  std::vector<FoundFile> files;  // In the order given, those of a folder by path; each once.
  std::vector<std::string> folders;
  std::vector<FailedFile> failed;
  std::uint64_t skipped = 0;
};

// kCancelled; whatever else goes wrong with a path is in FileList::failed.
Result<FileList> list_files(sys::Files& files, const std::vector<std::filesystem::path>& paths, sys::HiddenFiles hidden,
                            std::stop_token stop);

// Message and hint as one line.
std::string one_line(const Error& error);

}  // namespace docmind::ingest

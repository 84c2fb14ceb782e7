// A file that arrives in pieces over several runs: what was written stays when the process ends, however, and the next
// run goes on behind it. Seen under its final name only when it is whole.
//
// Locked while it is open: one process at a time. Not thread-safe. A link in its place is not followed. Mode 0600.
// Errors: kConflict (another process writes it), those of sys::Files.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "sys/fd.h"

namespace docmind::sys {

class PartFile {
 public:
  static Result<std::unique_ptr<PartFile>> open(const std::filesystem::path& path);  // Made when it is not there.

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  Result<> append(std::string_view bytes);
  Result<> clear();                                      // From the start again.
  Result<> finish(const std::filesystem::path& target);  // Last: fsync, rename (replaces), fsync of the folder.
  Result<> remove();                                     // Last, instead.

 private:
  PartFile(std::filesystem::path path, Fd fd, std::uint64_t size)
      : path_(std::move(path)), fd_(std::move(fd)), size_(size) {}

  std::filesystem::path path_;
  Fd fd_;
  std::uint64_t size_;
};

// Bytes that may still be written to the disk of a folder that is there.
Result<std::uint64_t> free_bytes(const std::filesystem::path& folder);

}  // namespace docmind::sys

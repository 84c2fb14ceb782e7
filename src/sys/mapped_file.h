// A file's bytes as memory, read from the disk when they are touched: for files larger than memory.
//
// Thread safety: bytes() and forget() from any thread. The file must stand still: when somebody cuts it off while it is
// mapped, touching what is gone ends the process (SIGBUS), so only files are mapped that a person named, or that are
// ours and replaced whole. Errors: kNotFound, kUnauthorized, kInvalidArgument (not a regular file).
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace docmind::sys {

class MappedFile {
 public:
  static Result<std::unique_ptr<MappedFile>> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return bytes_; }
  // Whole pages of this part leave this process's memory; they come back when they are touched again.
  static void forget(std::string_view part);

 private:
  explicit MappedFile(std::string_view bytes) : bytes_(bytes) {}
  std::string_view bytes_;
};

}  // namespace docmind::sys

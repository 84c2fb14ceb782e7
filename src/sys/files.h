// The file system as a dependency: whoever touches files is handed a Files, so a test can own the disk and break it.
//
// Thread safety: every method from any thread. Paths are bytes (a Linux name need not be UTF-8); names shown in errors
// are made printable. Errors: kNotFound, kUnauthorized (permission), kResourceExhausted (disk full, over the cap),
// kDataLoss (the disk fails), kInvalidArgument (a folder where a file was meant, and so on), kConflict.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace docmind::sys {

enum class FileKind : std::uint8_t { kRegular, kFolder, kLink, kOther };

struct FileStat {
  FileKind kind = FileKind::kOther;
  std::uint64_t size = 0;     // Bytes.
  std::int64_t mtime_ns = 0;  // Since 1970, UTC.
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileStat&) const = default;
};

// What a file is, in one line: another text after a write to it, and for another file in its place.
std::string stamp_of(const FileStat& stat);

struct FolderEntry {
  std::string name;                  // Without the folder.
  FileKind kind = FileKind::kOther;  // Of the entry itself: a link is kLink, wherever it leads.
};

// A file while it is being written, in pieces and in order: nothing is seen under its name before commit(), and nothing
// of it stays without. For one thread.
class NewFile {
 public:
  virtual ~NewFile() = default;
  virtual Result<> write(std::string_view bytes) = 0;
  virtual Result<> commit() = 0;  // Last: fsync, rename, fsync of the folder.
};

class Files {
 public:
  virtual ~Files() = default;
  // The whole of a regular file; kResourceExhausted when it has more than max_bytes. Never waits on a pipe or device.
  virtual Result<std::string> read(const std::filesystem::path& path, std::uint64_t max_bytes) = 0;
  // All or nothing, also over a power cut: a new file beside it, fsync, rename, fsync of the folder. Mode 0600.
  virtual Result<> write_atomic(const std::filesystem::path& path, std::string_view bytes) = 0;
  // The same for what does not fit into memory.
  virtual Result<std::unique_ptr<NewFile>> create(const std::filesystem::path& path) = 0;
  virtual Result<> remove(const std::filesystem::path& path) = 0;  // A file or an empty folder.
  virtual Result<> rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;  // Replaces.
  virtual Result<FileStat> stat(const std::filesystem::path& path) = 0;                             // Follows links.
  virtual Result<std::vector<FolderEntry>> list(const std::filesystem::path& folder) = 0;  // By name, as bytes.
  virtual Result<> make_dirs(
      const std::filesystem::path& folder) = 0;  // With its parents, mode 0700; there already: fine.
};

// The disk.
class RealFiles final : public Files {
 public:
  Result<std::string> read(const std::filesystem::path& path, std::uint64_t max_bytes) override;
  Result<> write_atomic(const std::filesystem::path& path, std::string_view bytes) override;
  Result<std::unique_ptr<NewFile>> create(const std::filesystem::path& path) override;
  Result<> remove(const std::filesystem::path& path) override;
  Result<> rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Result<FileStat> stat(const std::filesystem::path& path) override;
  Result<std::vector<FolderEntry>> list(const std::filesystem::path& folder) override;
  Result<> make_dirs(const std::filesystem::path& folder) override;
};

// The bytes of a regular file, in pieces and in order: for files larger than memory. Ends early with an error of
// `take`.
Result<> read_pieces(const std::filesystem::path& path, const std::function<Result<>(std::string_view)>& take);

struct FileContent {
  std::string bytes;
  FileStat stat;  // The same before and after the read.
};

// Reads a file that stands still: kConflict when its size, time or inode moved while it was read.
Result<FileContent> read_unchanged(Files& files, const std::filesystem::path& path, std::uint64_t max_bytes);

enum class HiddenFiles : std::uint8_t { kSkip, kTake };  // Hidden: a name that starts with a dot.

struct WalkOptions {
  HiddenFiles hidden = HiddenFiles::kSkip;
  std::size_t max_depth = 64;          // Folders below the root.
  std::size_t max_files = 10'000'000;  // kResourceExhausted past it.
};

struct WalkFailure {
  std::filesystem::path path;
  Error error;
};

struct Walk {
  std::vector<std::filesystem::path>
      files;                          // Regular files and links to regular files; links to folders are not followed.
  std::vector<WalkFailure> failures;  // Folders that could not be read; the others are in files.
};

// Every file under a folder, sorted by path as bytes, so two walks of the same tree agree. kCancelled on stop.
Result<Walk> walk(Files& files, const std::filesystem::path& root, const WalkOptions& options, std::stop_token stop);

// A path as text for people: ill-formed UTF-8 and control characters replaced.
std::string printable(const std::filesystem::path& path);

}  // namespace docmind::sys

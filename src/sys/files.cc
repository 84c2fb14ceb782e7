#include "sys/files.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"

namespace docmind::sys {
namespace {

namespace fs = std::filesystem;

class Walker {
 public:
  Walker(Files& files, const WalkOptions& options, std::stop_token stop)
      : files_(files), options_(options), stop_(std::move(stop)) {}

  Result<Walk> walk(const fs::path& root) {
    const std::vector<FolderEntry> entries = DM_TRY(files_.list(root));
    DM_TRY(enter(root, entries, 0));
    std::ranges::sort(found_.files, {}, [](const fs::path& path) { return std::string_view(path.native()); });
    return std::move(found_);
  }

 private:
  Result<> enter(const fs::path& folder, const std::vector<FolderEntry>& entries, std::size_t depth) {
    for (const FolderEntry& entry : entries) {
      if (stop_.stop_requested()) return Error{Code::kCancelled, "stopped while reading the folder"};
      if (options_.hidden == HiddenFiles::kSkip && entry.name.starts_with('.')) continue;
      const fs::path path = folder / entry.name;
      if (entry.kind == FileKind::kFolder) {
        DM_TRY(enter_below(path, depth + 1));
      } else if (is_file(entry, path)) {
        DM_TRY(add(path));
      }
    }
    return {};
  }

  Result<> enter_below(const fs::path& folder, std::size_t depth) {
    if (depth > options_.max_depth) {
      found_.failures.push_back(
          {folder,
           {Code::kResourceExhausted, printable(folder) + " lies too deep", "Name it itself, to start there."}});
      return {};
    }
    auto entries = files_.list(folder);
    if (!entries) {
      found_.failures.push_back({folder, std::move(entries).error()});
      return {};
    }
    return enter(folder, *entries, depth);
  }

  bool is_file(const FolderEntry& entry, const fs::path& path) {
    if (entry.kind != FileKind::kLink) return entry.kind == FileKind::kRegular;
    const auto target = files_.stat(path);
    return target && target->kind == FileKind::kRegular;
  }

  Result<> add(const fs::path& path) {
    if (found_.files.size() == options_.max_files) {
      return Error{Code::kResourceExhausted, fmt::format("the folder has more than {} files", options_.max_files),
                   "Name its subfolders one by one."};
    }
    found_.files.push_back(path);
    return {};
  }

  Files& files_;
  const WalkOptions& options_;
  std::stop_token stop_;
  Walk found_;
};

}  // namespace

Result<FileContent> read_unchanged(Files& files, const fs::path& path, std::uint64_t max_bytes) {
  const FileStat before = DM_TRY(files.stat(path));
  std::string bytes = DM_TRY(files.read(path, max_bytes));
  const FileStat after = DM_TRY(files.stat(path));
  if (before != after || bytes.size() != after.size) {
    return Error{Code::kConflict, printable(path) + " changed while it was read", "Try again when it is complete."};
  }
  return FileContent{.bytes = std::move(bytes), .stat = after};
}

Result<Walk> walk(Files& files, const fs::path& root, const WalkOptions& options, std::stop_token stop) {
  return Walker(files, options, std::move(stop)).walk(root);
}

std::string printable(const fs::path& path) {
  std::uint64_t replaced = 0;
  const std::string text = to_utf8(path.native(), replaced);
  std::string out;
  for (std::uint64_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    const bool control = c.value < 0x20 || (c.value >= 0x7f && c.value < 0xa0);
    append_utf8(out, control ? U'\uFFFD' : c.value);
    at += c.length;
  }
  return out;
}

std::string stamp_of(const FileStat& stat) {
  return fmt::format("{} {} {} {}", stat.device, stat.inode, stat.size, stat.mtime_ns);
}

}  // namespace docmind::sys

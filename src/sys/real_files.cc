#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <span>
#include <vector>

#include "sys/fd.h"
#include "sys/files.h"
#include "sys/folders.h"
#include "sys/rng.h"

namespace docmind::sys {
namespace {

namespace fs = std::filesystem;

Error failed(std::string_view verb, const fs::path& path) {
  const int error_number = errno;
  return error_of(error_number, fmt::format("{} {}", verb, printable(path)));
}

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::kRegular;
  if (S_ISDIR(mode)) return FileKind::kFolder;
  return S_ISLNK(mode) ? FileKind::kLink : FileKind::kOther;
}

Result<> write_all(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

fs::path folder_of(const fs::path& path) {
  fs::path folder = path.parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

class RealNewFile final : public NewFile {
 public:
  static Result<std::unique_ptr<NewFile>> open(const fs::path& target) {
    const fs::path fresh = folder_of(target) / fmt::format(".docmind-{:016x}.tmp", RealRng().next());
    Fd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return failed("write", target);
    return std::unique_ptr<NewFile>(new RealNewFile(target, fresh, std::move(fd)));
  }
  ~RealNewFile() override {
    if (!in_place_) ::unlink(fresh_.c_str());
  }
  RealNewFile(const RealNewFile&) = delete;
  RealNewFile& operator=(const RealNewFile&) = delete;

  Result<> write(std::string_view bytes) override { return write_all(fd_.get(), bytes, target_); }

  Result<> commit() override {
    if (::fsync(fd_.get()) != 0) return failed("save", target_);
    if (::rename(fresh_.c_str(), target_.c_str()) != 0) return failed("write", target_);
    in_place_ = true;
    return sync_folder(folder_of(target_));
  }

 private:
  RealNewFile(fs::path target, fs::path fresh, Fd fd)
      : target_(std::move(target)), fresh_(std::move(fresh)), fd_(std::move(fd)) {}

  const fs::path target_;
  const fs::path fresh_;
  const Fd fd_;
  bool in_place_ = false;
};

}  // namespace

namespace {

// For reading; nothing but a regular file. Its state is in `now`.
Result<Fd> open_regular(const fs::path& path, struct ::stat& now) {
  // O_NONBLOCK: the open of a pipe must not wait for its writer.
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return failed("read", path);
  if (::fstat(fd.get(), &now) != 0) return failed("read", path);
  if (S_ISDIR(now.st_mode)) return error_of(EISDIR, "read " + printable(path));
  if (!S_ISREG(now.st_mode)) {
    return Error{Code::kInvalidArgument, fmt::format("cannot read {}: it is not a regular file", printable(path)),
                 "Name a file, not a pipe, socket or device."};
  }
  return fd;
}

// To the end, whatever fstat said: files of /proc have no size, and a file may grow.
Result<> each_piece(const Fd& fd, const fs::path& path, std::span<char> room,
                    const std::function<Result<>(std::string_view)>& take) {
  while (true) {
    const ssize_t n = ::read(fd.get(), room.data(), room.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("read", path);
    if (n == 0) return {};
    DM_TRY(take(std::string_view(room.data(), static_cast<std::size_t>(n))));
  }
}

}  // namespace

Result<> read_pieces(const fs::path& path, const std::function<Result<>(std::string_view)>& take) {
  constexpr std::size_t kPiece = 1U << 20U;
  struct ::stat now{};
  const Fd fd = DM_TRY(open_regular(path, now));
  std::vector<char> room(kPiece);
  return each_piece(fd, path, room, take);
}

Result<std::string> RealFiles::read(const fs::path& path, std::uint64_t max_bytes) {
  struct ::stat now{};
  const Fd fd = DM_TRY(open_regular(path, now));
  const Error too_large{Code::kResourceExhausted,
                        fmt::format("{} is larger than the limit of {} bytes", printable(path), max_bytes),
                        "Raise the limit in the settings, or split the file."};
  if (static_cast<std::uint64_t>(now.st_size) > max_bytes) return too_large;
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(now.st_size));
  std::array<char, 64 * 1024> room{};
  DM_TRY(each_piece(fd, path, room, [&](std::string_view piece) -> Result<> {
    if (bytes.size() + piece.size() > max_bytes) return too_large;
    bytes += piece;
    return {};
  }));
  return bytes;
}

Result<> RealFiles::write_atomic(const fs::path& path, std::string_view bytes) {
  const auto file = DM_TRY(create(path));
  DM_TRY(file->write(bytes));
  return file->commit();
}

Result<std::unique_ptr<NewFile>> RealFiles::create(const fs::path& path) { return RealNewFile::open(path); }

Result<> RealFiles::remove(const fs::path& path) {
  if (std::remove(path.c_str()) != 0) return failed("remove", path);
  return {};
}

Result<> RealFiles::rename(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename", from);
  return {};
}

Result<FileStat> RealFiles::stat(const fs::path& path) {
  struct ::stat now{};
  if (::stat(path.c_str(), &now) != 0) return failed("read", path);
  return FileStat{.kind = kind_of(now.st_mode),
                  .size = static_cast<std::uint64_t>(now.st_size),
                  .mtime_ns = std::int64_t{now.st_mtim.tv_sec} * 1'000'000'000 + now.st_mtim.tv_nsec,
                  .device = now.st_dev,
                  .inode = now.st_ino};
}

Result<std::vector<FolderEntry>> RealFiles::list(const fs::path& folder) {
  struct Close {
    void operator()(DIR* dir) const { ::closedir(dir); }
  };
  const std::unique_ptr<DIR, Close> dir(::opendir(folder.c_str()));
  if (!dir) return failed("read the folder", folder);
  std::vector<FolderEntry> entries;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr && errno != 0) return failed("read the folder", folder);
    if (entry == nullptr) break;
    std::string name = static_cast<const char*>(entry->d_name);
    if (name == "." || name == "..") continue;
    struct ::stat now{};  // d_type is not filled by every file system; gone in between: left out.
    if (::fstatat(::dirfd(dir.get()), name.c_str(), &now, AT_SYMLINK_NOFOLLOW) != 0) continue;
    entries.push_back({.name = std::move(name), .kind = kind_of(now.st_mode)});
  }
  std::ranges::sort(entries, {}, &FolderEntry::name);
  return entries;
}

Result<> RealFiles::make_dirs(const fs::path& folder) {
  fs::path so_far;
  for (const fs::path& part : folder.lexically_normal()) {
    so_far /= part;
    if (::mkdir(so_far.c_str(), 0700) == 0) continue;
    const int why = errno;
    struct ::stat now{};
    if (::stat(so_far.c_str(), &now) == 0 && S_ISDIR(now.st_mode)) continue;
    if (why == EEXIST) {
      return Error{Code::kConflict, fmt::format("cannot make the folder {}: a file is in its place", printable(so_far)),
                   "Choose another folder, or move the file."};
    }
    return error_of(why, "make the folder " + printable(so_far));
  }
  return {};
}

}  // namespace docmind::sys

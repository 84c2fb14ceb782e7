#include "sys/part_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "sys/files.h"
#include "sys/folders.h"

namespace docmind::sys {
namespace {

namespace fs = std::filesystem;

Error failed(std::string_view verb, const fs::path& path) {
  const int error_number = errno;
  return error_of(error_number, std::string(verb) + " " + printable(path));
}

Error taken(const fs::path& path) {
  return {Code::kConflict, "Another process is writing " + printable(path) + ".", "Wait for it, or end it."};
}

}  // namespace

Result<std::unique_ptr<PartFile>> PartFile::open(const fs::path& path) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!fd) return failed("write", path);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return errno == EWOULDBLOCK ? taken(path) : failed("lock", path);
  struct ::stat ours{};
  struct ::stat there{};
  if (::fstat(fd.get(), &ours) != 0) return failed("read", path);
  if (!S_ISREG(ours.st_mode)) {
    return Error{Code::kInvalidArgument, "There is something that is no file at " + printable(path) + ".",
                 "Remove it."};
  }
  // Whoever held the lock may have given the file its final name in between.
  if (::lstat(path.c_str(), &there) != 0 || there.st_ino != ours.st_ino || there.st_dev != ours.st_dev) {
    return taken(path);
  }
  return std::unique_ptr<PartFile>(new PartFile(path, std::move(fd), static_cast<std::uint64_t>(ours.st_size)));
}

Result<> PartFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("write", path_);
    size_ += static_cast<std::uint64_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<> PartFile::clear() {
  if (::ftruncate(fd_.get(), 0) != 0) return failed("write", path_);
  size_ = 0;
  return {};
}

Result<> PartFile::finish(const fs::path& target) {
  if (::fsync(fd_.get()) != 0) return failed("save", path_);
  if (::rename(path_.c_str(), target.c_str()) != 0) return failed("write", target);
  return sync_folder(target.has_parent_path() ? target.parent_path() : fs::path("."));
}

Result<> PartFile::remove() {
  if (::unlink(path_.c_str()) != 0) return failed("remove", path_);
  return {};
}

Result<std::uint64_t> free_bytes(const fs::path& folder) {
  struct ::statvfs disk{};
  if (::statvfs(folder.c_str(), &disk) != 0) return failed("read", folder);
  return std::uint64_t{disk.f_bavail} * disk.f_frsize;
}

}  // namespace docmind::sys

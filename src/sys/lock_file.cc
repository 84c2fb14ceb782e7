#include "sys/lock_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "sys/files.h"

namespace docmind::sys {
namespace {

// The process id in the file, or nothing: it is for people only, the lock itself is the kernel's.
std::string holder(int fd) {
  std::array<char, 20> text{};
  const ssize_t n = ::pread(fd, text.data(), text.size(), 0);
  const std::string_view digits(text.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  const std::size_t end = digits.find_first_not_of("0123456789");
  return std::string(digits.substr(0, end));
}

// The folder was swapped between open and lock (a restore): this is the lock of what was there before.
bool replaced(int fd, const std::filesystem::path& path) {
  struct ::stat ours{};
  struct ::stat there{};
  return ::fstat(fd, &ours) != 0 || ::lstat(path.c_str(), &there) != 0 || ours.st_ino != there.st_ino ||
         ours.st_dev != there.st_dev;
}

}  // namespace

Result<LockFile> LockFile::try_lock(const std::filesystem::path& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return error_of(errno, "open the lock " + printable(path));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return error_of(errno, "lock " + printable(path));
    const std::string pid = holder(fd.get());
    return Error{Code::kConflict,
                 fmt::format("{} is held by {}", printable(path), pid.empty() ? "another process" : "process " + pid),
                 "Wait until it has ended, or end it."};
  }
  if (replaced(fd.get(), path)) {
    return Error{Code::kConflict, fmt::format("the folder of {} was replaced just now", printable(path)), "Try again."};
  }
  const std::string text = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), text.data(), text.size(), 0) < 0) {
    return error_of(errno, "write the lock " + printable(path));
  }
  return LockFile(std::move(fd));
}

}  // namespace docmind::sys

#include "sys/fd.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace docmind::sys {

void Fd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);  // An error here says nothing about the data: writers fsync first.
  fd_ = fd;
}

Error error_of(int error_number, std::string_view doing) {
  const auto because = [doing](Code code, std::string_view why, std::string_view hint) {
    return Error{code, fmt::format("cannot {}: {}", doing, why), std::string(hint)};
  };
  switch (error_number) {
    case ENOENT:
      return because(Code::kNotFound, "there is no such file or folder", "Check the path.");
    case ENOTDIR:
      return because(Code::kNotFound, "a part of the path is not a folder", "Check the path.");
    case EACCES:
    case EPERM:
      return because(Code::kUnauthorized, "permission denied", "Change its permissions, or run as its owner.");
    case EROFS:
      return because(Code::kUnauthorized, "the disk is read-only", "Choose another folder.");
    case ENOSPC:
    case EDQUOT:
      return because(Code::kResourceExhausted, "no space left on its disk", "Free some space there and try again.");
    case EFBIG:
      return because(Code::kResourceExhausted, "the file would be larger than is allowed", "Raise the limit.");
    case EMFILE:
    case ENFILE:
      return because(Code::kResourceExhausted, "too many files are open", "Raise the limit (ulimit -n).");
    case ENOMEM:
    case EAGAIN:
      return because(Code::kResourceExhausted, "the machine is out of memory or processes", "Close other programs.");
    case EIO:
      return because(Code::kDataLoss, "the disk reports an error", "Check the disk; restore the file from a backup.");
    case EISDIR:
      return because(Code::kInvalidArgument, "it is a folder", "Name a file.");
    case ENAMETOOLONG:
    case ELOOP:
    case EINVAL:
      return because(Code::kInvalidArgument, std::generic_category().message(error_number), "Check the path.");
    case EEXIST:
    case ENOTEMPTY:
    case EBUSY:
    case ETXTBSY:
      return because(Code::kConflict, std::generic_category().message(error_number), "");
    default:
      return because(Code::kInternal, std::generic_category().message(error_number), "");
  }
}

}  // namespace docmind::sys

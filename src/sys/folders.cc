#include "sys/folders.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "sys/fd.h"
#include "sys/files.h"

namespace docmind::sys {
namespace {

namespace fs = std::filesystem;

// Of a path without a slash at its end.
fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

Result<> rename_as(const fs::path& from, const fs::path& to, unsigned flags) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) == 0) return {};
  int why = errno;
  if (why == EINVAL && flags == RENAME_NOREPLACE) {  // NFS knows no flags; an empty folder is all that this replaces.
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    why = errno;
  }
  if (why == EBUSY || why == EXDEV || why == EINVAL || why == ENOSYS) {
    return Error{Code::kUnavailable,
                 "The folder " + printable(from) + " cannot be renamed: it is a mount point, or its disk cannot do it.",
                 "Choose a data directory below the mount point with --data DIR."};
  }
  if (why == EEXIST || why == ENOTEMPTY || why == ENOTDIR) {
    return Error{Code::kConflict, "There is something at " + printable(to) + " already.", "Choose another name."};
  }
  return error_of(why, "rename " + printable(from));
}

Result<> sync_above(const fs::path& a, const fs::path& b) {
  DM_TRY(sync_folder(folder_of(a)));
  if (folder_of(a) == folder_of(b)) return {};
  return sync_folder(folder_of(b));
}

}  // namespace

Result<> sync_folder(const fs::path& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return error_of(errno, "open " + printable(folder));
  // EINVAL: it has no such thing.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return error_of(errno, "save " + printable(folder));
  return {};
}

Result<> swap_folders(const fs::path& a, const fs::path& b) {
  DM_TRY(rename_as(a, b, RENAME_EXCHANGE));
  return sync_above(a, b);
}

Result<> move_folder(const fs::path& from, const fs::path& to) {
  DM_TRY(rename_as(from, to, RENAME_NOREPLACE));
  return sync_above(from, to);
}

void give_to_owner_of(const fs::path& like, const fs::path& folder) {
  struct ::stat owner{};
  if (::geteuid() != 0 || ::stat(like.c_str(), &owner) != 0) return;
  const auto give = [&](const fs::path& one) {
    const int ignored = ::lchown(one.c_str(), owner.st_uid, owner.st_gid);
    static_cast<void>(ignored);  // Who starts it then is told what he cannot read.
  };
  give(folder);
  std::error_code failed;
  for (fs::recursive_directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    give(at->path());
  }
}

}  // namespace docmind::sys

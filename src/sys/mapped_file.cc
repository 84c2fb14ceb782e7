#include "sys/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "sys/fd.h"
#include "sys/files.h"

namespace docmind::sys {
namespace {

Error unreadable(const std::filesystem::path& path) { return error_of(errno, "read " + printable(path)); }

}  // namespace

Result<std::unique_ptr<MappedFile>> MappedFile::open(const std::filesystem::path& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return unreadable(path);
  struct ::stat now{};
  if (::fstat(fd.get(), &now) != 0) return unreadable(path);
  if (!S_ISREG(now.st_mode)) {
    return Error{Code::kInvalidArgument, "cannot read " + printable(path) + ": it is not a regular file",
                 "Name a file, not a folder, pipe or device."};
  }
  const auto size = static_cast<std::size_t>(now.st_size);
  if (size == 0) return std::unique_ptr<MappedFile>(new MappedFile({}));
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (memory == MAP_FAILED) return unreadable(path);
  return std::unique_ptr<MappedFile>(new MappedFile({static_cast<const char*>(memory), size}));
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

void MappedFile::forget(std::string_view part) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(part.data()) + page - 1) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(part.data() + part.size()) / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);  // Advice; may be refused.
}

}  // namespace docmind::sys

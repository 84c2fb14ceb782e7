// One holder at a time, across processes: a file held by flock(2). The kernel lets go when the holder dies, however.
//
// Thread safety: like a value. The file stays when the lock goes: removing it would let two hold "the" lock.
#pragma once
#include <filesystem>

#include "base/result.h"
#include "sys/fd.h"

namespace docmind::sys {

class LockFile {
 public:
  // kConflict, naming the holder's process id, when another process (or another LockFile of this one) has it.
  static Result<LockFile> try_lock(const std::filesystem::path& path);

 private:
  explicit LockFile(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace docmind::sys

// Lines of a terminal, a pipe or a file, read so that a stop ends the waiting.
//
// Thread safety: one thread. Bounds: a line has at most 64 KiB; of a longer one nothing is given.
#pragma once
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"

namespace docmind::sys {

class LineReader {
 public:
  explicit LineReader(int fd) : fd_(fd) {}  // Borrowed.

  // The next line without its end; nothing when there is no more. kCancelled after a stop; kResourceExhausted for a
  // line that is too long, which is passed over.
  Result<std::optional<std::string>> next(std::stop_token stop);

 private:
  Result<> fill(std::stop_token stop);

  int fd_;
  std::string buffer_;
  bool ended_ = false;
  bool skipping_ = false;  // The rest of a line that is too long.
};

}  // namespace docmind::sys

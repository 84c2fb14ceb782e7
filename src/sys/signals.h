// SIGINT, SIGTERM and SIGHUP as a stop token, seen by a thread and not by a handler, so nothing runs in signal context.
//
// Make one in main before any other thread starts: it blocks these signals in the calling thread, and later threads
// inherit that. The first signal requests the stop; the second ends the process at once with status 130.
// SIGPIPE is ignored from then on: a closed pipe or socket is an error of the write.
#pragma once
#include <functional>
#include <memory>
#include <stop_token>

#include "base/result.h"

namespace docmind::sys {

class Signals {
 public:
  static Result<std::unique_ptr<Signals>> watch();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  std::stop_token stop_token() const;
  // After a SIGINT: what comes next is a first signal again, for a token of its own. For a chat, where it ends an
  // answer and not the program. After a SIGTERM nothing changes.
  void renew();
  // From now on a SIGHUP calls this, on the thread that waits for signals, and ends nothing; with an empty function it
  // is a SIGTERM again, and the one before it does not run any more.
  void on_hangup(std::function<void()> call);

 private:
  class Impl;
  explicit Signals(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace docmind::sys

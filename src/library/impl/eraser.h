// The thread that takes deleted words out of the index: FTS5 only buries their rows, and leaves them out when it
// merges.
//
// What is to be done stands in library_state.erase_after, written with the deletion itself, so it is finished after a
// crash, too. Waits until deletions pause, because one pass costs the same for one as for a thousand.
// Thread safety: every method from any thread.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <thread>

#include "base/deadline.h"
#include "base/result.h"
#include "store/database.h"

namespace docmind::library {

class Eraser {
 public:
  Eraser(store::Database& database, std::uint64_t erase_after);
  ~Eraser();  // Finishes what is pending.

  // Words were deleted in this generation.
  void wanted(std::uint64_t generation);

  // Until nothing deleted before this call is left. The error of a pass that failed.
  Result<> wait(Deadline deadline, std::stop_token stop);

 private:
  void run();
  Result<> pass(std::uint64_t generation);

  store::Database& database_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable_any done_;
  std::uint64_t wanted_;      // Generation of the newest deletion.
  std::uint64_t erased_ = 0;  // Of the newest one a pass has dealt with, whether it succeeded or not.
  Result<> outcome_;          // Of the last pass.
  int waiting_ = 0;           // Callers in wait(): no pause for them.
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace docmind::library

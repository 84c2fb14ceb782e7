// A library in a folder of its own, with a clock that stands still and chance that repeats. For tests.
#pragma once
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/rng.h"
#include "library/library.h"
#include "store/testing/temp_folder.h"

namespace docmind::library::testing {

// The value; an error ends the process.
template <typename T>
T must(Result<T> result) {
  DM_CHECK(result);
  return *std::move(result);
}

class TempLibrary {
 public:
  explicit TempLibrary(LibraryOptions options = {}) : options_(std::move(options)) {
    options_.path = (folder_ / "library.db").string();
    reopen();
  }

  Library& operator*() { return *library_; }
  Library* operator->() { return library_.get(); }
  Snapshot read() { return must(library_->read(Deadline::never(), {})); }
  void close() { library_.reset(); }
  void reopen() {
    close();
    library_ = must(Library::open(options_, clock_, rng_));
  }

  LibraryOptions& options() { return options_; }
  ManualClock& clock() { return clock_; }
  Rng& rng() { return rng_; }
  const store::testing::TempFolder& folder() const { return folder_; }

 private:
  store::testing::TempFolder folder_;
  LibraryOptions options_;
  ManualClock clock_;
  SeededRng rng_{1};
  std::unique_ptr<Library> library_;
};

}  // namespace docmind::library::testing

// A library in a folder of its own, with a clock that stands still and chance that repeats. For tests.
#pragma once
#include <memory>

#include "base/check.h"
#include "base/clock.h"
#include "base/rng.h"
#include "library/library.h"
#include "store/testing/temp_folder.h"

namespace docmind::library::testing {

class TempLibrary {
 public:
  explicit TempLibrary(LibraryOptions options = {}) : options_(std::move(options)) {
    options_.path = (folder_ / "library.db").string();
    reopen();
  }

  Library& operator*() { return *library_; }
  Library* operator->() { return library_.get(); }
  Snapshot read() {
    auto snapshot = library_->read(Deadline::never(), {});
    DM_CHECK(snapshot);
    return *std::move(snapshot);
  }
  void close() { library_.reset(); }
  void reopen() {
    close();
    auto opened = Library::open(options_, clock_, rng_);
    DM_CHECK(opened);
    library_ = *std::move(opened);
  }

  LibraryOptions& options() { return options_; }
  ManualClock& clock() { return clock_; }
  const store::testing::TempFolder& folder() const { return folder_; }

 private:
  store::testing::TempFolder folder_;
  LibraryOptions options_;
  ManualClock clock_;
  SeededRng rng_{1};
  std::unique_ptr<Library> library_;
};

}  // namespace docmind::library::testing

// Keys for tests, in a file of a folder of their own.
#pragma once
#include <memory>

#include "access/keys.h"
#include "base/check.h"
#include "sys/rng.h"
#include "sys/testing/temp_folder.h"

namespace docmind::access::testing {

class TempKeys {
 public:
  explicit TempKeys(const Clock& clock) {
    auto opened = Keys::open(folder_ / "keys.json", {files_, clock, rng_});
    DM_CHECK(opened);
    keys_ = *std::move(opened);
  }
  Keys* operator->() const { return keys_.get(); }
  Keys* get() const { return keys_.get(); }

 private:
  sys::TempFolder folder_;
  sys::RealFiles files_;
  sys::RealRng rng_;
  std::unique_ptr<Keys> keys_;
};

}  // namespace docmind::access::testing

// Templates in a folder that goes with them, for tests of rooms that may not touch files.
#pragma once
#include "sys/testing/temp_folder.h"
#include "templates/templates.h"

namespace docmind::templates::testing {

class TempTemplates {
 public:
  Templates* get() { return &templates_; }

 private:
  sys::TempFolder folder_;
  sys::RealFiles files_;
  Templates templates_{folder_ / "templates.json", files_};
};

}  // namespace docmind::templates::testing

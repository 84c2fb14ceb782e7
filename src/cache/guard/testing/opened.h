// The guards with the lexicon of this build. For tests.
#pragma once
#include <gtest/gtest.h>

#include "cache/guard/guards.h"

namespace docmind::cache {

inline const Guards& opened_guards() {
  static const Guards guards = [] {
    sys::RealFiles files;
    auto opened = Guards::open(files, DOCMIND_BUILD_DIR "/share/docmind/words.lexicon");
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? *std::move(opened) : Guards();
  }();
  return guards;
}

}  // namespace docmind::cache

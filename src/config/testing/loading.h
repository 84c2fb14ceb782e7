// Settings for tests, loaded from a folder of their own.
#pragma once
#include <gtest/gtest.h>

#include <utility>

#include "config/load.h"
#include "sys/testing/temp_folder.h"

namespace docmind::config::testing {

class Loading : public ::testing::Test {
 protected:
  Sources sources(sys::Environment::Variables variables = {}) {
    variables.emplace("HOME", "/home/wei");
    Sources s;
    s.folder = folder / "etc";
    s.environment = sys::Environment(std::move(variables));
    return s;
  }
  Loaded ok(const Sources& s) {
    auto loaded = load(s, files);
    EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
    return loaded ? *std::move(loaded) : Loaded{};
  }

  sys::TempFolder folder;
  sys::RealFiles files;
};

}  // namespace docmind::config::testing

#include "config/reference.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace docmind::config {
namespace {

TEST(Reference, ThePageInDocsIsThisOne) {
  const std::filesystem::path file = std::filesystem::path(DOCMIND_SOURCE_DIR) / "docs/settings.md";
  if (std::getenv("UPDATE_DOCS") != nullptr) std::ofstream(file, std::ios::binary) << reference_page();
  std::stringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  EXPECT_EQ(text.str(), reference_page()) << "Run: UPDATE_DOCS=1 build-dev/config_test";
}

}  // namespace
}  // namespace docmind::config

#include "app/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cli/exit_code.h"
#include "cli/testing/fake_api.h"

namespace docmind::app {
namespace {

using ::testing::HasSubstr;

TEST(Import, WhatCannotBeReadTakesNoOtherAlong) {
  cli::testing::FakeApi api;
  std::string out;
  std::string err;
  cli::Terminal terminal{[&](std::string_view text) { out += text; }, [&](std::string_view text) { err += text; }};
  imports::Found found;
  found.documents.push_back(
      {"locked.md", false, [] { return Result<std::string>(Error{Code::kUnauthorized, "permission denied"}); }});
  found.documents.push_back({"open.md", false, [] { return Result<std::string>("# Boats\n"); }});
  EXPECT_EQ(import_all(api, std::move(found), {.from = "open-webui"}, {terminal, "/", false, {}}), cli::kSomeFailed);
  ASSERT_EQ(api.requests.size(), 2U);  // The first is for what is there.
  EXPECT_THAT(api.requests[1].body, HasSubstr("# Boats"));
  EXPECT_THAT(out, HasSubstr("1 documents added"));
  EXPECT_THAT(err, HasSubstr("left out: locked.md: permission denied"));
}

}  // namespace
}  // namespace docmind::app

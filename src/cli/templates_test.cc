#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/testing/fake_api.h"

namespace docmind::cli {
namespace {

using ::testing::HasSubstr;

struct TemplatesCommandTest : ::testing::Test {
  Surroundings here(bool json = false) { return {terminal, "/home/anna", json, nullptr}; }

  std::string out;
  std::string err;
  Terminal terminal{[this](std::string_view t) { out += t; }, [this](std::string_view t) { err += t; }};
  testing::FakeApi api;
};

TEST_F(TemplatesCommandTest, AreListedAddedAndRemoved) {
  api.body = R"({"templates":[{"name":"a\u001b[2J","text":"What is {x}?","blanks":["x"],"built_in":true}]})";
  EXPECT_EQ(templates_list(api, {}, here()), kOk);
  EXPECT_THAT(out, HasSubstr("  (comes with DocMind)\n  What is {x}?\n"));
  EXPECT_EQ(out.find('\x1b'), std::string::npos);
  api.body = R"({"name":"b","text":"Who built {ship}?","blanks":["ship"],"built_in":false})";
  EXPECT_EQ(templates_add(api, {"b", "Who built {ship}?"}, here()), kOk);
  EXPECT_EQ(api.requests.back().method, "PUT");
  EXPECT_EQ(api.requests.back().target.path, "/api/templates/b");
  EXPECT_EQ(api.requests.back().body, R"({"text":"Who built {ship}?"})");
  EXPECT_THAT(out, HasSubstr("b\n  Who built {ship}?\n"));
  const std::size_t asked = api.requests.size();
  EXPECT_EQ(templates_add(api, {"a/b", "x"}, here()), kFailed);  // It would be another address.
  EXPECT_EQ(api.requests.size(), asked);
  EXPECT_EQ(templates_remove(api, {"b"}, here()), kOk);
  EXPECT_EQ(api.requests.back().method, "DELETE");
  EXPECT_THAT(out, HasSubstr("removed b\n"));
}

TEST_F(TemplatesCommandTest, ATemplateIsAskedWithItsBlanksFilled) {
  api.body = R"({"templates":[{"name":"b","text":"Who built {ship}, {ship}?"}]})";
  EXPECT_EQ(ask(api, {.question = "", .template_name = "b", .with = {"ship=Aurora=1"}}, here(true)), kOk);
  EXPECT_EQ(api.requests.back().target.path, "/api/ask");
  EXPECT_EQ(api.requests.back().body, R"({"question":"Who built Aurora=1, Aurora=1?"})");
  for (const auto& [options, why] :
       {std::pair{AskOptions{.question = "", .template_name = "b"}, "nothing was given for the blank {ship}"},
        std::pair{AskOptions{.question = "", .template_name = "b", .with = {"ship"}},
                  "--with takes BLANK=WORDS, not ship"},
        std::pair{AskOptions{.question = "", .template_name = "c"}, "there is no template c"}}) {
    EXPECT_EQ(ask(api, options, here()), kFailed);
    EXPECT_THAT(err, HasSubstr(why));
  }
  EXPECT_EQ(std::ranges::count(api.requests, "/api/ask", [](const auto& one) { return one.target.path; }), 1);
}

}  // namespace
}  // namespace docmind::cli

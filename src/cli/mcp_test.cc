#include "cli/mcp.h"

#include <gtest/gtest.h>

#include <deque>

#include "cli/exit_code.h"
#include "cli/testing/fake_api.h"

namespace docmind::cli {
namespace {

struct McpTest : ::testing::Test {
  int run(std::deque<Result<std::optional<std::string>>> lines) {
    Typing typing;
    typing.next_line = [&]() -> Result<std::optional<std::string>> {
      if (lines.empty()) return std::optional<std::string>();
      auto line = std::move(lines.front());
      lines.pop_front();
      return line;
    };
    return mcp(api, {}, here, typing);
  }

  testing::FakeApi api;
  std::string out;
  Terminal terminal{[this](std::string_view text) { out += text; }, [](std::string_view) {}};
  Surroundings here{terminal, "/", false, nullptr};
};

TEST_F(McpTest, EveryMessageIsALineBothWays) {
  api.body = R"({"id":1})";
  EXPECT_EQ(run({std::optional<std::string>("{\"a\":1}"), std::optional<std::string>(" \r")}), kOk);
  ASSERT_EQ(api.requests.size(), 1U) << "an empty line is no message";
  EXPECT_EQ(api.requests[0].target.path, "/mcp");
  EXPECT_EQ(api.requests[0].body, "{\"a\":1}");
  EXPECT_EQ(out, "{\"id\":1}\n");
  out.clear();
  api.body = "";
  run({std::optional<std::string>(R"({"method":"notifications/initialized"})")});
  EXPECT_EQ(out, "");
}

TEST_F(McpTest, WhoAsksIsToldThatItFailed) {
  api.failure = Error{Code::kUnavailable, "nobody answers", "Try again."};
  run({std::optional<std::string>(R"({"id":"q","method":"ping"})"), std::optional<std::string>(R"({"method":"n"})"),
       Error{Code::kResourceExhausted, "the line is too long"}});
  EXPECT_EQ(
      out,
      "{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"error\":{\"code\":-32603,\"message\":\"nobody answers. Try again.\"}}\n"
      "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32603,\"message\":\"the line is too long\"}}\n");
}

TEST_F(McpTest, AStopEndsIt) { EXPECT_EQ(run({Error{Code::kCancelled, "stopped"}}), kOk); }

}  // namespace
}  // namespace docmind::cli

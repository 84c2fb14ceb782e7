#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/testing/fake_api.h"

namespace docmind::cli {
namespace {

using ::testing::HasSubstr;

struct OllamaTest : ::testing::Test {
  Surroundings here(bool json = false) { return {terminal, "/home/anna", json, nullptr}; }
  int run(const OllamaOptions& options, bool json = false) { return ollama(api, options, here(json)); }

  std::string out;
  std::string err;
  Terminal terminal{[this](std::string_view t) { out += t; }, [this](std::string_view t) { err += t; }};
  testing::FakeApi api;
};

TEST_F(OllamaTest, ListsWhatIsThereAndWhatIsLoaded) {
  api.body = R"({"models":[{"name":"a\u001b[2J:4b","bytes":4200000000,"family":"qwen3","parameters":"4.0B",
    "quantisation":"Q8_0","runs_at":null},{"name":"far","bytes":1,"runs_at":"ollama.com"}]})";
  EXPECT_EQ(run({}), kOk);
  EXPECT_EQ(api.requests.back().target.text(), "/api/backends/ollama/models");
  EXPECT_THAT(out, HasSubstr("4.20 GB"));
  EXPECT_THAT(out, HasSubstr("runs at ollama.com"));
  EXPECT_EQ(out.find('\x1b'), std::string::npos);
  out.clear();
  api.body = R"({"models":[{"name":"m","bytes":200,"bytes_on_device":150,"context":4096,"until":"2026-01-01"}]})";
  EXPECT_EQ(run({.action = OllamaAction::kLoaded}), kOk);
  EXPECT_THAT(out, HasSubstr("75 % on the card, 4096 tokens, until 2026-01-01"));
  out.clear();
  api.body = R"({"models":[]})";
  EXPECT_EQ(run({.action = OllamaAction::kLoaded}), kOk);
  EXPECT_EQ(out, "Nothing is loaded.\n");
  EXPECT_EQ(run({}, true), kOk);
  EXPECT_THAT(out, HasSubstr(api.body + "\n"));
}

TEST_F(OllamaTest, MakesAModelAndTellsHowFarItIs) {
  api.events = {{"progress", R"({"what":"copying","done":50,"total":100})", ""},
                {"progress", R"({"what":"copying","done":51,"total":100})", ""},
                {"done", R"({"name":"docmind-qwen3","file":"/m.gguf"})", ""}};
  EXPECT_EQ(run({.action = OllamaAction::kCreate, .name = {}, .file = "m.gguf"}), kOk);
  EXPECT_EQ(api.requests.back().body, R"({"file":"/home/anna/m.gguf"})");
  EXPECT_EQ(api.requests.back().headers.find("Accept"), "text/event-stream");
  EXPECT_EQ(err, "copying 50 %, of 0.00 GB\n");
  EXPECT_EQ(out, "docmind-qwen3 is made of /m.gguf\n");
  EXPECT_EQ(run({.action = OllamaAction::kCreate, .name = "x", .file = "qwen3-4b"}), kOk);
  EXPECT_EQ(api.requests.back().body, R"({"file":"qwen3-4b","name":"x"})");
}

TEST_F(OllamaTest, AFailureOnTheWayIsOne) {
  api.events = {{"progress", R"({"what":"asking registry.ollama.ai, another machine, for m","done":0,"total":0})", ""},
                {"error", R"({"error":{"code":"not_found","message":"Ollama: no such model","hint":""}})", ""}};
  EXPECT_EQ(run({.action = OllamaAction::kPull, .name = "m"}), kFailed);
  EXPECT_THAT(err, HasSubstr("registry.ollama.ai, another machine"));
  EXPECT_THAT(err, HasSubstr("no such model"));
  api.events.pop_back();
  EXPECT_EQ(run({.action = OllamaAction::kPull, .name = "m"}), kFailed);
  EXPECT_THAT(err, HasSubstr("it ended without a word"));
}

TEST_F(OllamaTest, UnloadsAndRemoves) {
  api.body = R"({"unloaded":"m"})";
  EXPECT_EQ(run({.action = OllamaAction::kUnload, .name = "m"}), kOk);
  EXPECT_EQ(api.requests.back().body, R"({"name":"m"})");
  api.body = R"({"removed":"a/m:4b"})";
  EXPECT_EQ(run({.action = OllamaAction::kRemove, .name = "a/m:4b"}), kOk);
  EXPECT_EQ(api.requests.back().method, "DELETE");
  EXPECT_EQ(*api.requests.back().target.parameter("name"), "a/m:4b");
  EXPECT_EQ(out, "unloaded m\nremoved a/m:4b\n");
}

}  // namespace
}  // namespace docmind::cli

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "llm/ollama/testing/fake_ollama.h"
#include "net/testing/recording_writer.h"
#include "server/routes.h"
#include "server/testing/fake_service.h"

namespace docmind::server {
namespace {

using ::testing::HasSubstr;

struct OllamaRoutesTest : ::testing::Test {
  RoutesOptions with(OllamaAccess access, PathsOverTcp paths = PathsOverTcp::kAllowed) {
    return {.paths_over_tcp = paths, .ollama = std::move(access)};
  }
  OllamaAccess access(std::string own = "/none") {
    return {.models = &models, .context = 512, .own_file = std::move(own), .file_of = [](const std::string& name) {
              return Result<std::filesystem::path>(std::filesystem::path(name));
            }};
  }
  net::Response send(Routes& routes, const std::string& method, const std::string& target, const std::string& body = {},
                     const std::string& accept = {}, net::Peer peer = net::Peer::kUnixSocket) {
    net::testing::RecordingWriter writer;
    routes.handle({.method = method,
                   .target = *net::Target::parse(target),
                   .headers = {{"Accept", accept}},
                   .body = body,
                   .peer = peer},
                  writer);
    return writer.response;
  }

  ManualClock clock;
  obs::Metrics metrics;
  testing::FakeService service;
  std::unique_ptr<net::Client> client = *net::Client::open();
  ollama::testing::FakeOllama there;
  ollama::OllamaModels models{
      [this](ollama::Reaches, Deadline, std::stop_token) { return ollama::Place{.endpoint = there.endpoint()}; },
      *client, clock};
};

constexpr const char* kModels = "/api/backends/ollama/models";

TEST_F(OllamaRoutesTest, AModelIsMadeShownAndRemoved) {
  Routes routes(with(access(there.write("m.gguf", "GGUF and more").string())), service, metrics, clock);
  const net::Response made = send(routes, "POST", kModels, "{}");
  EXPECT_EQ(made.status, 200) << made.body;
  EXPECT_THAT(made.body, HasSubstr(R"({"name":"docmind-qwen3","file":)"));
  EXPECT_THAT(there.last_body(), HasSubstr(R"("num_ctx":512)"));
  EXPECT_THAT(send(routes, "GET", kModels).body, HasSubstr(R"("name":"docmind-qwen3:latest")"));
  EXPECT_THAT(send(routes, "GET", "/api/backends/ollama/loaded").body, HasSubstr(R"("bytes_on_device":150)"));
  EXPECT_EQ(send(routes, "POST", "/api/backends/ollama/unload", R"({"name":"docmind-qwen3"})").status, 200);
  EXPECT_EQ(send(routes, "DELETE", std::string(kModels) + "?name=docmind-qwen3").status, 200);
  EXPECT_EQ(send(routes, "DELETE", std::string(kModels) + "?name=docmind-qwen3").status, 404);
}

TEST_F(OllamaRoutesTest, WhatTakesLongIsToldAsItGoes) {
  Routes routes(with(access(there.write("m.gguf", "GGUF and more").string())), service, metrics, clock);
  const std::string made = send(routes, "POST", kModels, R"({"name":"x"})", "text/event-stream").body;
  EXPECT_THAT(made, HasSubstr("event: progress\ndata: {\"what\":\"copying\""));
  EXPECT_THAT(made, HasSubstr("event: done\ndata: {\"name\":\"x\""));
  const std::string pulled =
      send(routes, "POST", "/api/backends/ollama/pull", R"({"name":"qwen3:4b"})", "text/event-stream").body;
  EXPECT_THAT(pulled, HasSubstr("asking registry.ollama.ai, another machine, for qwen3:4b"));
  EXPECT_THAT(pulled, HasSubstr("event: done"));
  const std::string failed = send(routes, "POST", kModels, R"({"file":"/nowhere.gguf"})", "text/event-stream").body;
  EXPECT_THAT(failed, HasSubstr("event: error"));
}

TEST_F(OllamaRoutesTest, WhatIsWrongIsRefused) {
  Routes routes(with(access("")), service, metrics, clock);
  EXPECT_EQ(send(routes, "POST", kModels, "{}").status, 400);  // No file, and no chat model of ours.
  EXPECT_EQ(send(routes, "POST", kModels, "").status, 400);
  EXPECT_EQ(send(routes, "POST", kModels, R"({"file":"/x","name":"a b"})").status, 400);
  EXPECT_EQ(send(routes, "POST", "/api/backends/ollama/pull", "{}").status, 400);
  EXPECT_EQ(send(routes, "POST", "/api/backends/ollama/pull", R"({"name":"../x"})").status, 400);
  EXPECT_EQ(send(routes, "DELETE", kModels).status, 400);
  EXPECT_TRUE(there.asked().empty());
  Routes without(RoutesOptions{}, service, metrics, clock);
  EXPECT_THAT(send(without, "GET", kModels).body, HasSubstr("no Ollama is set up"));
}

TEST_F(OllamaRoutesTest, PathsComeOverTcpOnlyWhereTheyMay) {
  Routes routes(with(access("/none"), PathsOverTcp::kRefused), service, metrics, clock);
  const net::Response refused = send(routes, "POST", kModels, R"({"file":"/etc/passwd"})", {}, net::Peer::kTcp);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(send(routes, "POST", kModels, R"({"file":"/etc/passwd"})").status,
            400);  // The owner's own socket: no GGUF.
}

}  // namespace
}  // namespace docmind::server

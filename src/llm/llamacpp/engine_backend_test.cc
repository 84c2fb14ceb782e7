// Requests through an engine that has no memory for them, and the smaller ones that follow it.
#include "llm/llamacpp/engine_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "llm/llamacpp/engine_child.h"
#include "net/client.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "sys/clock.h"
#include "sys/files.h"
#include "sys/process.h"
#include "sys/testing/temp_folder.h"

namespace docmind::llamacpp {
namespace {

using testing::HasSubstr;

// The test binary is its own engine (fake_engine_test.cc).
class EngineBackendTest : public testing::Test {
 protected:
  void start(const std::string& mode, std::vector<std::string> steps) {
    EngineChildOptions options;
    options.binary = sys::executable_path()->string();
    options.model_path = folder_.write("model.gguf", mode).string();
    options.socket_folder = (folder_ / "run").string();
    for (const std::string& step : steps) options.step_arguments.push_back({"--" + step});
    options.keeping.steps = std::move(steps);
    child_ = *open_engine_child(std::move(options), {clock_, rng_, files_, *client_, log_, metrics_});
    backend_ = std::make_unique<EngineBackend>(*child_, *client_);
  }
  llm::BackendReply post(const llm::Backend::OnBytes& on_bytes = {}) {
    auto reply = backend_->post("/v1/embeddings", R"({"input":["a"],"spans":[[]]})", on_bytes,
                                Deadline::in(kPatience, clock_), {});
    return reply ? *std::move(reply) : llm::BackendReply{.status = 0, .body = reply.error().message};
  }

  static constexpr Duration kPatience = std::chrono::seconds(60);
  sys::TempFolder folder_;
  sys::RealClock clock_;
  SeededRng rng_{7};
  sys::RealFiles files_;
  obs::Log log_;
  obs::Metrics metrics_;
  std::unique_ptr<net::Client> client_ = *net::Client::open();
  std::unique_ptr<child::ServerChild> child_;
  std::unique_ptr<EngineBackend> backend_;
};

TEST_F(EngineBackendTest, ARequestWithoutMemoryGoesToSmallerEnginesUntilOneTakesIt) {
  start("starved", {"large", "small", "tiny"});
  std::string streamed;
  const llm::BackendReply reply = post([&](std::string_view bytes) -> Result<> {
    streamed += bytes;
    return {};
  });
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_THAT(streamed, HasSubstr("data"));
  EXPECT_THAT(streamed, testing::Not(HasSubstr("out_of_memory")));
  const child::ChildStatus status = child_->status();
  EXPECT_EQ(status.step, 2U);
  EXPECT_EQ(status.step_name, "small");
  EXPECT_EQ(status.stepped, "no memory here");
  EXPECT_EQ(post().status, 200) << "the step stays";
  EXPECT_EQ(child_->status().starts, 3U);
}

TEST_F(EngineBackendTest, WithNothingLeftToGiveUpTheReplySaysSo) {
  start("starved", {"large"});
  const llm::BackendReply reply = post();
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.body, HasSubstr("no memory here"));
  EXPECT_EQ(child_->status().step, 1U);
  EXPECT_LE(child_->status().starts, 3U);
}

TEST_F(EngineBackendTest, AnEngineThatDiesOverAQuestionIsAskedAgainInItsNextLife) {
  start("mortal", {});
  EXPECT_EQ(post().status, 200);
  EXPECT_EQ(child_->status().starts, 2U);
}

TEST_F(EngineBackendTest, AnEngineThatDiesWhenAskedForItsModelIsAskedAgainInItsNextLife) {
  start("shy", {});
  const auto info = backend_->info(Deadline::in(kPatience, clock_), {});
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->capabilities.model, "fake");
  EXPECT_EQ(child_->status().starts, 2U);
}

TEST_F(EngineBackendTest, CountsTokensAndTellsItsMetrics) {
  start("good", {});
  const auto deadline = [this] { return Deadline::in(kPatience, clock_); };
  EXPECT_EQ(backend_->metrics(deadline(), {}), "") << "one that does not run is not started for that";
  const std::vector<std::string> texts{"the cat", ""};
  const auto counts = backend_->count(texts, deadline(), {});
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(*counts, (std::vector<std::uint32_t>{7, 0}));
  EXPECT_EQ(backend_->metrics(deadline(), {}), "docmind_engine_steps_total 1\n");
}

TEST_F(EngineBackendTest, CountsThatCannotBeAreNone) {
  start("miscounts", {});
  EXPECT_EQ(backend_->count(std::vector<std::string>{"a", "b"}, Deadline::in(kPatience, clock_), {}).error().code,
            Code::kDataLoss);
  start("uncounting", {});
  EXPECT_FALSE(backend_->count(std::vector<std::string>{"a"}, Deadline::in(kPatience, clock_), {}));
}

TEST_F(EngineBackendTest, AnotherRefusalIsJustGivenBack) {
  start("good", {"small"});
  EXPECT_EQ(post().status, 200);
  EXPECT_EQ(child_->status().step, 0U);
}

}  // namespace
}  // namespace docmind::llamacpp

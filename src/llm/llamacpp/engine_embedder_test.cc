#include "llm/llamacpp/engine_embedder.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <thread>

#include "base/hash.h"
#include "llm/llamacpp/engine_child.h"
#include "net/client.h"
#include "obs/log.h"
#include "sys/clock.h"
#include "sys/process.h"
#include "sys/testing/temp_folder.h"

namespace docmind::llamacpp {
namespace {

EngineChildOptions keeping(child::ServerChildOptions options) {
  EngineChildOptions out;
  out.keeping = std::move(options);
  return out;
}

// The test binary is its own engine (fake_engine_test.cc).
class EngineEmbedderTest : public testing::Test {
 protected:
  void start(const std::string& mode, EngineChildOptions options = {}) {
    model_ = folder_.write("model.gguf", mode).string();
    options.binary = sys::executable_path()->string();
    options.model_path = model_;
    options.socket_folder = (folder_ / "run").string();
    client_ = *net::Client::open();
    child_ = *open_engine_child(options, {clock_, rng_, files_, *client_, log_, metrics_});
    embedder_ = open_embedder();
  }
  std::unique_ptr<EngineEmbedder> open_embedder(EngineEmbedderOptions options = {}) {
    options.model_path = model_;
    options.card_folder = (folder_ / "cards").string();
    return *EngineEmbedder::open(options, *child_, *client_, files_);
  }
  Result<std::vector<llm::Embedding>> embed(const std::vector<llm::EmbedInput>& inputs) {
    return embedder_->embed(inputs, Deadline::in(std::chrono::seconds(60), clock_), {});
  }
  Result<llm::EmbedderInfo> info() { return embedder_->info(Deadline::in(std::chrono::seconds(60), clock_), {}); }

  sys::TempFolder folder_;
  sys::RealClock clock_;
  SeededRng rng_{7};
  sys::RealFiles files_;
  obs::Log log_;
  obs::Metrics metrics_;
  std::string model_;
  std::unique_ptr<net::Client> client_;
  std::unique_ptr<child::ServerChild> child_;
  std::unique_ptr<EngineEmbedder> embedder_;
};

TEST_F(EngineEmbedderTest, StartsWhenFirstWantedAndStopsWithUs) {
  start("good");
  EXPECT_EQ(child_->status().pid, 0);
  const auto vectors = embed({{.text = "four", .spans = {{0, 1}, {1, 4}}}, {.text = "", .spans = {}}});
  ASSERT_TRUE(vectors) << vectors.error().message;
  ASSERT_EQ(vectors->size(), 2U);
  EXPECT_EQ((*vectors)[0].vector, (std::vector<float>{4, 7, 0, 1}));
  EXPECT_EQ((*vectors)[0].spans[1], (std::vector<float>{1, 4, 0, 1}));
  EXPECT_EQ((*vectors)[0].tokens, 3U);
  const int pid = child_->status().pid;
  ASSERT_GT(pid, 0);
  struct stat folder{};
  ASSERT_EQ(stat((folder_ / "run").c_str(), &folder), 0);
  EXPECT_EQ(folder.st_mode & 0777U, 0700U);
  embedder_.reset();
  child_.reset();
  EXPECT_NE(kill(pid, 0), 0);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "run"));
}

TEST_F(EngineEmbedderTest, AnEngineMaySaveWhatItHasWhenAllEnds) {
  start("saves");
  ASSERT_TRUE(embed({{.text = "a", .spans = {}}}));
  child_.reset();
  EXPECT_TRUE(std::filesystem::exists(model_ + ".saved"));
  start("good", keeping({.end_timeout = std::chrono::milliseconds(1)}));
  ASSERT_TRUE(embed({{.text = "a", .spans = {}}}));
  const int pid = child_->status().pid;
  ASSERT_EQ(kill(pid, SIGSTOP), 0);
  child_.reset();  // One that does not end is ended.
  EXPECT_NE(kill(pid, 0), 0);
}

TEST_F(EngineEmbedderTest, ManyInputsGoInBatchesInOrder) {
  start("good");
  embedder_ = open_embedder({.model_path = {}, .card_folder = {}, .batch_inputs = 4, .batch_bytes = 10});
  std::vector<llm::EmbedInput> inputs;
  for (std::size_t i = 0; i < 50; ++i) inputs.push_back({.text = std::string(i, 'x'), .spans = {{0, i}}});
  const auto vectors = embed(inputs);
  ASSERT_TRUE(vectors);
  ASSERT_EQ(vectors->size(), 50U);
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ((*vectors)[i].vector[0], static_cast<float>(i));
  EXPECT_TRUE(embed({})->empty());
}

TEST_F(EngineEmbedderTest, TheNextRequestLivesAfterAKill) {
  start("good");
  ASSERT_TRUE(embed({{.text = "a", .spans = {}}}));
  const int first = child_->status().pid;
  ASSERT_EQ(kill(first, SIGKILL), 0);
  const auto vectors = embed({{.text = "abc", .spans = {}}});
  ASSERT_TRUE(vectors) << vectors.error().message;
  EXPECT_EQ((*vectors)[0].vector[0], 3);
  EXPECT_NE(child_->status().pid, first);
}

TEST_F(EngineEmbedderTest, ARequestThatTheEngineDiedOverIsAskedAgain) {
  start("mortal");
  const auto vectors = embed({{.text = "abc", .spans = {}}});
  ASSERT_TRUE(vectors) << vectors.error().message;
  EXPECT_EQ((*vectors)[0].vector[0], 3);
  EXPECT_TRUE(std::filesystem::exists(model_ + ".died"));
}

TEST_F(EngineEmbedderTest, AStoppedEngineIsReplaced) {
  start("good", keeping({.probe_timeout = std::chrono::milliseconds(1)}));
  ASSERT_TRUE(embed({{.text = "a", .spans = {}}}));
  const int first = child_->status().pid;
  ASSERT_EQ(kill(first, SIGSTOP), 0);
  siginfo_t stopped{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(first), &stopped, WSTOPPED | WNOWAIT), 0);  // It is, from now on.
  child_->suspect(1);
  const auto vectors = embed({{.text = "abc", .spans = {}}});
  ASSERT_TRUE(vectors) << vectors.error().message;
  EXPECT_NE(child_->status().pid, first);
}

TEST_F(EngineEmbedderTest, SaysWhatACrashingEngineSaidAndStopsTryingAfterAWhile) {
  start("crash", keeping({.max_starts = 2}));
  const auto first = embed({{.text = "a", .spans = {}}});
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, Code::kUnavailable);
  EXPECT_NE(first.error().message.find("the weights are upside down"), std::string::npos) << first.error().message;
  const auto vectors = embed({{.text = "a", .spans = {}}});
  ASSERT_FALSE(vectors);
  EXPECT_EQ(vectors.error().code, Code::kUnavailable);
  EXPECT_NE(vectors.error().message.find("left alone"), std::string::npos) << vectors.error().message;
}

TEST_F(EngineEmbedderTest, ADeafEngineCostsTheDeadlineAndNoMore) {
  start("deaf", keeping({.start_timeout = std::chrono::hours(1)}));
  const auto early = embedder_->embed(std::vector<llm::EmbedInput>{{.text = "a", .spans = {}}},
                                      Deadline::in(std::chrono::milliseconds(30), clock_), {});
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, Code::kDeadlineExceeded);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(child_->running(Deadline::never(), stop.get_token()).error().code, Code::kCancelled);
}

TEST_F(EngineEmbedderTest, AMissingModelIsSaidAtOnce) {
  start("good");
  std::filesystem::remove(model_);
  EXPECT_EQ(embed({{.text = "a", .spans = {}}}).error().code, Code::kNotFound);
  EXPECT_EQ(
      EngineEmbedder::open({.model_path = "/nowhere.gguf", .card_folder = {}}, *child_, *client_, files_).error().code,
      Code::kNotFound);
}

TEST_F(EngineEmbedderTest, WhatTheModelIsComesFromItsCardWithoutAnEngine) {
  start("good");
  const auto first = info();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->name, "fake");
  EXPECT_EQ(first->dimensions, 4U);
  EXPECT_EQ(first->window, 16U);
  EXPECT_EQ(first->model_hash, content_hash("good").hex());
  ASSERT_EQ(kill(child_->status().pid, SIGKILL), 0);
  while (child_->status().pid != 0) std::this_thread::yield();
  embedder_ = open_embedder();
  const auto second = info();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->model_hash, first->model_hash);
  EXPECT_EQ(child_->status().pid, 0);
}

TEST_F(EngineEmbedderTest, AnotherModelFileIsAnotherModel) {
  start("good");
  const auto first = info();
  ASSERT_TRUE(first);
  const int pid = child_->status().pid;
  folder_.write("model.gguf", "good again");
  const auto second = info();
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_NE(second->model_hash, first->model_hash);
  ASSERT_TRUE(embed({{.text = "a", .spans = {}}}));
  EXPECT_NE(child_->status().pid, pid);
}

TEST_F(EngineEmbedderTest, ADamagedCardIsNoCard) {
  start("good");
  ASSERT_TRUE(info());
  for (const auto& card : std::filesystem::directory_iterator(folder_ / "cards")) {
    folder_.write("cards/" + card.path().filename().string(), "{\"size\":4,");
  }
  embedder_ = open_embedder();
  EXPECT_EQ(info()->name, "fake");
}

TEST_F(EngineEmbedderTest, LiesAreCaught) {
  start("lie");
  for (const char* reply : {"", "[]", "{}", R"({"data":[]})", R"({"data":[{"index":0}]})"}) {
    folder_.write("model.gguf.reply", reply);
    const auto vectors = embed({{.text = "abc", .spans = {{0, 3}}}});
    ASSERT_FALSE(vectors) << reply;
    EXPECT_EQ(vectors.error().code, Code::kDataLoss);
  }
  folder_.write("model.gguf.reply", std::string(1U << 20U, ' '));
  EXPECT_FALSE(embed({{.text = "abc", .spans = {{0, 3}}}}));
}

TEST_F(EngineEmbedderTest, ManyThreadsShareOneEngine) {
  start("good");
  std::vector<std::jthread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([this] {
      for (std::size_t i = 0; i < 5; ++i) {
        const auto vectors = embed({{.text = std::string(i, 'x'), .spans = {}}});
        ASSERT_TRUE(vectors) << vectors.error().message;
        EXPECT_EQ((*vectors)[0].vector[0], static_cast<float>(i));
      }
    });
  }
  threads.clear();
  EXPECT_EQ(child_->running(Deadline::never(), {})->life, 1U);
}

TEST_F(EngineEmbedderTest, ATooLongSocketFolderIsRefused) {
  start("good");
  EngineChildOptions options;
  options.socket_folder = (folder_ / std::string(90, 'x')).string();
  EXPECT_EQ(open_engine_child(options, {clock_, rng_, files_, *client_, log_, metrics_}).error().code,
            Code::kInvalidArgument);
}

}  // namespace
}  // namespace docmind::llamacpp

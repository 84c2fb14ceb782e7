#include "llm/router/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "base/clock.h"

namespace docmind::router {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Answers with its name, or fails as it is told.
class Model final : public llm::ChatModel {
 public:
  explicit Model(std::string name) : name_(std::move(name)) { can.model = name_ + "-model"; }

  Result<llm::Capabilities> capabilities(Deadline, std::stop_token) override {
    if (down) return Error{Code::kUnavailable, name_ + " is down"};
    return can;
  }
  Result<std::vector<std::uint32_t>> count(std::span<const std::string> texts, Deadline, std::stop_token) override {
    return std::vector<std::uint32_t>(texts.size(), static_cast<std::uint32_t>(name_.size()));
  }
  Result<llm::ChatReply> chat(const llm::ChatRequest& request, llm::TokenStream* stream, Deadline,
                              std::stop_token) override {
    if (down) return Error{Code::kUnavailable, name_ + " is down"};
    ++asked;
    if (during) during();
    if (stream != nullptr && says_first) DM_TRY(stream->text("half "));
    if (breaks) return *breaks;
    if (stream != nullptr) DM_TRY(stream->text(name_));
    return llm::ChatReply{.content = name_ + ":" + request.messages.back().content};
  }

  llm::Capabilities can{.context = 4096, .json_schema = true, .tools = true};
  std::atomic<bool> down = false;
  bool says_first = false;
  std::optional<Error> breaks{};
  std::function<void()> during{};
  std::atomic<int> asked = 0;

 private:
  std::string name_;
};

struct Told final : llm::TokenStream {
  Result<> text(std::string_view piece) override {
    all += piece;
    return {};
  }
  std::string all;
};

struct RouterTest : ::testing::Test {
  Result<llm::ChatReply> ask(llm::ChatRequest request = {}, llm::TokenStream* stream = nullptr) {
    if (request.messages.empty()) request.messages = {{.role = llm::Role::kUser, .content = "q"}};
    return router->chat(request, stream, Deadline::never(), {});
  }
  std::string who() {
    const auto reply = ask();
    return reply ? reply->backend : reply.error().message;
  }
  double fallbacks(const std::string& from, const std::string& to) {
    return metrics.counter("docmind_fallbacks_total", "", {{"from", from}, {"to", to}}).value();
  }

  ManualClock clock;
  obs::Log log;
  obs::Metrics metrics;
  Model vllm{"vllm"};
  Model engine{"engine"};
  Model ollama{"ollama"};
  std::unique_ptr<Router> router = *Router::open(
      {{.name = "vllm", .model = &vllm}, {.name = "llamacpp", .model = &engine}, {.name = "ollama", .model = &ollama}},
      {}, {clock, log, metrics});
};

const Error kDead{Code::kUnavailable, "it died"};

TEST_F(RouterTest, TheOneInUseAnswers) {
  const auto reply = ask();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->content, "vllm:q");
  EXPECT_EQ(reply->backend, "vllm");
  EXPECT_THAT(reply->fallbacks, IsEmpty());
  EXPECT_EQ(router->capabilities(Deadline::never(), {})->model, "vllm-model");
  EXPECT_THAT(*router->count(std::vector<std::string>{"x"}, Deadline::never(), {}), ElementsAre(4));
}

TEST_F(RouterTest, TheNextAnswersWhenItCannotAndSaysWhy) {
  vllm.breaks = kDead;
  const auto reply = ask();
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->backend, "llamacpp");
  EXPECT_THAT(reply->fallbacks, ElementsAre("Another backend wrote it: vllm: it died"));
  EXPECT_EQ(fallbacks("vllm", "llamacpp"), 1);
  engine.down = true;
  EXPECT_EQ(who(), "ollama");
}

TEST_F(RouterTest, OneThatFailedIsPassedOverForAWhile) {
  vllm.breaks = kDead;
  EXPECT_EQ(who(), "llamacpp");
  EXPECT_EQ(vllm.asked, 1);
  EXPECT_EQ(router->capabilities(Deadline::never(), {})->model, "engine-model");
  EXPECT_EQ(router->status()[0].failure, "it died");
  vllm.breaks.reset();
  EXPECT_EQ(who(), "llamacpp");
  EXPECT_EQ(vllm.asked, 1);
  clock.advance(std::chrono::seconds(11));
  EXPECT_EQ(who(), "vllm");
  EXPECT_EQ(router->status()[0].failure, "");
}

TEST_F(RouterTest, WhenAllRestTheyAreStillAsked) {
  vllm.breaks = engine.breaks = ollama.breaks = kDead;
  const auto none = ask();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::kUnavailable);
  EXPECT_THAT(none.error().message, HasSubstr("vllm: it died; llamacpp: it died; ollama: it died"));
  vllm.breaks = engine.breaks = ollama.breaks = Error{Code::kUnavailable, "It died."};
  EXPECT_EQ(ask().error().message, "No backend answers: vllm: It died; llamacpp: It died; ollama: It died.");
  engine.breaks.reset();
  EXPECT_EQ(who(), "llamacpp");
}

TEST_F(RouterTest, AMistakeOfTheRequestIsNobodysFailure) {
  vllm.breaks = Error{Code::kInvalidArgument, "too long"};
  EXPECT_EQ(ask().error().message, "too long");
  EXPECT_EQ(engine.asked, 0);
  vllm.breaks.reset();
  EXPECT_EQ(who(), "vllm");
}

TEST_F(RouterTest, WhatABackendCannotHoldGoesToOneThatCan) {
  vllm.can.context = 1024;
  engine.can.tools = false;
  EXPECT_EQ(ask({.window = 4096})->backend, "llamacpp");
  EXPECT_EQ(ask({.tools = {{.name = "f"}}, .window = 4096})->backend, "ollama");
  EXPECT_EQ(ask({.window = 1024})->backend, "vllm");
  EXPECT_THAT(ask({.window = 9000}).error().message, HasSubstr("its window is smaller"));
}

TEST_F(RouterTest, NothingIsSaidTwice) {
  vllm.says_first = true;
  vllm.breaks = kDead;
  Told told;
  const auto reply = ask({}, &told);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().message, "it died");
  EXPECT_EQ(told.all, "half ");
  EXPECT_EQ(engine.asked, 0);
  Told next;
  EXPECT_EQ(ask({}, &next)->backend, "llamacpp");
  EXPECT_EQ(next.all, "engine");
}

TEST_F(RouterTest, ASwitchTakesWhatComesAndLeavesWhatRuns) {
  std::latch inside(1);
  std::latch go_on(1);
  vllm.during = [&] {
    inside.count_down();
    go_on.wait();
  };
  std::string old_answer;
  std::jthread running([&] { old_answer = who(); });
  inside.wait();
  ASSERT_TRUE(router->use("ollama", Deadline::never(), {}));
  EXPECT_EQ(who(), "ollama");
  go_on.count_down();
  running.join();
  EXPECT_EQ(old_answer, "vllm");
  EXPECT_TRUE(router->status()[2].in_use);
}

TEST_F(RouterTest, ASwitchThatFailsChangesNothing) {
  ollama.down = true;
  EXPECT_EQ(router->use("ollama", Deadline::never(), {}).error().message, "ollama is down");
  ollama.down = false;
  ollama.breaks = kDead;
  EXPECT_EQ(router->use("ollama", Deadline::never(), {}).error().message, "it died");
  EXPECT_EQ(router->use("other", Deadline::never(), {}).error().code, Code::kNotFound);
  EXPECT_EQ(who(), "vllm");
}

TEST_F(RouterTest, AStopIsNoFailure) {
  std::stop_source stop;
  stop.request_stop();
  vllm.breaks = Error{Code::kCancelled, "stopped"};
  const llm::ChatRequest request{.messages = {{.role = llm::Role::kUser, .content = "q"}}};
  EXPECT_EQ(router->chat(request, nullptr, Deadline::never(), stop.get_token()).error().code, Code::kCancelled);
  EXPECT_EQ(engine.asked, 0);
  EXPECT_EQ(router->status()[0].failures, 0U);
}

// A router of two whose memory holds one of them.
struct NarrowTest : RouterTest {
  Result<> use(const std::string& name) { return pair->use(name, Deadline::never(), {}); }
  std::unique_ptr<Router> pair_with(const RouterOptions& options) {
    const auto state = [](const bool& loaded) { return [&loaded] { return MemberState{.loaded = loaded}; }; };
    const auto release = [this](std::string name, bool& loaded) {
      return [this, name = std::move(name), &loaded] {
        loaded = false;
        released.push_back(name);
      };
    };
    return *Router::open(
        {{.name = "vllm", .model = &vllm, .state = state(vllm_loaded), .release = release("vllm", vllm_loaded)},
         {.name = "llamacpp",
          .model = &engine,
          .state = state(engine_loaded),
          .release = release("llamacpp", engine_loaded)}},
        options, {clock, log, metrics});
  }

  bool vllm_loaded = true;
  bool engine_loaded = false;
  std::vector<std::string> released;
  std::unique_ptr<Router> pair = pair_with({});
};

TEST_F(NarrowTest, TheOldStaysInMemoryWhereBothFit) {
  EXPECT_TRUE(use("llamacpp"));
  EXPECT_THAT(released, IsEmpty());
}

TEST_F(NarrowTest, TheOldGoesWhenItsLastAnswerHasEnded) {
  pair = pair_with({.release_old = true});
  std::latch inside(1);
  std::latch go_on(1);
  vllm.during = [&] {
    inside.count_down();
    go_on.wait();
  };
  std::jthread running([&] {
    const llm::ChatRequest request{.messages = {{.role = llm::Role::kUser, .content = "q"}}};
    EXPECT_EQ(pair->chat(request, nullptr, Deadline::never(), {})->backend, "vllm");
  });
  inside.wait();
  EXPECT_TRUE(use("llamacpp"));
  EXPECT_THAT(released, IsEmpty());
  go_on.count_down();
  running.join();
  EXPECT_THAT(released, ElementsAre("vllm"));
}

TEST_F(NarrowTest, WithoutRoomForBothTheOldMakesRoom) {
  engine.breaks = Error{Code::kResourceExhausted, "memory does not suffice"};
  engine.during = [&] {
    if (!vllm_loaded) engine.breaks.reset();
  };
  EXPECT_TRUE(use("llamacpp"));
  EXPECT_THAT(released, ElementsAre("vllm"));
  EXPECT_TRUE(pair->status()[1].in_use);
}

TEST_F(NarrowTest, WithoutRoomForItAtAllTheOldStaysInUse) {
  engine.breaks = Error{Code::kResourceExhausted, "memory does not suffice"};
  EXPECT_EQ(use("llamacpp").error().message, "memory does not suffice");
  EXPECT_TRUE(pair->status()[0].in_use);
  EXPECT_EQ(engine.asked, 2);
}

TEST_F(NarrowTest, BusyIsNotNarrow) {
  engine_loaded = true;
  engine.breaks = Error{Code::kResourceExhausted, "busy"};
  EXPECT_FALSE(use("llamacpp"));
  EXPECT_THAT(released, IsEmpty());
}

TEST_F(RouterTest, OneThatIsAwayIsNotAskedAndOneWithLessSaysSo) {
  MemberState state;
  std::vector<std::string> recorded;
  router = *Router::open(
      {{.name = "vllm", .model = &vllm, .state = [&] { return state; }}, {.name = "llamacpp", .model = &engine}}, {},
      {clock, log, metrics,
       [&](const std::string& name, const llm::Capabilities& can) { recorded.push_back(name + "=" + can.model); }});
  state.away = "is starting, since 4 s";
  const auto reply = ask();
  EXPECT_EQ(reply->backend, "llamacpp");
  EXPECT_THAT(reply->fallbacks, ElementsAre("Another backend wrote it: vllm: is starting, since 4 s"));
  EXPECT_EQ(router->capabilities(Deadline::never(), {})->model, "engine-model");
  EXPECT_EQ(vllm.asked, 0);
  EXPECT_EQ(router->status()[0].failures, 0U);
  state = {.reduced = "a context of 65536"};
  EXPECT_THAT(ask()->fallbacks, ElementsAre("vllm runs with less: a context of 65536"));
  EXPECT_THAT(recorded, ElementsAre("llamacpp=engine-model", "vllm=vllm-model"));
  EXPECT_EQ(metrics.gauge("docmind_model_info", "", {{"backend", "vllm"}, {"model", "vllm-model"}}).value(), 1);
  EXPECT_EQ(metrics.gauge("docmind_model_info", "", {{"backend", "llamacpp"}, {"model", "engine-model"}}).value(), 0);
}

// Five who ask about one document at once, of a backend that keeps what it has computed.
TEST_F(RouterTest, TheFirstReaderOfADocumentComputesItForAll) {
  for (const bool keeps : {true, false}) {
    vllm.can.caches_prefix = keeps;
    router = *Router::open({{.name = "vllm", .model = &vllm}}, {}, {clock, log, metrics});
    std::atomic<int> inside = 0;
    std::atomic<int> found_nothing = 0;
    std::atomic<bool> computed = false;
    vllm.says_first = true;  // The first token, to whoever listens.
    vllm.during = [&] {
      if (!computed) ++found_nothing;
      ++inside;
      while (!keeps && inside < 5) std::this_thread::yield();  // Without order they are all inside at once.
      computed = true;
    };
    std::vector<std::jthread> readers;
    for (int i = 0; i < 5; ++i) {
      readers.emplace_back([&] { EXPECT_TRUE(ask({.documents = {{.title = "t", .text = "long"}}})); });
    }
    readers.clear();
    EXPECT_EQ(inside, 5);
    EXPECT_EQ(found_nothing, keeps ? 1 : 5);
    vllm.during = nullptr;
    EXPECT_TRUE(ask()) << "nobody listens, and that is no error";
  }
}

TEST_F(RouterTest, WhatWasRecordedIsShownAndNotBelieved) {
  router =
      *Router::open({{.name = "vllm", .model = &vllm, .recorded = llm::Capabilities{.model = "old", .context = 1}}}, {},
                    {clock, log, metrics});
  EXPECT_EQ(router->status()[0].can->model, "old");
  EXPECT_FALSE(router->status()[0].tried);
  EXPECT_EQ(ask({.window = 4000})->backend, "vllm");
  EXPECT_EQ(router->status()[0].can->model, "vllm-model");
  EXPECT_TRUE(router->status()[0].tried);
}

TEST_F(RouterTest, TheOneInUseIsTriedBeforeItIsAsked) {
  ASSERT_TRUE(router->warm_up(Deadline::never(), {}));
  EXPECT_TRUE(router->status()[0].tried);
  EXPECT_FALSE(router->status()[1].tried) << "those that stand by are left in peace";
  vllm.down = true;
  EXPECT_EQ(router->warm_up(Deadline::never(), {}).error().message, "vllm is down");
  EXPECT_EQ(who(), "llamacpp");
}

TEST_F(RouterTest, NamesAreDifferent) {
  EXPECT_FALSE(Router::open({}, {}, {clock, log, metrics}));
  EXPECT_FALSE(
      Router::open({{.name = "a", .model = &vllm}, {.name = "a", .model = &engine}}, {}, {clock, log, metrics}));
}

}  // namespace
}  // namespace docmind::router

#include "llm/ollama/ollama_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/sha256.h"
#include "llm/ollama/own_model.h"
#include "llm/ollama/testing/fake_ollama.h"
#include "net/testing/canned_server.h"
#include "obs/log.h"
#include "sys/clock.h"
#include "sys/files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::ollama {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct OllamaModelsTest : ::testing::Test {
  OllamaModels at(const net::Endpoint& endpoint) {
    return OllamaModels([endpoint](ollama::Reaches, Deadline, std::stop_token) { return Place{.endpoint = endpoint}; },
                        *client, clock);
  }
  std::filesystem::path file(const std::string& bytes) { return folder.write("模型 a.gguf", bytes); }

  sys::RealClock clock;
  sys::TempFolder folder;
  std::unique_ptr<net::Client> client = *net::Client::open();
  testing::FakeOllama there;
  std::vector<std::string> told;
  const OnProgress telling = [this](const Progress& at) { told.push_back(at.what); };
};

const std::string kModel = "GGUF" + std::string(3U << 20U, 'x') + "end";

TEST_F(OllamaModelsTest, AFileBecomesAModelAndIsCopiedOnce) {
  const OllamaModels models = at(there.endpoint());
  const auto digest = models.create({.file = file(kModel), .context = 4096}, telling, Deadline::never(), {});
  ASSERT_TRUE(digest) << digest.error().message;
  EXPECT_EQ(*digest, Sha256().add(kModel).hex());
  EXPECT_THAT(there.last_body(), HasSubstr(R"("num_ctx":4096)"));
  EXPECT_THAT(told, ::testing::Contains("copying"));
  EXPECT_THAT(told, ::testing::Contains("writing manifest"));
  const std::string copied = "POST /api/blobs/sha256:" + *digest;
  EXPECT_EQ(there.times(copied), 1U);
  ASSERT_TRUE(models.create({.file = file(kModel), .name = "other:1b"}, nullptr, Deadline::never(), {}));
  EXPECT_EQ(there.times(copied), 1U);
  const auto listed = models.list(Deadline::never(), {});
  ASSERT_TRUE(listed) << listed.error().message;
  ASSERT_EQ(listed->size(), 2U);
  EXPECT_EQ(listed->front().name, "docmind-qwen3:latest");
  EXPECT_EQ(listed->front().parameters, "4.0B");
  ASSERT_TRUE(models.remove("other:1b", Deadline::never(), {}));
  EXPECT_EQ(models.list(Deadline::never(), {})->size(), 1U);
}

TEST_F(OllamaModelsTest, WhatCannotBecomeAModelSaysWhy) {
  const OllamaModels models = at(there.endpoint());
  EXPECT_EQ(models.create({.file = folder.path() / "none.gguf"}, nullptr, Deadline::never(), {}).error().code,
            Code::kNotFound);
  EXPECT_EQ(models.create({.file = file("PK\3\4")}, nullptr, Deadline::never(), {}).error().code,
            Code::kInvalidArgument);
  EXPECT_EQ(models.create({.file = file("")}, nullptr, Deadline::never(), {}).error().code, Code::kInvalidArgument);
  const auto other =
      models.create({.file = file(kModel), .digest = std::string(64, '0')}, nullptr, Deadline::never(), {});
  EXPECT_THAT(other.error().message, HasSubstr("digest mismatch"));
  EXPECT_TRUE(there.times("POST /api/create") == 0);
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_EQ(models.create({.file = file(kModel)}, nullptr, Deadline::never(), stopped.get_token()).error().code,
            Code::kCancelled);
}

TEST_F(OllamaModelsTest, NamesAreCheckedBeforeAnythingIsAsked) {
  const OllamaModels models = at(there.endpoint());
  for (const char* odd : {"", "/", "a/", "a b", "a//b", "../x", "a\nb", "a?b", "模型"}) {
    EXPECT_EQ(models.pull(odd, nullptr, Deadline::never(), {}).error().code, Code::kInvalidArgument) << odd;
    EXPECT_EQ(models.remove(odd, Deadline::never(), {}).error().code, Code::kInvalidArgument) << odd;
    EXPECT_EQ(models.unload(odd, Deadline::never(), {}).error().code, Code::kInvalidArgument) << odd;
  }
  EXPECT_EQ(check_name(std::string(351, 'a')).error().code, Code::kInvalidArgument);
  EXPECT_TRUE(there.asked().empty());
  EXPECT_EQ(registry_of("qwen3:4b"), "registry.ollama.ai");
  EXPECT_EQ(registry_of("user/qwen3"), "registry.ollama.ai");
  EXPECT_EQ(registry_of("hub.example:8443/user/qwen3"), "hub.example:8443");
  EXPECT_EQ(with_tag("h:1/a"), "h:1/a:latest");
  EXPECT_EQ(with_tag("a:4b"), "a:4b");
}

TEST_F(OllamaModelsTest, PullingTellsHowFarItIsAndStops) {
  ASSERT_TRUE(at(there.endpoint()).pull("qwen3:4b", telling, Deadline::never(), {}));
  EXPECT_THAT(told, ElementsAre("pulling ab", "success"));
  testing::FakeOllama slow;
  slow.hang = "POST /api/pull";
  std::stop_source stop;
  const auto left =
      at(slow.endpoint()).pull("m", [&](const Progress&) { stop.request_stop(); }, Deadline::never(), stop.get_token());
  EXPECT_EQ(left.error().code, Code::kCancelled);
}

TEST_F(OllamaModelsTest, AnErrorAmongTheProgressIsAnError) {
  for (const auto& [body, part] : std::vector<std::pair<std::string, std::string>>{
           {"{\"status\":\"a\"}\n{\"error\":\"pull model manifest: file does not exist\"}\n", "file does not exist"},
           {"{\"status\":\"a\"}\n", "without a word of success"},
           {"", "without a word of success"},
           {"<html>\n", "what Ollama says of its progress"},
           {std::string(5U << 20U, 'x'), "no end"}}) {
    testing::FakeOllama odd;
    odd.instead["POST /api/pull"] = body;
    const auto pulled = at(odd.endpoint()).pull("m", nullptr, Deadline::never(), {});
    ASSERT_FALSE(pulled) << part;
    EXPECT_THAT(pulled.error().message, HasSubstr(part));
  }
}

TEST_F(OllamaModelsTest, WhatIsLoadedAndUnloading) {
  const OllamaModels models = at(there.endpoint());
  const auto loaded = models.loaded(Deadline::never(), {});
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->size(), 1U);
  EXPECT_EQ(loaded->front().bytes_on_device, 150U);
  EXPECT_EQ(loaded->front().context, 4096U);
  const auto none = models.unload("nothing", Deadline::never(), {});
  EXPECT_EQ(none.error().code, Code::kNotFound);
  EXPECT_THAT(none.error().message, HasSubstr("nothing:latest' not found"));
}

TEST_F(OllamaModelsTest, WhatAnswersMayBeAnything) {
  for (const char* body : {"", "[]", "<html>", "{}", R"({"models":3})"}) {
    testing::FakeOllama odd;
    odd.instead["GET /api/tags"] = odd.instead["GET /api/ps"] = body;
    EXPECT_FALSE(at(odd.endpoint()).list(Deadline::never(), {})) << body;
    EXPECT_FALSE(at(odd.endpoint()).loaded(Deadline::never(), {})) << body;
  }
  testing::FakeOllama odd;
  odd.instead["GET /api/tags"] = R"({"models":[3,{},{"name":7,"size":-1}]})";
  const auto listed = at(odd.endpoint()).list(Deadline::never(), {});
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->size(), 3U);
  EXPECT_EQ(listed->back().bytes, 0U);
  net::testing::CannedServer cut("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
  EXPECT_EQ(at({.port = cut.port()}).list(Deadline::never(), {}).error().code, Code::kUnavailable);
}

TEST(ChatTemplate, IsGivenWhereOllamaKnowsNone) {
  EXPECT_TRUE(chat_template_for("").empty());
  EXPECT_TRUE(chat_template_for("{% for m in messages %}<|im_start|>{{ m.role }}").empty());
  const std::string own = chat_template_for("<|im_start|> <tool_call> enable_thinking");
  for (const char* part : {".ToolCalls", "<tool_response>", ".Thinking", ".IsThinkSet", "<|im_end|>"}) {
    EXPECT_THAT(own, HasSubstr(part));
  }
}

struct OwnModelTest : OllamaModelsTest {
  std::unique_ptr<OwnModel> own(std::uint32_t context = 0) { return own(context, models); }
  std::unique_ptr<OwnModel> own(std::uint32_t context, const OllamaModels& by) {
    return std::make_unique<OwnModel>(
        OwnModelOptions{.file = path, .record = folder.path() / "ollama" / "own.json", .context = context},
        OwnModelDeps{by, files, clock, log});
  }
  Result<std::uint64_t> ready(OwnModel& of) { return of.ready(Deadline::never(), {}); }
  std::size_t made() { return there.times("POST /api/create"); }

  std::filesystem::path path = file(kModel);
  OllamaModels models = at(there.endpoint());
  sys::RealFiles files;
  obs::Log log;
};

TEST_F(OwnModelTest, IsMadeOnceAndRememberedByALaterProcess) {
  {
    const auto first = own();
    ASSERT_TRUE(ready(*first));
    EXPECT_EQ(*ready(*first), 1U);
    EXPECT_EQ(made(), 1U);
  }
  ASSERT_TRUE(ready(*own()));
  EXPECT_EQ(made(), 1U);
  ASSERT_TRUE(ready(*own(4096)));  // Another window is another model.
  EXPECT_EQ(made(), 2U);
}

TEST_F(OwnModelTest, IsMadeAnewWhenItsFileOrTheModelChanged) {
  const auto of = own();
  ASSERT_EQ(*ready(*of), 1U);
  file(kModel + "more");
  EXPECT_EQ(*ready(*of), 2U);
  EXPECT_EQ(made(), 2U);
  there.remove_model("docmind-qwen3:latest");
  EXPECT_EQ(*ready(*of), 2U);  // Nobody said so.
  of->forget();
  EXPECT_EQ(*ready(*of), 3U);
  EXPECT_EQ(made(), 3U);
}

TEST_F(OwnModelTest, ABrokenRecordIsNoRecord) {
  ASSERT_TRUE(ready(*own()));
  for (const char* odd : {"", "[]", "{}", R"({"sha256":"zz"})", "\xff"}) {
    folder.write("ollama/own.json", odd);
    EXPECT_TRUE(ready(*own())) << odd;
  }
  EXPECT_EQ(made(), 6U);
}

TEST_F(OwnModelTest, AFailureIsToldAndTriedAgain) {
  std::filesystem::remove(path);
  const auto of = own();
  EXPECT_EQ(ready(*of).error().code, Code::kNotFound);
  file("no model");
  EXPECT_EQ(ready(*of).error().code, Code::kInvalidArgument);
  file(kModel);
  EXPECT_TRUE(ready(*of));
}

TEST_F(OwnModelTest, TheWorkGoesOnWhenItsCallerHasNoTime) {
  testing::FakeOllama slow;
  slow.hang = "POST /api/create";
  const OllamaModels hanging = at(slow.endpoint());
  const auto of = own(0, hanging);
  const auto first = of->ready(Deadline::in(std::chrono::milliseconds(50), clock), {});
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, Code::kUnavailable);
  EXPECT_THAT(first.error().message, HasSubstr("Ollama is being given docmind-qwen3"));
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_EQ(of->ready(Deadline::never(), stopped.get_token()).error().code, Code::kCancelled);
}

}  // namespace
}  // namespace docmind::ollama

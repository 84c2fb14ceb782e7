#include "llm/vllm/vllm_server.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "net/server.h"
#include "sys/clock.h"
#include "sys/rng.h"
#include "sys/testing/temp_folder.h"

namespace docmind::vllm {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class VllmServerTest : public ::testing::Test {
 protected:
  VllmServerTest() {
    client = *net::Client::open();
    log = *obs::Log::open({.file = (folder / "log").string()}, clock);
    folder.write("model/config.json", R"({"max_position_embeddings":262144})");
    options.program = folder / "vllm";
    options.folder = folder / "home";
    options.service.model_path = (folder / "model").string();
    options.service.port = 0;
    options.keeping.name = "vLLM";
  }
  // A program that lists the flags of a vLLM, and then does what the body says.
  void install(std::string_view body) {
    const auto file = folder.write("vllm",
                                   "#!/bin/sh\n"
                                   "case \"$*\" in --version) echo 0.32.0; exit;; *--help=all) for f in max-model-len "
                                   "attention-backend port served-model-name; do echo \"  --$f X\"; done; exit;; esac\n"
                                   "env > " +
                                       (folder / "environment").string() + "; echo \"$*\" >> " +
                                       (folder / "starts").string() + "\n" + std::string(body) + "\n");
    ::chmod(file.c_str(), 0755);
  }
  std::string text_of(std::string_view name) {
    std::stringstream text;
    text << std::ifstream(folder / name).rdbuf();
    return text.str();
  }
  obs::Metrics metrics;
  std::unique_ptr<VllmServer> open() { return *VllmServer::open(options, rng, {clock, files, *client, *log, metrics}); }

  sys::TempFolder folder;
  sys::RealFiles files;
  sys::RealClock clock;
  sys::RealRng rng;
  std::unique_ptr<net::Client> client;
  std::unique_ptr<obs::Log> log;
  VllmServerOptions options;
};

TEST_F(VllmServerTest, StepsDownWhenItEndsForMemoryAndSaysWhatItSaid) {
  install("echo 'torch.OutOfMemoryError: CUDA out of memory.' >&2; echo 'warnings.warn(...)' >&2; exit 1");
  const auto server = open();
  EXPECT_FALSE(server->child().running(Deadline::never(), {}));
  const auto status = server->child().status();
  EXPECT_EQ(status.step, 5U);
  EXPECT_EQ(status.step_name, "weights in main memory");
  EXPECT_EQ(status.stepped, "torch.OutOfMemoryError: CUDA out of memory.") << "and not what it said after that";
  const std::string starts = text_of("starts");
  EXPECT_THAT(starts, HasSubstr("--max-model-len 131072 --attention-backend FLASHINFER"));
  EXPECT_THAT(starts, HasSubstr("--max-model-len 65536"));
  EXPECT_EQ(starts.find("FLASHINFER"), starts.rfind("FLASHINFER")) << "given up with the first step";
}

TEST_F(VllmServerTest, OtherEndsTakeNoStep) {
  for (const char* end : {"echo 'KeyError: 1' >&2; exit 1", "echo 'CUDA out of memory' >&2; kill -9 $$"}) {
    install(end);
    const auto server = open();
    EXPECT_FALSE(server->child().running(Deadline::never(), {}));
    EXPECT_EQ(server->child().status().step, 0U) << end;
  }
}

TEST_F(VllmServerTest, GetsAKeyOfItsOwnAndNothingOfOurs) {
  install("exit 1");
  ::setenv("DOCMIND_TEST_SECRET", "geheim", 1);
  const auto server = open();
  EXPECT_FALSE(server->child().running(Deadline::never(), {}));
  ::unsetenv("DOCMIND_TEST_SECRET");
  const std::string environment = text_of("environment");
  EXPECT_EQ(server->api_key().size(), 32U);
  EXPECT_THAT(environment, HasSubstr("VLLM_API_KEY=" + server->api_key()));
  EXPECT_THAT(environment, Not(HasSubstr("DOCMIND")));
  EXPECT_THAT(text_of("starts"), Not(HasSubstr(server->api_key())));
  EXPECT_NE(open()->api_key(), server->api_key());
}

TEST_F(VllmServerTest, ATakenPortIsNamedWithItsSetting) {
  install("exit 1");
  auto other = *net::Server::open({}, [](const net::Request&, net::ResponseWriter&) {});
  options.service.port = *other->listen_tcp({.port = 0});
  const auto server = open();
  const auto running = server->child().running(Deadline::never(), {});
  ASSERT_FALSE(running);
  EXPECT_EQ(running.error().message,
            "port " + std::to_string(options.service.port) + " of vllm.port is taken by another program");
  EXPECT_THAT(running.error().hint, HasSubstr("vllm.url"));
}

TEST_F(VllmServerTest, WhatIsMissingIsSaidAtEachStart) {
  const auto server = open();
  EXPECT_THAT(server->child().running(Deadline::never(), {}).error().message, HasSubstr("there is no vLLM at"));
  install("exit 1");
  options.service.model_path = "Qwen/Qwen3-4B-Instruct-2507-FP8";
  EXPECT_THAT(open()->child().running(Deadline::never(), {}).error().message,
              HasSubstr("is no folder with a checkpoint"));
}

}  // namespace
}  // namespace docmind::vllm

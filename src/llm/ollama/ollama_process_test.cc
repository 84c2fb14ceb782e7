#include "llm/ollama/ollama_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "obs/log.h"
#include "obs/metrics.h"
#include "sys/clock.h"
#include "sys/files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::ollama {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;

TEST(OllamaProcess, ItsEnvironmentIsMadeFromNothing) {
  const std::vector<std::string> set = environment_of({.program = "/o",
                                                       .folder = "/d/船 o",
                                                       .keep_alive = "9m",
                                                       .parallel = 3,
                                                       .passed_on = {"CUDA_VISIBLE_DEVICES=1"}},
                                                      1234);
  EXPECT_THAT(set, IsSupersetOf({"OLLAMA_HOST=127.0.0.1:1234", "OLLAMA_MODELS=/d/船 o/models", "HOME=/d/船 o/home",
                                 "OLLAMA_FLASH_ATTENTION=1", "OLLAMA_KV_CACHE_TYPE=q8_0", "OLLAMA_KEEP_ALIVE=9m",
                                 "OLLAMA_NUM_PARALLEL=3", "OLLAMA_NO_CLOUD=1", "CUDA_VISIBLE_DEVICES=1"}));
  EXPECT_THAT(set, Each(Not(HasSubstr("DOCMIND"))));
}

TEST(OllamaProcess, OnlyOneThatPullsHasAWayOut) {
  const std::vector<std::string> inside = environment_of({}, 1);
  EXPECT_THAT(inside, IsSupersetOf({"HTTPS_PROXY=http://127.0.0.1:9", "HTTP_PROXY=http://127.0.0.1:9"}));
  const std::vector<std::string> outside = environment_of({.reaches = Reaches::kRegistry}, 1);
  EXPECT_THAT(outside, Each(Not(HasSubstr("_PROXY"))));
  EXPECT_THAT(names_passed_on(Reaches::kNothing),
              AllOf(Contains("CUDA_VISIBLE_DEVICES"), Each(Not(HasSubstr("PROXY")))));
  EXPECT_THAT(names_passed_on(Reaches::kRegistry), IsSupersetOf({"HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE"}));
}

TEST(OllamaProcess, AProgramThatIsNotThereIsRefusedBeforeItIsWanted) {
  sys::RealClock clock;
  sys::RealFiles files;
  obs::Log log;
  obs::Metrics metrics;
  sys::TempFolder folder;
  const auto client = *net::Client::open();
  const child::ServerChildDeps deps{clock, files, *client, log, metrics};
  const auto relative = open_ollama({.program = "ollama", .folder = folder.path(), .logs = folder.path()}, deps);
  EXPECT_EQ(relative.error().code, Code::kInvalidArgument);
  const auto absent =
      open_ollama({.program = (folder / "ollama").string(), .folder = folder.path(), .logs = folder.path()}, deps);
  EXPECT_THAT(absent.error().message, StartsWith("ollama.program: there is no "));
  const std::string program = folder.write("ollama", "#!/bin/sh\n").string();
  const auto opened = open_ollama({.program = program, .folder = folder / "data", .logs = folder / "logs"}, deps);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ((*opened)->status().starts, 0U);
  EXPECT_TRUE(std::filesystem::is_directory(folder / "data" / "models"));
}

}  // namespace
}  // namespace docmind::ollama

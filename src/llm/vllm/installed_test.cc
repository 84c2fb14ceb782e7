#include "llm/vllm/installed.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "sys/testing/temp_folder.h"

namespace docmind::vllm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string testdata(std::string_view name) {
  std::stringstream text;
  text << std::ifstream(std::filesystem::path(DOCMIND_SOURCE_DIR) / "src/llm/vllm/testdata" / name).rdbuf();
  return text.str();
}

TEST(Flags, OfARealVllm) {
  const Flags flags = flags_in(testdata("serve_help_0.32.0.txt"));
  EXPECT_GT(flags.size(), 250U);
  for (const char* flag : {"--max-model-len", "--attention-backend", "--kv-cache-dtype", "--no-enable-prefix-caching",
                           "--gpu-memory-utilization", "--served-model-name", "--disable-log-stats"}) {
    EXPECT_TRUE(flags.contains(flag)) << flag;
  }
  for (const char* flag :
       {"--swap-space", "--max-num-prefills", "--max-seq-len-to-capture", "--no-disable-log-stats"}) {
    EXPECT_FALSE(flags.contains(flag)) << flag;
  }
}

TEST(Flags, AreThoseOfTheListAlone) {
  EXPECT_THAT(flags_in("usage: vllm [--never]\n\n  --a, --no-a           With --b all is well.\n"
                       "                        --c too\n  -n N, --nodes N\n  --\n  --x-\n"),
              ElementsAre("--a", "--no-a", "--nodes", "--x-"));
  EXPECT_THAT(flags_in(""), IsEmpty());
  EXPECT_THAT(flags_in("  --" + std::string(5'000, 'a')), IsEmpty());
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "  --f" + std::to_string(i) + "\n";
  EXPECT_LE(flags_in(many).size(), 4'096U);
}

class AskTest : public ::testing::Test {
 protected:
  // A program that says what a vLLM does, and notes that it was asked.
  void install(std::string_view body) {
    const auto file = folder.write(
        "venv/bin/vllm", "#!/bin/sh\necho \"$*\" >> " + (folder / "asked").string() + "\n" + std::string(body) + "\n");
    ::chmod(file.c_str(), 0755);
  }
  Result<Installed> ask() {
    return ask_installed(
        {.program = folder / "venv/bin/vllm", .memo = folder / "memo", .environment = {"PATH=/bin:/usr/bin"}}, files,
        Deadline::never(), {});
  }
  std::string asked() {
    std::stringstream text;
    text << std::ifstream(folder / "asked").rdbuf();
    return text.str();
  }
  sys::TempFolder folder;
  sys::RealFiles files;
};

TEST_F(AskTest, IsAskedOnceUntilItChanges) {
  install("if [ $1 = --version ]; then echo noise; echo 0.9.1+cpu; else echo '  --max-model-len N'; fi");
  for (int i = 0; i < 2; ++i) {
    const auto out = ask();
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(out->version, "0.9.1+cpu");
    EXPECT_EQ(out->build, Build::kCpu);
    EXPECT_THAT(out->flags, ElementsAre("--max-model-len"));
    EXPECT_EQ(asked(), "serve --help=all\n--version\n");
  }
  install("if [ $1 = --version ]; then echo 0.33.0; else echo '  --max-model-len N'; echo '  --new'; fi");
  const auto out = ask();
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->build, Build::kDevice);
  EXPECT_TRUE(out->knows("--new"));
}

TEST_F(AskTest, ABrokenMemoIsNone) {
  install("if [ $1 = --version ]; then echo 1; else echo '  --max-model-len N'; fi");
  ASSERT_TRUE(ask());
  for (const char* broken : {"", "{", "[]", "{\"of\":null}", "\xff"}) {
    folder.write("memo", broken);
    EXPECT_TRUE(ask()) << broken;
  }
}

TEST_F(AskTest, WhatIsNoVllmIsRefusedWithASentence) {
  EXPECT_THAT(ask().error().message, HasSubstr("there is no vLLM at"));
  install("echo usage: something else");
  EXPECT_THAT(ask().error().message, HasSubstr("lists no flags of a vLLM"));
  install("exit 3");
  EXPECT_THAT(ask().error().message, HasSubstr("exit status 3"));
  EXPECT_FALSE(std::filesystem::exists(folder / "memo"));
}

TEST_F(AskTest, ThePackageBesideItTellsTheVersion) {
  folder.write("env/lib/python3.11/site-packages/vllm-0.32.0+cpu.dist-info/METADATA", "");
  folder.write("env/lib/python3.11/site-packages/vllm/__init__.py", "");
  folder.write("venv/bin/vllm", "#!" + (folder / "env/bin/python3").string() + "\nimport vllm\n");
  EXPECT_EQ(packaged_version(files, folder / "venv/bin/vllm"), "0.32.0+cpu");
  folder.write("venv/bin/vllm", "#!/no/such/python\n");
  EXPECT_EQ(packaged_version(files, folder / "venv/bin/vllm"), "");
  folder.write("venv/bin/vllm",
               "\x7f"
               "ELF");
  EXPECT_EQ(packaged_version(files, folder / "venv/bin/vllm"), "");
  EXPECT_EQ(packaged_version(files, folder / "absent"), "");
}

}  // namespace
}  // namespace docmind::vllm

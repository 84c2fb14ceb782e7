#include "app/capability_records.h"

#include <gtest/gtest.h>

#include "sys/testing/temp_folder.h"

namespace docmind::app {
namespace {

struct CapabilityRecordsTest : testing::Test {
  sys::TempFolder folder;
  sys::RealFiles files;
  ManualClock clock;
  obs::Log log;
  CapabilityRecords records{folder / "backends", files, clock, log};
  llm::Capabilities can{.model = "docmind-qwen3-fp8",
                        .hash = "h",
                        .context = 131072,
                        .json_schema = true,
                        .tools = true,
                        .counts_tokens = true,
                        .caches_prefix = true,
                        .server = "vllm 0.32.0"};
};

TEST_F(CapabilityRecordsTest, ComeBackAsTheyWere) {
  EXPECT_FALSE(records.read("vllm"));
  records.write("vllm", can);
  EXPECT_EQ(records.read("vllm"), can);
  EXPECT_FALSE(records.read("ollama"));
}

TEST_F(CapabilityRecordsTest, ABrokenOneCountsAsNone) {
  records.write("vllm", can);
  for (const std::string broken : {"", "{", "[]", R"({"version":2,"capabilities":{"model":"x"}})",
                                   R"({"version":1,"capabilities":{"model":7}})"}) {
    folder.write("backends/vllm.json", broken);
    EXPECT_FALSE(records.read("vllm")) << broken;
  }
}

TEST_F(CapabilityRecordsTest, AFolderThatCannotBeWrittenLosesNoMoreThanTheRecord) {
  folder.write("backends", "a file");
  records.write("vllm", can);
  EXPECT_FALSE(records.read("vllm"));
}

}  // namespace
}  // namespace docmind::app

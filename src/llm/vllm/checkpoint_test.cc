#include "llm/vllm/checkpoint.h"

#include <gmock/gmock.h>

#include "sys/testing/temp_folder.h"

namespace docmind::vllm {
namespace {

using ::testing::HasSubstr;

class CheckpointTest : public ::testing::Test {
 protected:
  Result<Checkpoint> read(std::string_view config) {
    folder.write("q/config.json", config);
    return read_checkpoint(files, folder / "q");
  }
  sys::TempFolder folder;
  sys::RealFiles files;
};

TEST_F(CheckpointTest, QwenInFp8) {
  folder.write("q/model-00001-of-00002.safetensors", std::string(300, 'x'));
  folder.write("q/model-00002-of-00002.safetensors", std::string(200, 'x'));
  folder.write("q/tokenizer.json", "{}");
  const auto out = read(R"({"num_hidden_layers":36,"num_attention_heads":32,"num_key_value_heads":8,"head_dim":128,
    "hidden_size":2560,"max_position_embeddings":262144,
    "quantization_config":{"quant_method":"fp8","fmt":"e4m3","weight_block_size":[128,128]}})");
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_TRUE(out->fp8);
  EXPECT_EQ(out->quantization, "fp8");
  EXPECT_EQ(out->window, 262'144U);
  EXPECT_EQ(out->kv_token_bytes, 147'456U);  // 144 KiB, as docmind kv says.
  EXPECT_EQ(out->weight_bytes, 500U);
}

TEST_F(CheckpointTest, OtherFormats) {
  EXPECT_TRUE(read(R"({"quantization_config":{"quant_method":"compressed-tensors","format":"float-quantized"}})")->fp8);
  EXPECT_FALSE(read(R"({"quantization_config":{"quant_method":"compressed-tensors","format":"pack-quantized"}})")->fp8);
  EXPECT_EQ(read(R"({"quantization_config":{"quant_method":"awq"}})")->quantization, "awq");
  EXPECT_EQ(read(R"({"num_hidden_layers":4,"num_attention_heads":4,"hidden_size":512})")->kv_token_bytes,
            4U * 4U * 128U * 4U);
}

TEST_F(CheckpointTest, HostileConfigsAreNoOverflowAndNoCrash) {
  EXPECT_TRUE(read("{}"));
  EXPECT_TRUE(read(R"({"quantization_config":[1],"num_hidden_layers":"x","head_dim":-5})"));
  const auto huge = read(R"({"num_hidden_layers":18446744073709551615,"num_attention_heads":1e300,
    "num_key_value_heads":9223372036854775807,"head_dim":9223372036854775807,"max_position_embeddings":1e18})");
  ASSERT_TRUE(huge);
  EXPECT_LE(huge->kv_token_bytes, 1ULL << 42U);
  for (const char* broken : {"", "[]", "{", "\xff", "null"}) EXPECT_EQ(read(broken).error().code, Code::kDataLoss);
}

TEST_F(CheckpointTest, ANameIsNoFolder) {
  for (const std::filesystem::path& path :
       {std::filesystem::path("Qwen/Qwen3-4B-Instruct-2507-FP8"), folder / "absent", std::filesystem::path()}) {
    const auto out = read_checkpoint(files, path);
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().code, Code::kNotFound);
    EXPECT_THAT(out.error().hint, HasSubstr("hf download"));
  }
}

}  // namespace
}  // namespace docmind::vllm

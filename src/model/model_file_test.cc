#include "model/model_file.h"

#include <gtest/gtest.h>

#include "model/testing/gguf_bytes.h"
#include "sys/testing/temp_folder.h"

namespace docmind::model {
namespace {

void expect_refused(const GgufBytes& gguf, std::string_view why) {
  const auto model = model_file_of(gguf.bytes());
  ASSERT_FALSE(model) << why;
  EXPECT_EQ(model.error().code, Code::kInvalidArgument);
  EXPECT_NE(model.error().message.find(why), std::string::npos) << model.error().message;
}

TEST(ModelFile, SaysWhatTheFileHolds) {
  const sys::TempFolder folder;
  const auto path = folder.write("模型.gguf", TinyQwen().gguf().str("tokenizer.chat_template", "{{ x }}").bytes());
  const auto model = read_model_file(path);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->architecture, "qwen3");
  EXPECT_EQ(model->name, "tiny");
  EXPECT_EQ(model->purpose, Purpose::kText);
  EXPECT_EQ(model->layers, 1U);
  EXPECT_EQ(model->dimensions, 8U);
  EXPECT_EQ(model->heads, 2U);
  EXPECT_EQ(model->kv_heads, 1U);
  EXPECT_EQ(model->head_size, 4U);
  EXPECT_EQ(model->context, 16U);
  EXPECT_EQ(model->vocabulary, 4U);
  EXPECT_EQ(model->tokenizer, "gpt2");
  EXPECT_TRUE(model->has_chat_template);
  EXPECT_EQ(model->quantisation, "f32");
  EXPECT_EQ(model->parameters, 32U + 8 + 8 + 8 + 4 + 4 + 64 + 32 + 32 + 64 + 3 * 128);
  EXPECT_EQ(model->tensors.size(), 13U);
  EXPECT_EQ(model->bytes, std::filesystem::file_size(path));
  EXPECT_EQ(read_model_file(folder / "absent").error().code, Code::kNotFound);
  EXPECT_EQ(read_model_file(folder.path()).error().code, Code::kInvalidArgument);
}

TEST(ModelFile, NamesTheQuantisation) {
  for (const auto& [number, title] : {std::pair{15U, "Q4_K_M"}, {7U, "Q8_0"}, {32U, "BF16"}, {999U, "f32"}}) {
    EXPECT_EQ(model_file_of(TinyQwen().gguf().u32("general.file_type", number).bytes())->quantisation, title);
  }
}

TEST(ModelFile, EveryKeyAndTensorIsNeeded) {
  for (const char* name :
       {"general.architecture",      "qwen3.block_count",          "qwen3.embedding_length",   "qwen3.context_length",
        "qwen3.feed_forward_length", "qwen3.attention.head_count", "tokenizer.ggml.model",     "tokenizer.ggml.tokens",
        "tokenizer.ggml.merges",     "token_embd.weight",          "output_norm.weight",       "blk.0.attn_norm.weight",
        "blk.0.ffn_norm.weight",     "blk.0.attn_q_norm.weight",   "blk.0.attn_k_norm.weight", "blk.0.attn_q.weight",
        "blk.0.attn_k.weight",       "blk.0.attn_v.weight",        "blk.0.attn_output.weight", "blk.0.ffn_gate.weight",
        "blk.0.ffn_up.weight",       "blk.0.ffn_down.weight"}) {
    EXPECT_FALSE(model_file_of(TinyQwen{.left_out = name}.gguf().bytes())) << name;
  }
}

TEST(ModelFile, RefusesNumbersThatEndLibllama) {
  expect_refused(TinyQwen{.layers = 513}.gguf(), "block_count");
  expect_refused(TinyQwen{.layers = 0}.gguf(), "block_count");
  expect_refused(TinyQwen{.layers = 2}.gguf(), "blk.1");
  expect_refused(TinyQwen{.heads = 0}.gguf(), "head_count");
  expect_refused(TinyQwen{.heads = 2, .kv_heads = 0}.gguf(), "head_count_kv");
  expect_refused(TinyQwen{.heads = 4, .kv_heads = 3}.gguf(), "evenly");
  expect_refused(TinyQwen{.heads = 4, .kv_heads = 1}.gguf(), "another shape");
  expect_refused(TinyQwen{.context = 0}.gguf(), "context_length");
  expect_refused(TinyQwen{.tokens = 5}.gguf(), "another shape");
  expect_refused(TinyQwen().gguf().str("qwen3.rope.scaling.type", "spiral"), "scaling");
  expect_refused(TinyQwen().gguf().u32("qwen3.rope.scaling.type", 1), "scaling");
  expect_refused(TinyQwen().gguf().f32("qwen3.rope.freq_base", 0), "freq_base");
  expect_refused(TinyQwen().gguf().f32("qwen3.attention.layer_norm_epsilon", -1), "epsilon");
  expect_refused(TinyQwen().gguf().u32("qwen3.rope.dimension_count", 6), "dimension_count");
  expect_refused(TinyQwen().gguf().u32("qwen3.rope.dimension_count", 2), "part of a head");
  expect_refused(TinyQwen().gguf().u32("qwen3.attention.value_length", 2), "lengths differ");
  expect_refused(TinyQwen().gguf().u32("qwen3.pooling_type", 5), "pooling");
  expect_refused(TinyQwen().gguf().u32("qwen3.expert_count", 1000), "experts");
  expect_refused(TinyQwen().gguf().u32("qwen3.expert_used_count", 2), "experts");
  expect_refused(TinyQwen().gguf().tensor("blk.1.attn_q.weight", {8}), "no layer");
  expect_refused(TinyQwen().gguf().tensor("blk.x", {8}), "no layer");
  expect_refused(TinyQwen{.architecture = "Qwen 3"}.gguf(), "architecture");
}

TEST(ModelFile, RefusesATokenizerThatDoesNotAddUp) {
  const auto list = [](const char* key, GgufType type, std::uint64_t count) {
    return TinyQwen().gguf().array(key, type, count, std::string(count * width(type), '\0'));
  };
  expect_refused(list("tokenizer.ggml.token_type", GgufType::kI32, 3), "token_type");
  expect_refused(list("tokenizer.ggml.token_type", GgufType::kI8, 4), "token_type");
  expect_refused(list("tokenizer.ggml.scores", GgufType::kF32, 5), "scores");
  expect_refused(TinyQwen().gguf().u32("tokenizer.ggml.eos_token_id", 4), "eos_token_id");
  EXPECT_TRUE(model_file_of(list("tokenizer.ggml.scores", GgufType::kF32, 4).bytes()));
  const auto tokens = [](const std::vector<std::string>& words) {
    return TinyQwen{.left_out = "tokenizer.ggml.tokens"}.gguf().texts("tokenizer.ggml.tokens", words);
  };
  expect_refused(tokens({"a", "b", "a", "c"}), "twice");
  expect_refused(tokens({"a", "", "", "c"}), "empty");
  expect_refused(tokens({}), "no tokens");
  const auto charsmap = [](const std::string& bytes) {
    return TinyQwen().gguf().array("tokenizer.ggml.precompiled_charsmap", GgufType::kU8, bytes.size(), bytes);
  };
  expect_refused(charsmap("abc"), "character map");
  expect_refused(charsmap("\xff\xff\xff\xff rest"), "character map");
  expect_refused(TinyQwen{.left_out = "tokenizer.ggml.merges"}.gguf().u32("tokenizer.ggml.merges", 1), "merges");
}

TEST(ModelFile, RefusesPartsAndVocabulariesAlone) {
  expect_refused(TinyQwen().gguf().entry("split.count", GgufType::kU16, GgufBytes::raw(std::uint16_t{3})), "part");
  GgufBytes words;
  words.str("general.architecture", "qwen3").str("tokenizer.ggml.model", "gpt2");
  expect_refused(words, "no weights");
}

TEST(ModelFile, AnotherArchitectureIsCheckedForWhatAllShare) {
  EXPECT_TRUE(model_file_of(TinyQwen{.architecture = "llama", .left_out = "blk.0.attn_q_norm.weight"}.gguf().bytes()));
  EXPECT_FALSE(model_file_of(TinyQwen{.architecture = "llama", .left_out = "token_embd.weight"}.gguf().bytes()));
}

}  // namespace
}  // namespace docmind::model

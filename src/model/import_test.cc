// Imports read back with our own reader; that libllama takes them is tested where libllama is (engine).
#include "model/import.h"

#include <ggml.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "model/model_file.h"
#include "model/testing/tiny_checkpoint.h"
#include "model/testing/tiny_qwen3_checkpoint.h"
#include "sys/files.h"
#include "sys/testing/fault_files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::model {
namespace {

class Qwen3Import : public testing::Test {
 protected:
  Result<ImportSummary> import(WeightType weights = WeightType::kF32, WriteOptions write = {}) {
    return import_model({.source = (folder_ / "in").string(),
                         .target = target().string(),
                         .name = "tiny",
                         .weights = weights,
                         .write = std::move(write)},
                        files_);
  }
  std::filesystem::path target() const { return folder_ / "models/tiny.gguf"; }
  void expect_refused(std::string_view why) {
    const auto imported = import();
    ASSERT_FALSE(imported) << why;
    EXPECT_NE(imported.error().message.find(why), std::string::npos) << imported.error().message;
    EXPECT_FALSE(std::filesystem::exists(target()));
  }
  // A tensor of the written file as floats.
  std::vector<float> floats(const std::string& name) {
    const auto file = *sys::MappedFile::open(target());
    const auto gguf = *GgufFile::parse(file->bytes());
    const GgufTensor* tensor = gguf.tensor(name);
    DM_CHECK(tensor != nullptr);
    std::vector<float> out(tensor->elements());
    const auto type = static_cast<ggml_type>(tensor->type);
    if (type == GGML_TYPE_F32) {
      std::memcpy(out.data(), tensor->bytes.data(), tensor->bytes.size());
    } else {
      ggml_get_type_traits(type)->to_float(tensor->bytes.data(), out.data(), static_cast<std::int64_t>(out.size()));
    }
    return out;
  }
  void edit(const std::string& name, std::string_view from, std::string_view to) {
    std::string text = *files_.read(folder_ / ("in/" + name), 1U << 30U);
    const std::size_t at = text.find(from);
    DM_CHECK(at != std::string::npos);
    folder_.write("in/" + name, text.replace(at, from.size(), to));
  }

  sys::TempFolder folder_;
  sys::RealFiles files_;
};

// (name in the file, name in the checkpoint)
std::vector<std::pair<std::string, std::string>> pairs() {
  std::vector<std::pair<std::string, std::string>> out{{"token_embd", "model.embed_tokens"},
                                                       {"output_norm", "model.norm"}};
  for (const auto& [to, from] :
       {std::pair{"attn_q", "self_attn.q_proj"}, std::pair{"attn_k", "self_attn.k_proj"},
        std::pair{"attn_v", "self_attn.v_proj"}, std::pair{"attn_output", "self_attn.o_proj"},
        std::pair{"ffn_gate", "mlp.gate_proj"}, std::pair{"ffn_up", "mlp.up_proj"},
        std::pair{"ffn_down", "mlp.down_proj"}, std::pair{"attn_q_norm", "self_attn.q_norm"},
        std::pair{"attn_k_norm", "self_attn.k_norm"}, std::pair{"attn_norm", "input_layernorm"},
        std::pair{"ffn_norm", "post_attention_layernorm"}}) {
    out.emplace_back(std::string("blk.1.") + to, std::string("model.layers.1.") + from);
  }
  return out;
}

TEST_F(Qwen3Import, EveryWeightArrivesExactly) {
  for (const TinyWeights weights : {TinyWeights::kBf16, TinyWeights::kFp8}) {
    const auto checkpoint = TinyQwen3Checkpoint::small(weights);
    checkpoint.write(folder_ / "in");
    const auto imported = import();
    ASSERT_TRUE(imported) << imported.error().message;
    EXPECT_EQ(imported->architecture, "qwen3");
    EXPECT_EQ(imported->tensors, 2U + 2 * 11);
    EXPECT_EQ(imported->bytes, std::filesystem::file_size(target()));
    const auto matrices = checkpoint.matrices();
    for (const auto& [to, from] : pairs()) {
      const auto at = std::ranges::find(matrices, from + ".weight", &TinyQwen3Checkpoint::Matrix::name);
      ASSERT_NE(at, matrices.end());
      EXPECT_EQ(floats(to + ".weight"), checkpoint.values(*at)) << to;  // FP8 too: bit for bit.
    }
  }
}

TEST_F(Qwen3Import, TheFileSaysWhatTheCheckpointSays) {
  TinyQwen3Checkpoint::small().write(folder_ / "in");
  ASSERT_TRUE(import(WeightType::kQ8));
  const auto model = read_model_file(target());
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->architecture, "qwen3");
  EXPECT_EQ(model->name, "tiny");
  EXPECT_EQ(model->layers, 2U);
  EXPECT_EQ(model->dimensions, 192U);
  EXPECT_EQ(model->head_size, 32U);
  EXPECT_EQ(model->context, 262'144U);
  EXPECT_EQ(model->vocabulary, 330U);
  EXPECT_EQ(model->tokenizer, "gpt2");
  EXPECT_EQ(model->pre_tokenizer, "qwen2");
  EXPECT_TRUE(model->needs_nfc);
  EXPECT_TRUE(model->has_chat_template);
  EXPECT_EQ(model->quantisation, "Q8_0");
  const auto file = *sys::MappedFile::open(target());
  const auto gguf = *GgufFile::parse(file->bytes());
  EXPECT_EQ(gguf.number("qwen3.rope.freq_base"), 5e6);
  EXPECT_EQ(gguf.integer("tokenizer.ggml.eos_token_id"), 302U);
  EXPECT_EQ(gguf.integer("tokenizer.ggml.padding_token_id"), 300U);
  EXPECT_EQ(gguf.integer("tokenizer.ggml.bos_token_id"), 300U);
  EXPECT_EQ(gguf.flag("tokenizer.ggml.add_bos_token"), false);
  EXPECT_EQ(gguf.find("docmind.eos_token_ids")->count, 2U);
  EXPECT_EQ(gguf.text("tokenizer.chat_template"), "{{ messages }}");
  const auto tokens = gguf.texts("tokenizer.ggml.tokens");
  EXPECT_EQ(tokens[301], "<|im_start|>");
  EXPECT_EQ(tokens[329], "[PAD329]");
  std::vector<std::int32_t> types(330);
  std::memcpy(types.data(), gguf.find("tokenizer.ggml.token_type")->value.data(), types.size() * 4);
  EXPECT_EQ(types[0], 1);
  EXPECT_EQ(types[301], 3);  // Control.
  EXPECT_EQ(types[314], 4);  // <tool_call>: user-defined.
  EXPECT_EQ(types[329], 5);  // Unused.
}

TEST_F(Qwen3Import, ATemplateInAFileOfItsOwnWins) {
  TinyQwen3Checkpoint::small().write(folder_ / "in");
  folder_.write("in/chat_template.jinja", "{# its own #}");
  ASSERT_TRUE(import());
  const auto file = *sys::MappedFile::open(target());
  EXPECT_EQ((*GgufFile::parse(file->bytes())).text("tokenizer.chat_template"), "{# its own #}");
}

TEST_F(Qwen3Import, EveryTypeIsReadBackNearEnough) {
  TinyQwen3Checkpoint checkpoint = TinyQwen3Checkpoint::small();
  checkpoint.hidden = checkpoint.feed_forward = 256;
  checkpoint.write(folder_ / "in");
  const auto matrices = checkpoint.matrices();
  const auto at =
      std::ranges::find(matrices, "model.layers.0.mlp.gate_proj.weight", &TinyQwen3Checkpoint::Matrix::name);
  const std::vector<float> exact = checkpoint.values(*at);
  double energy = 0;
  for (const float v : exact) energy += static_cast<double>(v) * v;
  std::uint64_t f16 = 0;
  for (const WeightTypeFacts& of : weight_types()) {
    const auto imported = import(of.type);
    ASSERT_TRUE(imported) << of.name << ": " << imported.error().message;
    EXPECT_EQ(read_model_file(target())->quantisation, of.title);
    if (of.type == WeightType::kF16) f16 = imported->bytes;
    const std::vector<float> values = floats("blk.0.ffn_gate.weight");
    double error = 0;
    for (std::size_t i = 0; i < values.size(); ++i) error += std::pow(values[i] - exact[i], 2);
    const double relative = std::sqrt(error / energy);
    EXPECT_LT(relative, of.name.starts_with("q2")                     ? 0.35
                        : of.name.find('3') != std::string_view::npos ? 0.22
                                                                      : 0.11)
        << of.name;
    const bool exact_enough = of.base == GGML_TYPE_F32 || of.base == GGML_TYPE_F16 || of.base == GGML_TYPE_BF16;
    EXPECT_EQ(relative > 0, !exact_enough) << of.name;  // The weights are of at most eight bits.
  }
  EXPECT_LT(f16, std::filesystem::file_size(folder_ / "in/model.safetensors") + 100'000);
}

TEST_F(Qwen3Import, ThreadsMakeNoDifference) {
  TinyQwen3Checkpoint::small().write(folder_ / "in");
  ASSERT_TRUE(import(WeightType::kQ4KM, {.threads = 1}));
  const std::string one = *files_.read(target(), 1U << 30U);
  ASSERT_TRUE(import(WeightType::kQ4KM, {.threads = 4}));
  EXPECT_EQ(one, *files_.read(target(), 1U << 30U));
}

TEST_F(Qwen3Import, ShardsAreOneModel) {
  TinyQwen3Checkpoint checkpoint = TinyQwen3Checkpoint::small();
  checkpoint.write(folder_ / "in");
  ASSERT_TRUE(import());
  const std::string whole = *files_.read(target(), 1U << 30U);
  std::filesystem::remove_all(folder_ / "in");
  checkpoint.shards = 3;
  checkpoint.write(folder_ / "in");
  const auto imported = import();
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_EQ(whole, *files_.read(target(), 1U << 30U));
}

TEST_F(Qwen3Import, RefusesShardsThatLie) {
  TinyQwen3Checkpoint checkpoint = TinyQwen3Checkpoint::small();
  checkpoint.shards = 2;
  checkpoint.write(folder_ / "in");
  const std::string index = *files_.read(folder_ / "in/model.safetensors.index.json", 1U << 20U);
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = index;
    text.replace(text.find(from), from.size(), to);
    folder_.write("in/model.safetensors.index.json", text);
  };
  with("model-0-of-2.safetensors", "../../etc/x.safetensors");
  expect_refused("beside it");
  with("model-0-of-2.safetensors", "model-1-of-2.safetensors");
  expect_refused("is not in");
  with("model.embed_tokens.weight", "model.another.weight");
  expect_refused("is not in");
  folder_.write("in/model.safetensors.index.json", "[]");
  expect_refused("weight_map");
  folder_.write("in/model.safetensors.index.json", index);
  std::filesystem::remove(folder_ / "in/model-1-of-2.safetensors");
  EXPECT_EQ(import().error().code, Code::kNotFound);
  std::filesystem::copy(folder_ / "in/model-0-of-2.safetensors", folder_ / "in/model-1-of-2.safetensors");
  expect_refused("in two files");
}

TEST_F(Qwen3Import, AnUntiedHeadIsKept) {
  TinyQwen3Checkpoint checkpoint = TinyQwen3Checkpoint::small();
  checkpoint.tied = false;
  checkpoint.write(folder_ / "in");
  ASSERT_TRUE(import());
  EXPECT_EQ(floats("output.weight"), checkpoint.values(checkpoint.matrices()[1]));
}

TEST_F(Qwen3Import, RopeScalingIsKept) {
  TinyQwen3Checkpoint checkpoint = TinyQwen3Checkpoint::small();
  checkpoint.config_more = R"(,"rope_scaling":{"rope_type":"yarn","factor":4.0,)"
                           R"("original_max_position_embeddings":32768,"beta_fast":32}})";
  checkpoint.config_more.pop_back();
  checkpoint.write(folder_ / "in");
  ASSERT_TRUE(import());
  const auto file = *sys::MappedFile::open(target());
  const auto gguf = *GgufFile::parse(file->bytes());
  EXPECT_EQ(gguf.text("qwen3.rope.scaling.type"), "yarn");
  EXPECT_EQ(gguf.number("qwen3.rope.scaling.factor"), 4);
  EXPECT_EQ(gguf.integer("qwen3.rope.scaling.original_context_length"), 32768U);
  EXPECT_EQ(gguf.number("qwen3.rope.scaling.yarn_beta_fast"), 32);
  edit("config.json", "yarn", "dynamic");
  std::filesystem::remove(target());
  expect_refused("rope scaling");
}

TEST_F(Qwen3Import, RefusesWhatItWouldGetWrong) {
  TinyQwen3Checkpoint::small(TinyWeights::kFp8).write(folder_ / "in");
  const std::string config = *files_.read(folder_ / "in/config.json", 1U << 20U);
  for (const auto& [from, to, why] : std::vector<std::array<std::string, 3>>{
           {"\"fp8\"", "\"awq\"", "AWQ"},
           {"\"fp8\"", "\"gptq\"", "GPTQ"},
           {"e4m3", "e5m2", "E4M3"},
           {"[128,128]", "[128]", "block size"},
           {"[128,128]", "[64,128]", "block scales"},
           {"[128,128]", "[0,128]", "weight_block_size"},
           {"\"silu\"", "\"gelu\"", "silu"},
           {"\"attention_bias\":false", "\"attention_bias\":true", "biases"},
           {"\"use_sliding_window\":false", "\"use_sliding_window\":true", "sliding"},
           {"\"vocab_size\":330", "\"vocab_size\":310", "broken added token"},
           {"\"vocab_size\":330", "\"vocab_size\":340", "another shape"},
           {"\"head_dim\":32", "\"head_dim\":31", "odd"},
           {"\"num_hidden_layers\":2", "\"num_hidden_layers\":3", "no tensor for"},
           {"\"num_key_value_heads\":1", "\"num_key_value_heads\":0", "num_key_value_heads"},
           {"qwen3", "qwen9", "model_type"},
       }) {
    std::string text = config;
    text.replace(text.find(from), from.size(), to);
    folder_.write("in/config.json", text);
    expect_refused(why);
  }
  folder_.write("in/config.json", config);
  EXPECT_TRUE(import());
}

TEST_F(Qwen3Import, RefusesTokenizersItDoesNotKnow) {
  TinyQwen3Checkpoint::small().write(folder_ / "in");
  const std::string good = *files_.read(folder_ / "in/tokenizer.json", 1U << 26U);
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    folder_.write("in/tokenizer.json", text);
  };
  with(R"(\\p{N}|)", R"(\\p{N}{1,3}|)");
  expect_refused("splits text");
  with(R"("add_prefix_space":false)", R"("add_prefix_space":true)");
  expect_refused("splits text");
  with("NFC", "NFKC");
  expect_refused("changes text");
  with("\"BPE\"", "\"Unigram\"");
  expect_refused("byte-pair");
  with("\"id\":301", "\"id\":5");
  expect_refused("two tokens one");
  with("\"id\":301", "\"id\":330");
  expect_refused("broken added token");
  with("\"merges\":[\"", "\"merges\":[\"a b c\",\"");
  expect_refused("two parts");
  folder_.write("in/tokenizer.json", "{}");
  expect_refused("byte-pair");
  std::filesystem::remove(folder_ / "in/tokenizer.json");
  EXPECT_EQ(import().error().code, Code::kNotFound);
}

TEST_F(Qwen3Import, ProgressEndsAtTheSizeOfTheFile) {
  TinyQwen3Checkpoint::small().write(folder_ / "in");
  std::uint64_t last = 0;
  std::uint64_t all = 0;
  const auto imported = import(WeightType::kQ8, {.progress = [&](std::uint64_t done, std::uint64_t total) {
                                 EXPECT_GT(done, last);
                                 last = done;
                                 all = total;
                               }});
  EXPECT_EQ(last, imported->bytes);
  EXPECT_EQ(all, imported->bytes);
}

TEST_F(Qwen3Import, AStopLeavesNothing) {
  TinyQwen3Checkpoint::small().write(folder_ / "in");
  std::stop_source stop;
  const auto imported =
      import(WeightType::kQ8, {.progress = [&](auto, auto) { stop.request_stop(); }, .stop = stop.get_token()});
  ASSERT_FALSE(imported);
  EXPECT_EQ(imported.error().code, Code::kCancelled);
  EXPECT_TRUE(files_.list(folder_ / "models")->empty());
}

TEST_F(Qwen3Import, AFullDiskLeavesNothing) {
  TinyQwen3Checkpoint::small().write(folder_ / "in");
  sys::FaultFiles disk(files_);
  disk.fail(target(), Error{Code::kResourceExhausted, "The disk is full."});
  const auto imported = import_model({.source = (folder_ / "in").string(), .target = target().string()}, disk);
  ASSERT_FALSE(imported);
  EXPECT_EQ(imported.error().code, Code::kResourceExhausted);
  EXPECT_TRUE(files_.list(folder_ / "models")->empty());
}

TEST_F(Qwen3Import, F16RefusesNumbersItCannotHold) {
  TinyCheckpoint tiny;
  tiny.write(folder_ / "in");
  std::fstream file(folder_ / "in/model.safetensors", std::ios::in | std::ios::out | std::ios::binary);
  std::uint64_t header = 0;
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  const float big = 1e5F;
  file.seekp(static_cast<std::streamoff>(8 + header));
  file.write(reinterpret_cast<const char*>(&big), sizeof big);
  file.close();
  EXPECT_EQ(import(WeightType::kF16).error().code, Code::kInvalidArgument);
  EXPECT_TRUE(import(WeightType::kBf16));
}

}  // namespace
}  // namespace docmind::model

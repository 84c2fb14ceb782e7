#include <gtest/gtest.h>

#include <limits>

#include "engine/encoder.h"
#include "model/import.h"
#include "model/testing/tiny_checkpoint.h"
#include "sys/files.h"
#include "sys/testing/fault_files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::engine {
namespace {

using model::import_model;
using model::ImportSummary;
using model::TinyCheckpoint;
using model::WeightType;

class ImportTest : public testing::Test {
 protected:
  Result<ImportSummary> import(WeightType weights = WeightType::kF32) {
    return import_model({.source = (folder_ / "in").string(), .target = target(), .name = "tiny", .weights = weights},
                        files_);
  }
  std::string target() const { return (folder_ / "models/tiny.gguf").string(); }
  void expect_refused(std::string_view why) {
    const auto imported = import();
    ASSERT_FALSE(imported) << why;
    EXPECT_NE(imported.error().message.find(why), std::string::npos) << imported.error().message;
    EXPECT_FALSE(std::filesystem::exists(target()));
  }

  sys::TempFolder folder_;
  sys::RealFiles files_;
};

TEST_F(ImportTest, EveryWeightTypeLoads) {
  TinyCheckpoint().write(folder_ / "in");
  std::uint64_t last = 0;
  for (const WeightType weights : {WeightType::kQ8, WeightType::kF16, WeightType::kF32}) {
    const auto imported = import(weights);
    ASSERT_TRUE(imported) << imported.error().message;
    EXPECT_EQ(imported->architecture, "bert");
    EXPECT_EQ(imported->tensors, 5U + 2 * 16);
    EXPECT_EQ(imported->bytes, std::filesystem::file_size(target()));
    EXPECT_GT(imported->bytes, last);
    last = imported->bytes;
    const auto encoder = Encoder::open({.model_path = target()});
    ASSERT_TRUE(encoder) << encoder.error().message;
    EXPECT_EQ((*encoder)->facts().name, "tiny");
  }
}

TEST_F(ImportTest, TakesTheFileItself) {
  TinyCheckpoint().write(folder_ / "in");
  EXPECT_TRUE(import_model({.source = (folder_ / "in/model.safetensors").string(), .target = target()}, files_));
}

TEST_F(ImportTest, TakesTensorsNamedWithTheModelInFront) {
  TinyCheckpoint{.prefix = "bert."}.write(folder_ / "in");
  const auto imported = import();
  EXPECT_TRUE(imported) << imported.error().message;
}

TEST_F(ImportTest, ReadsDimensionsWindowAndPoolingFromTheFile) {
  TinyCheckpoint{.hidden = 64, .heads = 4, .positions = 24, .pooling = "cls"}.write(folder_ / "in");
  ASSERT_TRUE(import());
  const auto encoder = Encoder::open({.model_path = target(), .max_window = 1000});
  ASSERT_TRUE(encoder);
  EXPECT_EQ((*encoder)->facts().dimensions, 64U);
  EXPECT_EQ((*encoder)->facts().window, 24U);
  EXPECT_EQ((*encoder)->facts().pooling, Pooling::kCls);
  EXPECT_EQ((*encoder)->facts().prefix, std::vector<TokenId>{2});
  EXPECT_EQ((*encoder)->facts().suffix, std::vector<TokenId>{3});
}

TEST_F(ImportTest, RefusesAnotherPooling) {
  TinyCheckpoint{.pooling = "max"}.write(folder_ / "in");
  expect_refused("pooling");
}

TEST_F(ImportTest, RefusesAbsentParts) {
  EXPECT_EQ(import().error().code, Code::kNotFound);
  TinyCheckpoint().write(folder_ / "in");
  std::filesystem::remove(folder_ / "in/vocab.txt");
  EXPECT_EQ(import().error().code, Code::kNotFound);
}

TEST_F(ImportTest, RefusesAConfigThatLies) {
  const TinyCheckpoint tiny;
  tiny.write(folder_ / "in");
  const std::string good = tiny.config();
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  for (const auto& [config, why] : std::vector<std::pair<std::string, std::string>>{
           {"", "model_type"},
           {"[]", "config.json"},
           {with("bert", "gpt2"), "model_type"},
           {with("gelu", "relu"), "gelu"},
           {with("\"hidden_size\":32", "\"hidden_size\":-1"), "hidden_size"},
           {with("\"hidden_size\":32", "\"hidden_size\":1e99"), "hidden_size"},
           {with("\"hidden_size\":32", "\"hidden_size\":34"), "another shape"},
           {with("\"num_attention_heads\":2", "\"num_attention_heads\":5"), "multiple"},
           {with("\"num_hidden_layers\":2", "\"num_hidden_layers\":3"), "no tensor for"},
           {with("\"vocab_size\":17", "\"vocab_size\":18"), "lines"},
           {with("1e-12", "1e300"), "layer_norm_eps"},
       }) {
    folder_.write("in/config.json", config);
    expect_refused(why);
  }
}

TEST_F(ImportTest, RefusesABrokenVocabulary) {
  TinyCheckpoint().write(folder_ / "in");
  std::string lines;
  for (int i = 0; i < 17; ++i) lines += "w" + std::to_string(i) + "\n";
  folder_.write("in/vocab.txt", lines);
  expect_refused("[UNK]");
  folder_.write("in/vocab.txt", "\xff\n");
  expect_refused("UTF-8");
  folder_.write("in/vocab.txt", "a\na\n");
  expect_refused("twice");
}

TEST_F(ImportTest, RefusesWeightsThatAreNotFinite) {
  TinyCheckpoint().write(folder_ / "in");
  std::fstream file(folder_ / "in/model.safetensors", std::ios::in | std::ios::out | std::ios::binary);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::string length(8, '\0');
  file.read(length.data(), 8);
  file.seekp(8 + static_cast<unsigned char>(length[0]) + 256 * static_cast<unsigned char>(length[1]));
  file.write(reinterpret_cast<const char*>(&nan), sizeof nan);
  file.close();
  expect_refused("not finite");
}

TEST_F(ImportTest, AFullDiskLeavesNothing) {
  TinyCheckpoint().write(folder_ / "in");
  sys::FaultFiles disk(files_);
  disk.fail(target(), Error{Code::kResourceExhausted, "The disk is full."});
  const auto imported = import_model({.source = (folder_ / "in").string(), .target = target()}, disk);
  ASSERT_FALSE(imported);
  EXPECT_EQ(imported.error().code, Code::kResourceExhausted);
  EXPECT_FALSE(std::filesystem::exists(target()));
}

}  // namespace
}  // namespace docmind::engine

#include "model/model_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "model/quantise.h"
#include "model/testing/tiny_checkpoint.h"
#include "model/testing/tiny_qwen3_checkpoint.h"
#include "sys/files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::model {
namespace {

class ModelFolderTest : public testing::Test {
 protected:
  ModelFolderTest() { TinyQwen3Checkpoint::small().write(disk_ / "in"); }
  Result<ModelCard> import(const std::string& name, WeightType type = WeightType::kF32) {
    return models_.import((disk_ / "in").string(), name, type, {});
  }
  void spoil(const std::string& name) {
    std::fstream file(models_.file_of(name), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-40, std::ios::end);
    file.put('\x7f');
  }

  sys::TempFolder disk_;
  sys::RealFiles files_;
  ModelFolder models_{disk_ / "models", files_};
};

TEST_F(ModelFolderTest, AnEmptyOneHasNoModels) {
  EXPECT_TRUE(models_.list()->empty());
  EXPECT_EQ(models_.remove("x").error().code, Code::kNotFound);
  EXPECT_EQ(models_.verify("x", {}).error().code, Code::kNotFound);
}

TEST_F(ModelFolderTest, ImportsListsVerifiesAndRemoves) {
  const auto card = import("模型 1", WeightType::kQ8);
  ASSERT_TRUE(card) << card.error().message;
  struct ::stat folder{};
  ASSERT_EQ(::stat(models_.path().c_str(), &folder), 0);
  EXPECT_EQ(folder.st_mode & 0777U, 0750U);
  EXPECT_EQ(card->hash, *hash_of_file(models_.file_of("模型 1"), {}));
  disk_.write("models/notes.txt", "not a model");
  disk_.write("models/broken.gguf", "GGUF");
  const auto list = models_.list();
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 2U);
  EXPECT_EQ((*list)[0].name, "broken");
  EXPECT_FALSE((*list)[0].file);
  EXPECT_FALSE((*list)[0].why.empty());
  EXPECT_EQ((*list)[1].name, "模型 1");
  EXPECT_EQ((*list)[1].file.value_or(ModelFile{}).quantisation, "Q8_0");
  EXPECT_EQ((*list)[1].card.value_or(ModelCard{}).type, "q8_0");
  EXPECT_TRUE(models_.verify("模型 1", {}));
  ASSERT_TRUE(models_.remove("模型 1"));
  EXPECT_EQ(models_.list()->size(), 1U);
  EXPECT_EQ(models_.card("模型 1").error().code, Code::kNotFound);
}

TEST_F(ModelFolderTest, ANameIsNeverAPath) {
  for (const char* name : {"", "../x", "a/b", "/etc/x", ".hidden", "-x", "a\nb", "\xff", "a\\b"}) {
    EXPECT_EQ(import(name).error().code, Code::kInvalidArgument) << name;
    EXPECT_EQ(models_.remove(name).error().code, Code::kInvalidArgument) << name;
    EXPECT_EQ(models_.verify(name, {}).error().code, Code::kInvalidArgument) << name;
  }
  EXPECT_EQ(import(std::string(101, 'x')).error().code, Code::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(models_.path()));
}

TEST_F(ModelFolderTest, ATakenNameIsNotOverwritten) {
  ASSERT_TRUE(import("a"));
  EXPECT_EQ(import("a").error().code, Code::kConflict);
  EXPECT_EQ(models_.quantise(models_.file_of("a"), "a", "a", WeightType::kQ8, {}).error().code, Code::kConflict);
}

TEST_F(ModelFolderTest, AByteThatChangedIsFound) {
  ASSERT_TRUE(import("a"));
  EXPECT_TRUE(check_before_load(models_.file_of("a"), files_, {}));
  spoil("a");
  EXPECT_EQ(models_.verify("a", {}).error().code, Code::kDataLoss);
  EXPECT_EQ(check_before_load(models_.file_of("a"), files_, {}).error().code, Code::kDataLoss);
  EXPECT_EQ(models_.quantise(models_.file_of("a"), "a", "b", WeightType::kQ8, {}).error().code, Code::kDataLoss);
}

TEST_F(ModelFolderTest, TakesAFileInUnlessItIsNone) {
  ASSERT_TRUE(import("a"));
  std::filesystem::copy_file(models_.file_of("a"), disk_ / "fetched");
  EXPECT_EQ(models_.adopt(disk_ / "fetched", "from", "a", {}).error().code, Code::kConflict);
  EXPECT_FALSE(models_.adopt(disk_ / "fetched", "from", "../a", {}));
  EXPECT_FALSE(models_.adopt(disk_.write("bad", "GGUF"), "from", "b", {}));
  EXPECT_TRUE(files_.stat(disk_ / "bad"));
  const auto card = models_.adopt(disk_ / "fetched", "owner/name@1", "b", {});
  ASSERT_TRUE(card) << card.error().message;
  EXPECT_EQ(card->source, "owner/name@1");
  EXPECT_EQ(card->hash, models_.card("a")->hash);
  EXPECT_FALSE(files_.stat(disk_ / "fetched"));
  EXPECT_TRUE(models_.verify("b", {}));
}

TEST_F(ModelFolderTest, AFileThatWasOnlyTouchedIsTheSame) {
  ASSERT_TRUE(import("a"));
  std::filesystem::last_write_time(models_.file_of("a"),
                                   std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_TRUE(check_before_load(models_.file_of("a"), files_, {}));
}

TEST_F(ModelFolderTest, AFilePutThereByHandGetsACard) {
  ASSERT_TRUE(import("a"));
  std::filesystem::copy_file(models_.file_of("a"), models_.file_of("b"));
  EXPECT_TRUE(check_before_load(models_.file_of("b"), files_, {}));
  EXPECT_EQ(models_.verify("b", {})->hash, models_.card("a")->hash);
  EXPECT_TRUE(models_.card("b"));
}

TEST_F(ModelFolderTest, ACardComesBackAsItWasKept) {
  ModelCard card = *import("a");
  card.loss = LossReport{.reference = "f32",
                         .measure = "cosine",
                         .samples = 40,
                         .loss = 0.0015,
                         .mean_cosine = 0.9985,
                         .least_cosine = 0.99,
                         .ranking = 0.97};
  ASSERT_TRUE(models_.keep(card));
  const auto back = models_.card("a");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->hash, card.hash);
  EXPECT_EQ(back->mtime_ns, card.mtime_ns);
  const LossReport loss = back->loss.value_or(LossReport{});
  EXPECT_EQ(loss.measure, "cosine");
  EXPECT_EQ(loss.loss, 0.0015);
  EXPECT_EQ(loss.ranking, 0.97);
  disk_.write("models/a.json", "{\"hash\":\"zz\"}");
  EXPECT_EQ(models_.card("a").error().code, Code::kDataLoss);
  EXPECT_EQ(check_before_load(models_.file_of("a"), files_, {}).error().code, Code::kDataLoss);
}

// Quantising a file and importing the checkpoint at once give the same tensors.
TEST_F(ModelFolderTest, QuantisingIsTheSameAsImporting) {
  ASSERT_TRUE(import("a"));
  for (const WeightType type : {WeightType::kQ4KM, WeightType::kQ8, WeightType::kF16, WeightType::kQ5KM}) {
    const std::string name(facts(type).name);
    ASSERT_TRUE(import(name, type));
    const auto card = models_.quantise(models_.file_of("a"), "a", name + "-2", type, {});
    ASSERT_TRUE(card) << card.error().message;
    EXPECT_EQ(card->source, "a");
    const auto one = *sys::MappedFile::open(models_.file_of(name));
    const auto two = *sys::MappedFile::open(models_.file_of(name + "-2"));
    const auto first = *GgufFile::parse(one->bytes());
    const auto second = *GgufFile::parse(two->bytes());
    ASSERT_EQ(first.tensors.size(), second.tensors.size());
    for (const GgufTensor& tensor : first.tensors) {
      const GgufTensor* other = second.tensor(tensor.name);
      ASSERT_NE(other, nullptr);
      EXPECT_EQ(tensor.type, other->type) << tensor.name;
      EXPECT_EQ(tensor.bytes, other->bytes) << tensor.name;
    }
    EXPECT_EQ(second.text("general.name"), name + "-2");
    EXPECT_EQ(second.entries.size(), first.entries.size());
  }
}

TEST_F(ModelFolderTest, WhatIsQuantisedFurtherIsNotQuantisedAgain) {
  ASSERT_TRUE(import("a", WeightType::kQ4_0));
  const auto again = models_.quantise(models_.file_of("a"), "a", "b", WeightType::kQ8, {});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::kInvalidArgument);
  EXPECT_NE(again.error().message.find("already quantised"), std::string::npos);
  ASSERT_TRUE(import("c", WeightType::kQ8));
  EXPECT_TRUE(models_.quantise(models_.file_of("c"), "c", "d", WeightType::kQ4_0, {}));
}

TEST_F(ModelFolderTest, Q4KMOfAModelWithItsRealVocabularyIsSmallEnough) {
  TinyQwen3Checkpoint{.layers = 1, .feed_forward = 256}.write(disk_ / "real");
  ASSERT_TRUE(models_.import((disk_ / "real").string(), "f16", WeightType::kF16, {}));
  ASSERT_TRUE(models_.quantise(models_.file_of("f16"), "f16", "q4", WeightType::kQ4KM, {}));
  EXPECT_LE(static_cast<double>(models_.card("q4")->bytes), 0.42 * static_cast<double>(models_.card("f16")->bytes));
}

}  // namespace
}  // namespace docmind::model

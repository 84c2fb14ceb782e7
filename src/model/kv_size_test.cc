#include "model/kv_size.h"

#include <gtest/gtest.h>

#include "model/testing/gguf_bytes.h"

namespace docmind::model {
namespace {

// Requirements, "decided" 1: Qwen3-4B keeps 73,728 numbers a token.
TEST(KvSize, OfQwen3With4BillionParameters) {
  const KvShape shape{.layers = 36, .kv_heads = 8, .key_size = 128, .value_size = 128};
  EXPECT_EQ(kv_bytes(shape, KvType::kF16), 147'456U);
  EXPECT_EQ(kv_bytes(shape, KvType::kFp8), 73'728U);
  EXPECT_EQ(kv_bytes(shape, KvType::kQ8), 78'336U);
  EXPECT_EQ(kv_bytes(shape, KvType::kQ4), 41'472U);
}

TEST(KvSize, KeysAndValuesMayDiffer) {
  const KvShape shape{.layers = 2, .kv_heads = 1, .key_size = 192, .value_size = 128};
  EXPECT_EQ(kv_bytes(shape, KvType::kF16), 2U * 2 * (192 + 128));
}

TEST(KvSize, AHeadThatIsNotMadeOfWholeBlocksHasNoQuantisedForm) {
  const KvShape shape{.layers = 1, .kv_heads = 2, .key_size = 16, .value_size = 16};
  EXPECT_EQ(kv_bytes(shape, KvType::kF16), 128U);
  EXPECT_FALSE(kv_bytes(shape, KvType::kQ8));
  EXPECT_FALSE(kv_bytes(shape, KvType::kQ4));
}

TEST(KvSize, TheLargestShapeAFileMayHaveDoesNotOverflow) {
  const KvShape shape{.layers = 512, .kv_heads = 1U << 20U, .key_size = 1U << 20U, .value_size = 1U << 20U};
  EXPECT_EQ(kv_bytes(shape, KvType::kF16), 1ULL << 51U);
}

TEST(KvSize, TheShapeIsThatOfTheFile) {
  ModelFile file = *model_file_of(TinyQwen().gguf().bytes());
  const auto shape = kv_shape(file);
  ASSERT_TRUE(shape);
  EXPECT_EQ(shape->layers, 1U);
  EXPECT_EQ(shape->kv_heads, 1U);
  EXPECT_EQ(shape->key_size, 4U);
  EXPECT_EQ(shape->value_size, 4U);
  file.purpose = Purpose::kEmbedding;
  EXPECT_FALSE(kv_shape(file));
  file.purpose = Purpose::kText;
  file.kv_heads = 0;  // As read from a file with one number for each layer.
  EXPECT_FALSE(kv_shape(file));
}

}  // namespace
}  // namespace docmind::model

#include "model/weight_type.h"

#include <ggml.h>
#include <gtest/gtest.h>

namespace docmind::model {
namespace {

// The matrices of a qwen3 with so many layers and a tied embedding of so many rows.
struct Shape {
  std::uint64_t width = 2560;
  std::uint64_t layers = 36;
  std::uint64_t rows = 151'936;
  std::vector<std::string> names{};
  std::vector<MatrixFacts> matrices() {
    const auto add = [&](const std::string& name, std::uint64_t columns, std::uint64_t count) {
      names.push_back(name);
      sizes.emplace_back(columns, columns * count);
    };
    add("token_embd.weight", width, rows);
    for (std::uint64_t layer = 0; layer < layers; ++layer) {
      const std::string at = "blk." + std::to_string(layer) + ".";
      for (const char* name : {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"}) {
        add(at + name + ".weight", width, width);
      }
    }
    std::vector<MatrixFacts> out;
    for (std::size_t i = 0; i < names.size(); ++i) out.push_back({names[i], sizes[i].first, sizes[i].second});
    return out;
  }
  std::vector<std::pair<std::uint64_t, std::uint64_t>> sizes{};
};

TEST(WeightType, NamesAndNumbersLeadBack) {
  for (const WeightTypeFacts& of : weight_types()) {
    EXPECT_EQ(weight_type_named(of.name), of.type);
    EXPECT_EQ(weight_type_named(of.title), of.type);
    EXPECT_EQ(weight_type_numbered(of.number), of.type);
    EXPECT_EQ(&facts(of.type), &of);
  }
  EXPECT_FALSE(weight_type_named("q9"));
  EXPECT_FALSE(weight_type_named(""));
}

// Counted with llama-quantize: of 36 layers, 4 at each end and every third between get more bits.
TEST(Recipe, Q4KMIsThatOfLlamaCpp) {
  Shape shape;
  const auto types = recipe(WeightType::kQ4KM, shape.matrices(), 4);
  EXPECT_EQ(types[0], GGML_TYPE_Q6_K);
  for (std::size_t layer = 0; layer < 36; ++layer) {
    const bool more = layer < 4 || layer >= 31 || (layer - 4) % 3 == 2;
    EXPECT_EQ(types[1 + 7 * layer + 0], GGML_TYPE_Q4_K);
    EXPECT_EQ(types[1 + 7 * layer + 2], more ? GGML_TYPE_Q6_K : GGML_TYPE_Q4_K) << layer;
    EXPECT_EQ(types[1 + 7 * layer + 6], more ? GGML_TYPE_Q6_K : GGML_TYPE_Q4_K) << layer;
  }
}

TEST(Recipe, AnEmbeddingThatIsMostOfTheModelTakesOneStepLess) {
  Shape shape{.width = 256, .layers = 4};
  EXPECT_EQ(recipe(WeightType::kQ4KM, shape.matrices(), 2)[0], GGML_TYPE_Q5_K);
}

TEST(Recipe, RowsThatAreNoWholeBlocksFallBack) {
  Shape shape{.width = 384, .layers = 6, .rows = 300};
  const auto types = recipe(WeightType::kQ4KM, shape.matrices(), 1);
  EXPECT_EQ(types[0], GGML_TYPE_Q8_0);
  EXPECT_EQ(types[1], GGML_TYPE_Q5_0);
  Shape odd{.width = 36, .layers = 1, .rows = 300};
  for (const WeightTypeFacts& of : weight_types()) {
    for (const std::uint32_t type : recipe(of.type, odd.matrices(), 1)) {
      EXPECT_TRUE(type == GGML_TYPE_F16 || type == of.base) << of.name;
    }
  }
}

TEST(Recipe, PlainTypesAreForEveryMatrix) {
  Shape shape;
  const auto matrices = shape.matrices();
  for (const WeightType type : {WeightType::kF32, WeightType::kF16, WeightType::kBf16, WeightType::kQ8}) {
    for (const std::uint32_t chosen : recipe(type, matrices, 4)) EXPECT_EQ(chosen, facts(type).base);
  }
}

TEST(IsSensitive, NormsBiasesAndPositions) {
  for (const char* name : {"blk.0.attn_norm.weight", "output_norm.weight", "blk.1.attn_q.bias", "position_embd.weight",
                           "token_types.weight", "blk.0.attn_q_norm.weight", "cls.output.weight"}) {
    EXPECT_TRUE(is_sensitive(name)) << name;
  }
  for (const char* name : {"token_embd.weight", "output.weight", "blk.0.ffn_down.weight"}) {
    EXPECT_FALSE(is_sensitive(name)) << name;
  }
}

}  // namespace
}  // namespace docmind::model

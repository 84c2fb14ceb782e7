// A loaded encoder with the tiny checkpoint's weights, for tests.
#pragma once
#include <memory>
#include <string>

#include "base/check.h"
#include "engine/encoder.h"
#include "engine/import.h"
#include "engine/testing/tiny_checkpoint.h"
#include "sys/files.h"
#include "sys/testing/temp_folder.h"

namespace docmind::engine {

class TinyModel {
 public:
  explicit TinyModel(const TinyCheckpoint& checkpoint = {}) {
    checkpoint.write(folder_ / "in");
    sys::RealFiles files;
    const auto imported =
        import_model({.source = (folder_ / "in").string(), .target = path(), .weights = WeightType::kF32}, files);
    DM_CHECK(static_cast<bool>(imported));
  }
  std::string path() const { return (folder_ / "tiny.gguf").string(); }
  const sys::TempFolder& folder() const { return folder_; }

  std::unique_ptr<Encoder> load(std::uint32_t pass_tokens = 64) const {
    auto encoder = Encoder::open({.model_path = path(), .threads = 1, .pass_tokens = pass_tokens});
    DM_CHECK(static_cast<bool>(encoder));
    return *std::move(encoder);
  }

 private:
  sys::TempFolder folder_;
};

}  // namespace docmind::engine

// The importer: a checkpoint as the Hugging Face tools save it (config.json, vocab.txt, model.safetensors) becomes one
// GGUF file that libllama loads. Three parts that know nothing of each other: the reader (safetensors.h), the mapping
// of names and settings (bert_mapping.h), the writer (gguf_writer.h).
//
// Thread safety: a plain function; two imports to the same target race only for which complete file stays.
// The target appears whole or not at all (temporary file, fsync, rename). The checkpoint is hostile input.
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"

namespace docmind::sys {
class Files;
}

namespace docmind::model {

enum class WeightType : std::uint8_t { kF32, kF16, kQ8 };  // kQ8 is ggml's Q8_0: blocks of 32 with an f16 scale.

struct ImportOptions {
  std::string source;                    // The checkpoint's folder, or the .safetensors file in it.
  std::string target;                    // The .gguf file to write.
  std::string name{};                    // general.name; empty: the target's file name without its ending.
  WeightType weights = WeightType::kQ8;  // Of the matrices; norms and biases stay f32. See docs/formats/engine.md.
};

struct ImportSummary {
  std::string architecture;  // "bert"
  std::uint64_t tensors = 0;
  std::uint64_t bytes = 0;  // Size of the target.
};

Result<ImportSummary> import_model(const ImportOptions& options, sys::Files& files);

}  // namespace docmind::model

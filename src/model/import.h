// The importer: a checkpoint as the Hugging Face tools save it (config.json, a tokenizer, safetensors) becomes one GGUF
// file that libllama loads. Parts that know nothing of each other: the reader (checkpoint.h), a mapping of names and
// settings for each family (bert_mapping.h, qwen3_mapping.h), the writer (gguf_writer.h).
//
// Thread safety: a plain function; two imports to the same target race only for which complete file stays.
// The target appears whole or not at all (temporary file, fsync, rename). The checkpoint is hostile input.
// Memory: some MiB for each thread and a few times the tokenizer's size; weights are mapped and streamed.
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"
#include "model/gguf_writer.h"
#include "model/weight_type.h"

namespace docmind::sys {
class Files;
}

namespace docmind::model {

struct ImportOptions {
  std::string source;                    // The checkpoint's folder, or the .safetensors file in it.
  std::string target;                    // The .gguf file to write.
  std::string name{};                    // general.name; empty: the target's file name without its ending.
  WeightType weights = WeightType::kQ8;  // Of the matrices; norms and biases stay f32. See docs/formats/engine.md.
  WriteOptions write{};
};

struct ImportSummary {
  std::string architecture;  // "bert"
  std::uint64_t tensors = 0;
  std::uint64_t bytes = 0;  // Size of the target.
};

Result<ImportSummary> import_model(const ImportOptions& options, sys::Files& files);

}  // namespace docmind::model

// GGUF → GGUF: the same model with its matrices in another weight type; everything else is copied byte for byte.
//
// A plain function; the same guarantees as import_model (the target appears whole or not at all, memory is bounded).
// The source must hold f32, f16, bf16 or q8_0: what is already quantised further would lose twice, and is refused.
#pragma once
#include <string>

#include "base/result.h"
#include "model/import.h"

namespace docmind::model {

struct QuantiseOptions {
  std::string source;  // A .gguf file.
  std::string target;  // The .gguf file to write; another one.
  std::string name{};  // general.name; empty: the target's file name without its ending.
  WeightType weights = WeightType::kQ8;
  WriteOptions write{};
};

Result<ImportSummary> quantise_model(const QuantiseOptions& options, sys::Files& files);

}  // namespace docmind::model

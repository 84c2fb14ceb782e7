// The keys and tensors that a model of a given architecture must have, with their ranges and shapes.
// Source: src/llama-model.cpp, src/models/bert.cpp and src/models/qwen3.cpp of llama.cpp (MIT). Pure.
#pragma once
#include "base/result.h"
#include "model/gguf_file.h"
#include "model/model_file.h"

namespace docmind::model {

// Fills the numbers of `model`, of which architecture and vocabulary are known.
Result<> check_architecture(const GgufFile& gguf, ModelFile& model);

}  // namespace docmind::model

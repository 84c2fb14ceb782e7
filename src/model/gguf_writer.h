// Writes a ModelPlan as a GGUF file (version 3) through ggml's own writer, with the matrices in the chosen type.
//
// Pure but for reading the source: the bytes are returned, the caller puts them on disk whole.
#pragma once
#include <string>

#include "base/result.h"
#include "model/import.h"
#include "model/model_plan.h"
#include "model/safetensors.h"

namespace docmind::model {

// kDataLoss when the source cannot be read or holds a number that is not finite.
Result<std::string> gguf_bytes(const ModelPlan& plan, Safetensors& source, WeightType weights);

}  // namespace docmind::model

// From a Qwen3 checkpoint's names and settings to those that libllama expects (architecture "qwen3").
//
// Facts from llama.cpp's conversion/qwen.py and gguf-py/gguf/tensor_mapping.py (MIT). Weights may be f32, f16, bf16, or
// FP8 (E4M3) with one f32 or bf16 scale for each block ("NAME_scale_inv", multiply to de-quantise).
// Pure functions of texts; those are hostile. Errors: kInvalidArgument, kNotFound (no tokenizer).
#pragma once
#include <vector>

#include "base/result.h"
#include "model/family.h"
#include "model/model_plan.h"
#include "model/safetensors.h"

namespace docmind::model {

// Every tensor the model needs, each checked against `tensors` for presence, number format and shape.
Result<ModelPlan> plan_qwen3(const CheckpointTexts& checkpoint, const std::vector<TensorInfo>& tensors);

}  // namespace docmind::model

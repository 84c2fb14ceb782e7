// Holds a plan to the checkpoint: each planned tensor must be there, in a number format that can be read, with the
// shape that config.json promised; FP8 weights find their block scales.
#pragma once
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/model_plan.h"
#include "model/safetensors.h"

namespace docmind::model {

// `prefixes`: what a checkpoint may have in front of, or leave out of, the planned names; "" is the name itself. The
// names in the plan become those of the checkpoint.
Result<> match_tensors(ModelPlan& plan, const std::vector<TensorInfo>& tensors, std::vector<std::string_view> prefixes);

}  // namespace docmind::model

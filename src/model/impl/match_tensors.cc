#include "model/impl/match_tensors.h"

#include <string>
#include <unordered_map>

#include "model/impl/config_json.h"

namespace docmind::model {
namespace {

using ByName = std::unordered_map<std::string_view, const TensorInfo*>;

const TensorInfo* find(const ByName& tensors, const std::string& name, const std::vector<std::string_view>& prefixes) {
  for (const std::string_view prefix : prefixes) {
    auto it = tensors.find(std::string(prefix) + name);
    if (it == tensors.end() && !prefix.empty() && name.starts_with(prefix)) {
      it = tensors.find(std::string_view(name).substr(prefix.size()));
    }
    if (it != tensors.end()) return it->second;
  }
  return nullptr;
}

Result<> find_scale(const ModelPlan& plan, PlannedTensor& planned, const ByName& tensors) {
  const auto it = tensors.find(planned.source + "_scale_inv");
  if (planned.shape.size() != 2 || it == tensors.end()) {
    return unfit("FP8 tensor \"" + planned.source + "\" has no block scales");
  }
  const TensorInfo& scale = *it->second;
  const std::vector<std::uint64_t> blocks{(planned.shape[0] + plan.scale_rows - 1) / plan.scale_rows,
                                          (planned.shape[1] + plan.scale_columns - 1) / plan.scale_columns};
  if (scale.shape != blocks || scale.dtype == Dtype::kOther || scale.dtype == Dtype::kF8E4m3) {
    return unfit("the block scales of \"" + planned.source + "\" do not fit it");
  }
  planned.scale = scale.name;
  return {};
}

}  // namespace

Result<> match_tensors(ModelPlan& plan, const std::vector<TensorInfo>& tensors,
                       std::vector<std::string_view> prefixes) {
  ByName by_name;
  for (const TensorInfo& t : tensors) by_name.emplace(t.name, &t);
  for (PlannedTensor& planned : plan.tensors) {
    const TensorInfo* found = find(by_name, planned.source, prefixes);
    if (found == nullptr) return unfit("it has no tensor for \"" + planned.target + "\"");
    planned.source = found->name;
    std::vector<std::uint64_t> expected = planned.shape;
    expected[0] += planned.first_row;
    if (found->shape != expected) {
      return unfit("tensor \"" + planned.source + "\" has another shape than config.json says");
    }
    if (found->dtype == Dtype::kOther) {
      return unfit("tensor \"" + planned.source +
                   "\" has numbers of a format that is not supported (supported are F32, "
                   "F16, BF16 and F8_E4M3 with block scales)");
    }
    if (found->dtype == Dtype::kF8E4m3) DM_TRY(find_scale(plan, planned, by_name));
  }
  return {};
}

}  // namespace docmind::model

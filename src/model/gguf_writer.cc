#include "model/gguf_writer.h"

#include <ggml.h>
#include <gguf.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <type_traits>

namespace docmind::model {
namespace {

struct FreeGguf {
  void operator()(gguf_context* context) const { gguf_free(context); }
};
struct FreeGgml {
  void operator()(ggml_context* context) const { ggml_free(context); }
};
using Gguf = std::unique_ptr<gguf_context, FreeGguf>;
using Ggml = std::unique_ptr<ggml_context, FreeGgml>;

void set_value(gguf_context* gguf, const char* key, const MetadataValue& value) {
  std::visit(
      [&](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::uint32_t>) {
          gguf_set_val_u32(gguf, key, v);
        } else if constexpr (std::is_same_v<T, float>) {
          gguf_set_val_f32(gguf, key, v);
        } else if constexpr (std::is_same_v<T, bool>) {
          gguf_set_val_bool(gguf, key, v);
        } else if constexpr (std::is_same_v<T, std::string>) {
          gguf_set_val_str(gguf, key, v.c_str());
        } else if constexpr (std::is_same_v<T, std::vector<std::int32_t>>) {
          gguf_set_arr_data(gguf, key, GGUF_TYPE_INT32, v.data(), v.size());
        } else {
          std::vector<const char*> strings;
          for (const std::string& s : v) strings.push_back(s.c_str());
          gguf_set_arr_str(gguf, key, strings.data(), strings.size());
        }
      },
      value);
}

ggml_type type_of(const PlannedTensor& tensor, WeightType weights) {
  if (tensor.role == TensorRole::kExact || weights == WeightType::kF32) return GGML_TYPE_F32;
  // A Q8_0 row is made of whole blocks; a row that is not stays f16.
  const bool blocks = tensor.shape.back() % static_cast<std::uint64_t>(ggml_blck_size(GGML_TYPE_Q8_0)) == 0;
  return weights == WeightType::kQ8 && blocks ? GGML_TYPE_Q8_0 : GGML_TYPE_F16;
}

std::uint32_t file_type(WeightType weights) {  // llama_ftype
  if (weights == WeightType::kF32) return 0;
  return weights == WeightType::kF16 ? 1 : 7;
}

// A tensor's shape and type without its data; ggml counts dimensions from the fastest.
ggml_tensor* declare(ggml_context* ggml, const PlannedTensor& planned, ggml_type type) {
  std::array<std::int64_t, GGML_MAX_DIMS> ne{1, 1, 1, 1};
  for (std::size_t i = 0; i < planned.shape.size(); ++i) {
    ne[i] = static_cast<std::int64_t>(planned.shape[planned.shape.size() - 1 - i]);
  }
  ggml_tensor* tensor = ggml_new_tensor(ggml, type, static_cast<int>(planned.shape.size()), ne.data());
  ggml_set_name(tensor, planned.target.c_str());
  return tensor;
}

Result<> append_tensor(std::string& out, const ggml_tensor* tensor, const PlannedTensor& planned, Safetensors& source) {
  const TensorInfo* info = source.find(planned.source);
  DM_CHECK(info != nullptr);  // The plan was matched against this source.
  const std::vector<float> values = DM_TRY(source.read_f32(*info));
  if (!std::ranges::all_of(values, [](float v) { return std::isfinite(v); })) {
    return Error{Code::kDataLoss,
                 "The model file is damaged: tensor \"" + planned.source + "\" holds a number that is not finite.",
                 "Download or copy it again."};
  }
  const std::size_t size = ggml_nbytes(tensor);
  const std::size_t at = out.size();
  out.resize(at + size);
  if (tensor->type == GGML_TYPE_F32) {
    std::memcpy(out.data() + at, values.data(), size);
  } else {
    ggml_quantize_chunk(tensor->type, values.data(), out.data() + at, 0, ggml_nrows(tensor), tensor->ne[0], nullptr);
  }
  out.resize(at + GGML_PAD(size, GGUF_DEFAULT_ALIGNMENT), '\0');
  return {};
}

}  // namespace

Result<std::string> gguf_bytes(const ModelPlan& plan, Safetensors& source, WeightType weights) {
  const Gguf gguf(gguf_init_empty());
  const Ggml ggml(ggml_init(
      {.mem_size = (plan.tensors.size() + 1) * ggml_tensor_overhead(), .mem_buffer = nullptr, .no_alloc = true}));
  for (const auto& [key, value] : plan.metadata) set_value(gguf.get(), key.c_str(), value);
  gguf_set_val_u32(gguf.get(), "general.file_type", file_type(weights));
  gguf_set_val_u32(gguf.get(), "general.quantization_version", GGML_QNT_VERSION);

  std::vector<const ggml_tensor*> declared;
  for (const PlannedTensor& planned : plan.tensors) {
    declared.push_back(declare(ggml.get(), planned, type_of(planned, weights)));
    gguf_add_tensor(gguf.get(), declared.back());
  }
  std::string bytes(gguf_get_meta_size(gguf.get()), '\0');
  gguf_get_meta_data(gguf.get(), bytes.data());
  for (std::size_t i = 0; i < declared.size(); ++i) {
    DM_TRY(append_tensor(bytes, declared[i], plan.tensors[i], source));
  }
  return bytes;
}

}  // namespace docmind::model

#include "model/kv_size.h"

#include "model/tensor_type.h"

namespace docmind::model {
namespace {

constexpr std::uint32_t kTypeQ4 = 2;  // GGML_TYPE_Q4_0
constexpr std::uint32_t kTypeQ8 = 8;  // GGML_TYPE_Q8_0

std::optional<std::uint64_t> row(std::uint64_t numbers, KvType type) {
  switch (type) {
    case KvType::kF16:
      return row_bytes(kTypeF16, numbers);
    case KvType::kFp8:
      return numbers;
    case KvType::kQ8:
      return row_bytes(kTypeQ8, numbers);
    case KvType::kQ4:
      return row_bytes(kTypeQ4, numbers);
  }
  return {};
}

}  // namespace

std::string_view name(KvType type) {
  constexpr std::array<std::string_view, kKvTypes.size()> kNames{"fp16", "fp8", "q8_0", "q4_0"};
  return kNames[static_cast<std::size_t>(type)];
}

Result<KvShape> kv_shape(const ModelFile& file) {
  if (file.purpose != Purpose::kText) {
    return Error{Code::kInvalidArgument, "This model writes no text, so it keeps no keys and values between tokens.",
                 "Name a chat model with --model."};
  }
  if (file.kv_heads == 0 || file.head_size == 0) {
    return Error{Code::kInvalidArgument, "The attention heads of this model differ from layer to layer.",
                 "Use a model whose layers are alike, for example Qwen3."};
  }
  return KvShape{file.layers, file.kv_heads, file.head_size, file.value_size};
}

std::optional<std::uint64_t> kv_bytes(const KvShape& shape, KvType type) {
  const auto key = row(shape.key_size, type);
  const auto value = row(shape.value_size, type);
  if (!key || !value) return {};
  return std::uint64_t{shape.layers} * shape.kv_heads * (*key + *value);
}

}  // namespace docmind::model

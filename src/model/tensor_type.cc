#include "model/tensor_type.h"

#include <ggml.h>

namespace docmind::model {

static_assert(kTypeF32 == GGML_TYPE_F32 && kTypeF16 == GGML_TYPE_F16 && kTypeBf16 == GGML_TYPE_BF16);

std::optional<std::uint64_t> row_bytes(std::uint32_t type, std::uint64_t columns) {
  if (type >= GGML_TYPE_COUNT) return std::nullopt;
  const auto known = static_cast<ggml_type>(type);
  const auto block = static_cast<std::uint64_t>(ggml_blck_size(known));
  const auto size = static_cast<std::uint64_t>(ggml_type_size(known));
  std::uint64_t bytes = 0;
  if (block == 0 || size == 0 || columns % block != 0 || __builtin_mul_overflow(columns / block, size, &bytes)) {
    return std::nullopt;
  }
  return bytes;
}

std::string_view tensor_type_name(std::uint32_t type) {
  return row_bytes(type, 0) ? ggml_type_name(static_cast<ggml_type>(type)) : "unknown";
}

}  // namespace docmind::model

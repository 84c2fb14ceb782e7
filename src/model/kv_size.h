// How many bytes the keys and values of a token take: read from the model's shape, never assumed.
//
// Per layer one row of keys and one of values, each of kv_heads heads, in blocks of ggml's number format; that is what
// libllama allocates for each token of its cache. fp8 is what vLLM keeps (one byte a number, scales aside); our engine
// has no such format. Pure functions.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "model/model_file.h"

namespace docmind::model {

enum class KvType : std::uint8_t { kF16, kFp8, kQ8, kQ4 };
inline constexpr std::array kKvTypes{KvType::kF16, KvType::kFp8, KvType::kQ8, KvType::kQ4};
std::string_view name(KvType type);  // "fp16", "fp8", "q8_0", "q4_0".

struct KvShape {
  std::uint32_t layers = 0;
  std::uint32_t kv_heads = 0;
  std::uint32_t key_size = 0;  // Numbers in one head.
  std::uint32_t value_size = 0;
};

// kInvalidArgument for a model that keeps nothing between tokens, and for one whose layers differ.
Result<KvShape> kv_shape(const ModelFile& file);

// Of one token in all layers; nothing when a head is not made of whole blocks of the format: libllama refuses that.
std::optional<std::uint64_t> kv_bytes(const KvShape& shape, KvType type);

}  // namespace docmind::model

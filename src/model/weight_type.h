// The formats in which weights are stored, and the recipe of each: which tensor gets which of ggml's number formats.
//
// The recipes are those of llama.cpp's llama-quant.cpp (MIT) without an importance matrix, so that "Q4_K_M" means here
// what it means there, with one rule of our own: a tied token embedding that holds more than 3/4 of all weights takes
// one step less (q5_K instead of q6_K), else Q4_K_M of a small model would be no smaller than Q6_K.
// A row that is not made of whole blocks falls back: q4_K to q5_0, q5_K to q5_1, q6_K to q8_0, iq* to iq4_nl, and what
// is not a multiple of 32 to f16. Norms, biases, positions and token types stay f32.
//
// Pure functions and values.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace docmind::model {

enum class WeightType : std::uint8_t {
  kF32,
  kF16,
  kBf16,
  kQ8,  // Q8_0: blocks of 32 with an f16 scale.
  kQ4_0,
  kQ4_1,
  kQ5_0,
  kQ5_1,
  kQ2K,
  kQ3KS,
  kQ3KM,
  kQ3KL,
  kQ4KS,
  kQ4KM,
  kQ5KS,
  kQ5KM,
  kQ6K,
  kIq4Nl,
  kIq4Xs,
  kIq3S,
};

struct WeightTypeFacts {
  WeightType type;
  std::string_view name;   // As it is typed: "q4_k_m".
  std::string_view title;  // As people know it: "Q4_K_M".
  std::uint32_t number;    // llama_ftype, general.file_type in a GGUF file.
  std::uint32_t base;      // ggml_type of a plain matrix.
};

const WeightTypeFacts& facts(WeightType type);
std::span<const WeightTypeFacts> weight_types();
std::optional<WeightType> weight_type_named(std::string_view name);  // In any case.
std::optional<WeightType> weight_type_numbered(std::uint64_t number);

struct MatrixFacts {
  std::string_view name;  // "blk.3.ffn_down.weight"
  std::uint64_t columns = 0;
  std::uint64_t elements = 0;
};

// The ggml_type of each matrix of a model (what is not a matrix stays as it is and is not asked for), in their order.
std::vector<std::uint32_t> recipe(WeightType type, std::span<const MatrixFacts> matrices, std::uint32_t heads_per_kv);

// Whether a tensor of this name may be stored in fewer bits at all.
bool is_sensitive(std::string_view name);

}  // namespace docmind::model

// What a GGUF file will hold, before any byte of it exists: a mapping makes one, import_model writes it.
// Values.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace docmind::model {

using MetadataValue = std::variant<std::uint32_t, float, bool, std::string, std::vector<std::string>,
                                   std::vector<std::int32_t>, std::vector<float>, std::vector<std::uint8_t>>;
using Metadata = std::vector<std::pair<std::string, MetadataValue>>;

enum class TensorRole : std::uint8_t {
  kMatrix,  // Multiplied with activations, or looked up by row: stored in the chosen weight type.
  kExact,   // Norms, biases, positions: small and sensitive, always f32.
};

struct PlannedTensor {
  std::string source;                // Name in the checkpoint.
  std::string target;                // Name in the GGUF file.
  std::vector<std::uint64_t> shape;  // As it will be, slowest dimension first.
  TensorRole role = TensorRole::kExact;
  std::uint64_t first_row = 0;  // Rows of the checkpoint's tensor that are left out at its start.
  std::string scale{};          // Name of the checkpoint's block scales, where the source is FP8.
};

struct ModelPlan {
  std::string architecture;
  Metadata metadata;
  std::vector<PlannedTensor> tensors;
  std::uint32_t heads_per_kv = 1;
  std::uint64_t scale_rows = 128;  // Of an FP8 block.
  std::uint64_t scale_columns = 128;
};

}  // namespace docmind::model

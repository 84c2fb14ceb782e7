// What a GGUF file will hold, before any byte of it exists: the mapping makes one, the writer writes it.
// Values.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace docmind::model {

using MetadataValue =
    std::variant<std::uint32_t, float, bool, std::string, std::vector<std::string>, std::vector<std::int32_t>>;

enum class TensorRole : std::uint8_t {
  kMatrix,  // Multiplied with activations, or looked up by row: stored in the chosen weight type.
  kExact,   // Norms, biases, positions: small and sensitive, always f32.
};

struct PlannedTensor {
  std::string source;                // Name in the checkpoint.
  std::string target;                // Name in the GGUF file.
  std::vector<std::uint64_t> shape;  // As the checkpoint must have it, slowest dimension first.
  TensorRole role = TensorRole::kExact;
};

struct ModelPlan {
  std::string architecture;
  std::vector<std::pair<std::string, MetadataValue>> metadata;
  std::vector<PlannedTensor> tensors;
};

}  // namespace docmind::model

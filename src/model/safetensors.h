// Reads the tensor file format of Hugging Face: 8 bytes little-endian header length, a JSON header
// {"name": {"dtype","shape","data_offsets":[begin,end]}, "__metadata__": {...}}, then the bytes of all tensors.
//
// The file is hostile: the header's length, every shape and every offset are checked (inside the file, matching the
// shape, neither overlapping nor leaving holes, no name twice), so a tensor that is listed can be read.
// Pure functions; what they give are views into the bytes given. Errors: kDataLoss.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace docmind::model {

// kF8E4m3: 4 bits of exponent, 3 of mantissa, no infinity. kOther: listed, but cannot be read.
enum class Dtype : std::uint8_t { kF32, kF16, kBf16, kF8E4m3, kOther };

struct TensorInfo {
  std::string name;
  Dtype dtype = Dtype::kOther;
  std::string dtype_name{};            // "BF16"
  std::vector<std::uint64_t> shape{};  // Slowest dimension first, as in the file.
  std::string_view bytes{};

  std::uint64_t elements() const;
};

// In the order of their place in the file.
Result<std::vector<TensorInfo>> parse_safetensors(std::string_view file);

// Elements from the one numbered `first`, as floats; exact for each of the formats. Never for kOther, never past the
// end.
void read_floats(const TensorInfo& tensor, std::uint64_t first, std::span<float> out);

}  // namespace docmind::model

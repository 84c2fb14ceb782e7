// Reads the tensor file format of Hugging Face: 8 bytes little-endian header length, a JSON header
// {"name": {"dtype","shape","data_offsets":[begin,end]}, "__metadata__": {...}}, then the bytes of all tensors.
//
// The file is hostile: the header's length, every shape and every offset are checked when it is opened (inside the
// file, matching the shape, neither overlapping nor leaving holes), so a tensor that is listed can be read.
// Thread safety: one thread at a time.
#pragma once
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace docmind::model {

enum class Dtype : std::uint8_t { kF32, kF16, kBf16, kOther };  // kOther: listed, but read_f32 refuses it.

struct TensorInfo {
  std::string name;
  Dtype dtype = Dtype::kOther;
  std::vector<std::uint64_t> shape{};  // Slowest dimension first, as in the file.
  std::uint64_t begin = 0;             // Bytes from the start of the data part.
  std::uint64_t end = 0;
  std::uint64_t elements() const;
};

class Safetensors {
 public:
  static Result<std::unique_ptr<Safetensors>> open(const std::string& path);

  const std::vector<TensorInfo>& tensors() const { return tensors_; }  // In order of their place in the file.
  const TensorInfo* find(std::string_view name) const;                 // Null when there is none of that name.

  // The elements as floats, in the file's order.
  Result<std::vector<float>> read_f32(const TensorInfo& tensor);

 private:
  Safetensors(std::ifstream file, std::uint64_t data_start, std::vector<TensorInfo> tensors);

  std::ifstream file_;
  std::uint64_t data_start_;
  std::vector<TensorInfo> tensors_;
};

}  // namespace docmind::model

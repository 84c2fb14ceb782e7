// The weights of a checkpoint folder: one model.safetensors, or the shards that model.safetensors.index.json names.
//
// Files are mapped, so a checkpoint may be larger than memory. Thread safety: everything but open() from any thread.
// The folder is hostile: shards must be plain names in it, and each tensor must be where the index says, once.
// Errors: kNotFound, kDataLoss, kInvalidArgument.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "model/safetensors.h"
#include "sys/mapped_file.h"

namespace docmind::sys {
class Files;
}

namespace docmind::model {

class Checkpoint {
 public:
  // The folder, or a .safetensors file in it.
  static Result<std::unique_ptr<Checkpoint>> open(const std::filesystem::path& path, sys::Files& files);

  const std::filesystem::path& folder() const { return folder_; }
  const std::vector<TensorInfo>& tensors() const { return tensors_; }
  const TensorInfo* find(std::string_view name) const;  // Null when there is none of that name.

 private:
  Checkpoint() = default;
  Result<> add_shard(const std::filesystem::path& path);
  Result<> add_shards(sys::Files& files);

  std::filesystem::path folder_;
  std::vector<std::unique_ptr<sys::MappedFile>> files_;
  std::vector<TensorInfo> tensors_;
  std::unordered_map<std::string, std::size_t> by_name_;
};

}  // namespace docmind::model

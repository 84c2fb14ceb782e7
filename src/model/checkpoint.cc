#include "model/checkpoint.h"

#include <boost/json.hpp>
#include <set>

#include "base/json.h"
#include "sys/files.h"

namespace docmind::model {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::uint64_t kMaxIndex = 64U << 20U;
constexpr std::size_t kMaxShards = 1000;
constexpr const char* kWhole = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

Error broken(const std::string& what) {
  return {Code::kDataLoss, "The checkpoint is damaged: " + what + ".", "Download or copy it again."};
}

bool is_plain_name(std::string_view name) {
  return name.ends_with(".safetensors") && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos && !name.starts_with('.');
}

// Tensor → shard.
Result<std::vector<std::pair<std::string, std::string>>> read_index(const std::string& text) {
  const Result<json::value> root = parse_json(text, {.depth = 8, .bytes = kMaxIndex});
  const json::object* object = root ? root->if_object() : nullptr;
  const json::value* map = object != nullptr ? object->if_contains("weight_map") : nullptr;
  if (map == nullptr || !map->is_object()) return broken(std::string(kIndex) + " has no weight_map");
  std::vector<std::pair<std::string, std::string>> places;
  for (const auto& [tensor, file] : map->get_object()) {
    if (!file.is_string() || !is_plain_name(file.get_string())) {
      return broken(std::string(kIndex) + " names a file that is no .safetensors beside it");
    }
    places.emplace_back(tensor, file.get_string());
  }
  return places;
}

}  // namespace

Result<> Checkpoint::add_shard(const fs::path& path) {
  files_.push_back(DM_TRY(sys::MappedFile::open(path)));
  for (TensorInfo& tensor : DM_TRY(parse_safetensors(files_.back()->bytes()).with(sys::printable(path.filename())))) {
    if (!by_name_.emplace(tensor.name, tensors_.size()).second) {
      return broken("tensor \"" + tensor.name + "\" is in two files");
    }
    tensors_.push_back(std::move(tensor));
  }
  return {};
}

Result<> Checkpoint::add_shards(sys::Files& files) {
  const std::string index = DM_TRY(files.read(folder_ / kIndex, kMaxIndex));
  const auto places = DM_TRY(read_index(index));
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : places) shards.insert(shard);
  if (shards.empty() || shards.size() > kMaxShards) return broken("its index names no shards, or too many");
  std::unordered_map<std::string, std::pair<std::size_t, std::size_t>> ranges;  // Of tensors_, by shard.
  for (const std::string& shard : shards) {
    const std::size_t first = tensors_.size();
    DM_TRY(add_shard(folder_ / shard));
    ranges[shard] = {first, tensors_.size()};
  }
  for (const auto& [tensor, shard] : places) {
    const auto at = by_name_.find(tensor);
    const auto [first, end] = ranges[shard];
    if (at == by_name_.end() || at->second < first || at->second >= end) {
      return broken("tensor \"" + tensor + "\" is not in " + shard);
    }
  }
  return {};
}

Result<std::unique_ptr<Checkpoint>> Checkpoint::open(const fs::path& path, sys::Files& files) {
  std::unique_ptr<Checkpoint> checkpoint(new Checkpoint());
  if (DM_TRY(files.stat(path)).kind != sys::FileKind::kFolder) {
    checkpoint->folder_ = path.parent_path();
    DM_TRY(checkpoint->add_shard(path));
    return checkpoint;
  }
  checkpoint->folder_ = path;
  if (files.stat(path / kWhole)) {
    DM_TRY(checkpoint->add_shard(path / kWhole));
  } else if (files.stat(path / kIndex)) {
    DM_TRY(checkpoint->add_shards(files));
  } else {
    return Error{
        Code::kNotFound, "There is no model.safetensors in " + sys::printable(path) + ".",
        "Name a checkpoint folder with config.json, a tokenizer and safetensors files; older .bin files must be "
        "saved as safetensors first."};
  }
  return checkpoint;
}

const TensorInfo* Checkpoint::find(std::string_view name) const {
  const auto it = by_name_.find(std::string(name));
  return it == by_name_.end() ? nullptr : &tensors_[it->second];
}

}  // namespace docmind::model

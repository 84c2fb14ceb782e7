#include "model/checkpoint_files.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "sys/files.h"

namespace docmind::model {
namespace {

constexpr std::array<std::string_view, 7> kSettings = {
    "config.json", "generation_config.json", "tokenizer.json",       "tokenizer_config.json",
    "vocab.txt",   "chat_template.jinja",    "1_Pooling/config.json"};
constexpr std::string_view kWhole = "model.safetensors";
constexpr std::string_view kIndex = "model.safetensors.index.json";
constexpr std::size_t kMaxShards = 1000;
constexpr std::size_t kNamed = 10;  // GGUF files in a message.

// "model-00001-of-00004.safetensors"
bool is_shard(std::string_view path) {
  constexpr std::string_view kForm = "model-#####-of-#####.safetensors";
  return path.size() == kForm.size() && std::equal(path.begin(), path.end(), kForm.begin(), [](char c, char form) {
           return form == '#' ? c >= '0' && c <= '9' : c == form;
         });
}

Error no_checkpoint(const std::vector<std::string>& listed) {
  std::string ggufs;
  std::size_t count = 0;
  for (const std::string& path : listed) {
    if (!path.ends_with(".gguf") || ++count > kNamed) continue;
    ggufs += (ggufs.empty() ? "" : ", ") + sys::printable(path);
  }
  if (count > kNamed) ggufs += " and others";
  if (!ggufs.empty()) {
    return {Code::kInvalidArgument, "That repository holds GGUF files, not a checkpoint.",
            "Name one of them: " + ggufs + "."};
  }
  return {Code::kInvalidArgument, "That repository holds no config.json with safetensors files.",
          "Pull a repository with model.safetensors, or one with GGUF files and name one of them."};
}

}  // namespace

bool holds_weights(const std::string& path) { return path.ends_with(".safetensors") || path.ends_with(".gguf"); }

Result<std::vector<std::string>> checkpoint_files(const std::vector<std::string>& listed) {
  const auto has = [&](std::string_view path) { return std::ranges::find(listed, path) != listed.end(); };
  std::vector<std::string> shards;
  std::ranges::copy_if(listed, std::back_inserter(shards), is_shard);
  std::ranges::sort(shards);
  const auto [same, end] = std::ranges::unique(shards);
  shards.erase(same, end);
  const bool sharded = !has(kWhole) && has(kIndex) && !shards.empty() && shards.size() <= kMaxShards;
  if (!has(kSettings.front()) || (!has(kWhole) && !sharded)) return no_checkpoint(listed);
  std::vector<std::string> files;
  for (const std::string_view path : kSettings) {
    if (has(path)) files.emplace_back(path);
  }
  files.emplace_back(sharded ? kIndex : kWhole);
  if (sharded) std::ranges::copy(shards, std::back_inserter(files));
  return files;
}

}  // namespace docmind::model

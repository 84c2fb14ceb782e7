#include "llm/vllm/checkpoint.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_members.h"

namespace docmind::vllm {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::uint64_t kMaxConfig = 1U << 20U;
constexpr std::size_t kMaxFiles = 4'096;
constexpr std::uint64_t kMost = 1U << 20U;  // Of each figure of the shape: their product stays in 64 bits.

std::uint64_t kv_token_bytes(const json::value& config) {
  const auto count = [&](std::string_view name) { return std::min(json_count(json_member(config, name)), kMost); };
  const std::uint64_t heads = count("num_attention_heads");
  const std::uint64_t kv_heads = count("num_key_value_heads") != 0 ? count("num_key_value_heads") : heads;
  std::uint64_t size = count("head_dim");
  if (size == 0 && heads != 0) size = count("hidden_size") / heads;
  constexpr std::uint64_t kKeysAndValues = 2;
  constexpr std::uint64_t kBytes = 2;
  const std::uint64_t per_layer = std::min(kv_heads * size, kMost) * kKeysAndValues * kBytes;
  return count("num_hidden_layers") * per_layer;
}

Result<std::uint64_t> weight_bytes(sys::Files& files, const fs::path& folder) {
  std::uint64_t total = 0;
  std::size_t seen = 0;
  for (const sys::FolderEntry& entry : DM_TRY(files.list(folder))) {
    if (!entry.name.ends_with(".safetensors") || ++seen > kMaxFiles) continue;
    if (const auto stat = files.stat(folder / entry.name)) total += stat->size;
  }
  return total;
}

Error absent(const fs::path& folder) {
  return {Code::kNotFound,
          fmt::format("{} is no folder with a checkpoint (config.json, *.safetensors)", sys::printable(folder)),
          "Fetch the model there once, for instance: hf download Qwen/Qwen3-4B-Instruct-2507-FP8 --local-dir FOLDER; "
          "then name that folder with vllm.model_folder."};
}

}  // namespace

Result<Checkpoint> read_checkpoint(sys::Files& files, const fs::path& folder) {
  const fs::path file = folder / "config.json";
  const auto text = folder.is_absolute() ? files.read(file, kMaxConfig) : absent(folder);
  if (!text && text.error().code == Code::kNotFound) return absent(folder);
  if (!text) return text.error();
  const auto config = parse_json(*text);
  if (!config || !config->is_object()) {
    return Error{Code::kDataLoss, sys::printable(file) + " is no JSON object", "Fetch the model anew."};
  }
  Checkpoint out{.folder = folder};
  const json::value& quantization = json_member(*config, "quantization_config");
  out.quantization = json_text(json_member(quantization, "quant_method"));
  out.fp8 =
      out.quantization.find("fp8") != std::string::npos ||
      (out.quantization == "compressed-tensors" && json_text(json_member(quantization, "format")) == "float-quantized");
  out.window = json_small(json_member(*config, "max_position_embeddings"));
  out.kv_token_bytes = kv_token_bytes(*config);
  out.weight_bytes = DM_TRY(weight_bytes(files, folder));
  return out;
}

}  // namespace docmind::vllm

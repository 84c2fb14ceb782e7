// What the folder of a checkpoint says of itself, as far as starting a vLLM depends on it.
//
// Format: Hugging Face's config.json (max_position_embeddings, quantization_config.quant_method, the shape of the
// attention) beside *.safetensors. Bounded: 1 MiB of config.json, 4,096 files.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "sys/files.h"

namespace docmind::vllm {

struct Checkpoint {
  std::filesystem::path folder{};
  std::string quantization{};        // "fp8", "awq", ...; empty: none.
  bool fp8 = false;                  // Its weights are FP8.
  std::uint32_t window = 0;          // Tokens it was made for; 0: it does not say.
  std::uint64_t kv_token_bytes = 0;  // Of one token's keys and values in 16 bit; 0: it does not say.
  std::uint64_t weight_bytes = 0;
};

// kNotFound when there is no such folder or no config.json in it; kDataLoss when that is no JSON object.
Result<Checkpoint> read_checkpoint(sys::Files& files, const std::filesystem::path& folder);

}  // namespace docmind::vllm

// The JSON of POST /v1/embeddings and POST /tokenize (docs/formats/engine.md): bodies in, bodies out.
// Pure functions; a request is bounded and checked here, the spans' places are checked by Encoder::tokenise().
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/encoder.h"
#include "llm/embedder.h"

namespace docmind::engine {

constexpr std::uint64_t kMaxBody = 32U << 20U;  // Bytes of a request.
constexpr std::size_t kMaxInputs = 1024;        // Texts in a request.
constexpr std::size_t kMaxVectors = 16384;      // Texts and spans in a request.

enum class VectorEncoding : std::uint8_t { kFloat, kBase64 };

struct EmbeddingsRequest {
  std::vector<llm::EmbedInput> inputs;
  std::string model;  // Empty when not given.
  VectorEncoding encoding = VectorEncoding::kFloat;
};

Result<EmbeddingsRequest> parse_embeddings_request(std::string_view body);
std::string embeddings_body(const EncoderFacts& facts, VectorEncoding encoding,
                            std::span<const llm::Embedding> embeddings);

Result<std::vector<std::string>> parse_tokenize_request(std::string_view body);
std::string tokenize_body(std::span<const std::size_t> counts);

}  // namespace docmind::engine

// OpenAI's /v1/embeddings as text: texts in, vectors out (https://platform.openai.com/docs/api-reference/embeddings).
//
// Pure. A reply is hostile until it has been checked: one vector for each text, each named by its index once, all of
// one size, every number finite, not all zero. Vectors may come as base64 of little-endian floats, which is asked for,
// or as numbers, which some servers write all the same. Anything else is kDataLoss.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace docmind::openai {

inline constexpr std::uint32_t kMaxDimensions = 65'536;

std::string embeddings_request(std::string_view model, std::span<const std::string> texts);

// The most bytes that an honest reply to so many texts has. 0 dimensions: the most there can be.
std::uint64_t largest_embeddings_reply(std::size_t texts, std::uint32_t dimensions);

struct EmbeddingsReply {
  std::vector<std::vector<float>> vectors{};  // In the order of the texts, as the server gave them.
  std::uint64_t tokens = 0;                   // Of all texts; 0: it does not say.
};

// `dimensions`: of each vector; 0: any, the same for all.
Result<EmbeddingsReply> read_embeddings(std::string_view body, std::size_t texts, std::uint32_t dimensions);

}  // namespace docmind::openai

// The client's half of the engine's protocol (docs/formats/engine.md): bodies out, replies in.
//
// Pure functions. A reply is hostile until it has been checked: one vector per text and span, each of the right size,
// every number finite. Anything else is kDataLoss.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "llm/embedder.h"

namespace docmind::llamacpp {

std::string embeddings_request(std::span<const llm::EmbedInput> inputs);

// The most bytes that an honest reply to these inputs has.
std::uint64_t largest_reply(std::span<const llm::EmbedInput> inputs, std::uint32_t dimensions);

Result<std::vector<llm::Embedding>> parse_embeddings(std::string_view body, std::span<const llm::EmbedInput> inputs,
                                                     std::uint32_t dimensions);

// The reply of GET /v1/models.
Result<llm::EmbedderInfo> parse_models(std::string_view body);

}  // namespace docmind::llamacpp

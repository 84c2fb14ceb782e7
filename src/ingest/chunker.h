// Chunks: runs of units of one section, small enough for one pass of the embedder, that overlap a little.
//
// A chunk never crosses a heading; what is embedded is its heading path, a line end, and its text. Where a section is
// longer than a chunk, borders are chosen by content: among the unit ends in the last part of the chunk those at the
// end of a block are taken first, and of them the one with the smallest hash. In the same way the section is cut into
// stretches of a few chunks before. Two versions of a text that differ in a sentence therefore agree on their borders
// again soon, at the latest at the next stretch, and few chunks have to be embedded anew.
// A unit in two overlapping chunks takes its vector from the one where it lies farther from a border.
//
// Pure functions. Invariants: every unit but bodyless headings lies whole in at least one chunk; a chunk's input has at
// most ChunkLimits::tokens tokens; the same section text gives the same chunks wherever it stands.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "doc/document.h"
#include "ingest/units.h"
#include "library/records.h"
#include "llm/embedder.h"
#include "text/wordpiece.h"

namespace docmind::ingest {

// Part of the key of every document and embedding: changes when the same text could be cut differently.
inline constexpr std::string_view kChunkerVersion = "1";

struct ChunkLimits {
  std::uint32_t tokens = 510;  // Content tokens, the heading path included; the embedder adds two of its own.
  std::uint32_t overlap = 50;  // Tokens, about: whole units.
};

// Fills the chunk and position of each unit. NewChunk::embedding is not set yet: see key_of.
std::vector<library::NewChunk> cut_chunks(const doc::Parsed& parsed, Structure& structure,
                                          const text::WordPiece& wordpiece, const ChunkLimits& limits);

// What is embedded for a chunk: its spans are those of the units whose vector it gives, in the order of their position.
llm::EmbedInput input_of(const doc::Parsed& parsed, std::span<const library::NewUnit> units,
                         const library::NewChunk& chunk, std::uint32_t chunk_index);

// What is embedded for a section: its title alone.
llm::EmbedInput input_of(const library::NewSection& section);

// Names the vectors of an input made by a model: the same input of another document has the same key.
ContentHash key_of(const llm::EmbedInput& input, std::string_view model_hash);

}  // namespace docmind::ingest

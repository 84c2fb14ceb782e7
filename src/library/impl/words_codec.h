// The words of one page as stored: zstd over
//   byte 1 (format) | varint count | per word: varint start minus the start before, varint length |
//   all lefts, all tops, all rights, all bottoms as little-endian float32.
// Starts begin from the page's own start. Varints are LEB128. Decoding checks everything: the file may be damaged.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "doc/document.h"

namespace docmind::library {

// Requires words in order of start, none before page_start.
std::string encode_words(std::span<const doc::Word> words, std::uint64_t page_start);

// kDataLoss when `bytes` is not what encode_words made.
Result<std::vector<doc::Word>> decode_words(std::string_view bytes, std::uint64_t page_start, std::uint32_t page);

}  // namespace docmind::library

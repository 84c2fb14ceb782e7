// A NewDocument that has been checked, with what can be worked out before the write begins.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "library/records.h"

namespace docmind::library {

struct PreparedDocument {
  const NewDocument& given;                // Must outlive this.
  std::vector<std::string> words;          // Per page, encoded.
  std::vector<std::uint32_t> block_pages;  // Per block, unit, chunk: index of the page of its start, or kNone.
  std::vector<std::uint32_t> unit_pages;
  std::vector<std::uint32_t> chunk_pages;
};

// kInvalidArgument with the first thing that is wrong.
Result<PreparedDocument> prepare(const NewDocument& document);

}  // namespace docmind::library

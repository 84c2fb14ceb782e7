// A parsed document as lines, for tests: "H2 Title", "P Text", "L1 Item", "T a | b", "C code"; a "~" marks no source,
// "^0" the index of a row's header, "@part" a locator.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "doc/document.h"

namespace docmind::parse {

inline std::vector<std::string> outline(const doc::Parsed& parsed) {
  static constexpr std::string_view kLetters = "PHLTC";
  std::vector<std::string> lines;
  for (const doc::Block& block : parsed.blocks) {
    std::string line(1, kLetters[static_cast<std::size_t>(block.kind)]);
    if (block.level > 0) line += std::to_string(block.level);
    if (!block.source) line += '~';
    if (block.header != doc::Block::kNoHeader) line += "^" + std::to_string(block.header);
    if (!block.locator.empty()) line += "@" + block.locator;
    lines.push_back(line + " " + parsed.text.substr(block.span.start, block.span.size()));
  }
  return lines;
}

// What a parser gave, after the checks every result must pass; a failure fails the test and gives nothing.
inline doc::Parsed checked(Result<doc::Parsed> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message;
    return {};
  }
  const Result<> ok = doc::valid(*result);
  EXPECT_TRUE(ok) << ok.error().message;
  return *std::move(result);
}

}  // namespace docmind::parse

// Plain text to doc::Parsed: paragraphs (wrapped lines are joined), lists, underlined and numbered headings, code.
//
// What is in no mark-up has to be told from its looks; each rule stands with its function in text.cc. Pure function.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "doc/document.h"

namespace docmind::parse {

Result<doc::Parsed> parse_text(std::string_view bytes, std::uint64_t max_text);

}  // namespace docmind::parse

// Markdown (CommonMark with GitHub's tables, task lists and strikethrough) to doc::Parsed, through md4c.
//
// Front matter is not text; its title is the document's. Raw HTML goes through the HTML walker. Pure function.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "doc/document.h"

namespace docmind::parse {

Result<doc::Parsed> parse_markdown(std::string_view bytes, std::uint64_t max_text);

}  // namespace docmind::parse

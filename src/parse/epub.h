// EPUB 2 and 3 to doc::Parsed: the chapters of the spine in reading order, through the HTML walker.
//
// A block's locator is the chapter's file name inside the book. Nothing outside the container is opened. Pure function.
#pragma once
#include <cstdint>

#include "base/result.h"
#include "doc/document.h"
#include "parse/archive.h"

namespace docmind::parse {

// kInvalidArgument: copy protection, no text; kDataLoss: broken; kResourceExhausted: a limit.
Result<doc::Parsed> parse_epub(Archive& archive, std::uint64_t max_text);

}  // namespace docmind::parse

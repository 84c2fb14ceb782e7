// Which kind of document some bytes are: by the content first, then, among text formats, by the name's extension.
//
// Pure functions.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "parse/archive_limits.h"

namespace docmind::parse {

enum class Format : std::uint8_t { kPdf, kDocx, kEpub, kHtml, kMarkdown, kText };

// kInvalidArgument with what it is instead and what to do when it is none of these.
Result<Format> format_of(std::string_view bytes, std::string_view name, const ArchiveLimits& limits);

}  // namespace docmind::parse

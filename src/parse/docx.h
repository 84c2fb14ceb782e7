// DOCX (ECMA-376 WordprocessingML) to doc::Parsed by an own walker over the main part.
//
// Paragraphs with their styles (headings, lists with the numbers Word prints, code), tables row by row, footnotes and
// text boxes after the paragraph that holds them. Deleted and hidden text, field codes, comments, running heads and
// feet are not text. Relationships are followed inside the container only. Pure function.
#pragma once
#include <cstdint>

#include "base/result.h"
#include "doc/document.h"
#include "parse/archive.h"

namespace docmind::parse {

// kInvalidArgument: no text; kDataLoss: broken; kResourceExhausted: a limit.
Result<doc::Parsed> parse_docx(Archive& archive, std::uint64_t max_text);

}  // namespace docmind::parse

// What a parser process sends back: one frame with a doc::Parsed or an Error (docs/formats/parse.md).
//
// Pure functions. decode_frame() takes hostile bytes: every length is checked against what is left before anything is
// allocated, the checksum is compared first, and a result has passed doc::valid().
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "doc/document.h"

namespace docmind::parse {

std::string encode_frame(const Result<doc::Parsed>& result);

// The result or the error that the frame holds; kDataLoss when it is no whole, well-formed frame.
Result<doc::Parsed> decode_frame(std::string_view bytes);

}  // namespace docmind::parse

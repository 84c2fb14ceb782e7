// What a parser process sends back: one frame with a doc::Parsed, a Picture or an Error (docs/formats/parse.md).
//
// Pure functions. decode_frame() and decode_picture() take hostile bytes: every length is checked against what is left
// before anything is allocated, the checksum is compared first, and a result has passed valid().
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "doc/document.h"
#include "parse/picture.h"

namespace docmind::parse {

std::string encode_frame(const Result<doc::Parsed>& result);
std::string encode_picture(const Result<Picture>& result);

// The result or the error that the frame holds; kDataLoss when it is no whole, well-formed frame.
Result<doc::Parsed> decode_frame(std::string_view bytes);
Result<Picture> decode_picture(std::string_view bytes);

}  // namespace docmind::parse

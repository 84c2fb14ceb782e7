// HTML to doc::Parsed: what a reader sees of the page itself, without its navigation.
//
// The tree is gumbo's (the HTML5 algorithm), walked without recursion, so nesting costs no stack. Scripts, styles,
// hidden elements and form controls are not text; navigation, page headers, footers and side bars are left out; a
// single <main> or <article> is taken alone. Contents and index lists are kept, marked as no source of answers. Pure
// functions.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "doc/document.h"
#include "parse/flow.h"

namespace docmind::parse {

// The charset comes from the byte order mark, <meta>, the bytes themselves.
Result<doc::Parsed> parse_html(std::string_view bytes, std::uint64_t max_text);

enum class HtmlKind : std::uint8_t {
  kPage,  // Boilerplate is left out.
  kPart,  // A chapter of a book: everything visible counts.
};

// Appends the blocks of one well-formed UTF-8 page or fragment to the flow; the builder's title comes from <title>.
void append_html(std::string_view utf8, HtmlKind kind, Flow& flow);

// XHTML as HTML: <a id="x"/> becomes <a id="x"></a>, since the HTML algorithm would leave the element open.
std::string expand_empty_elements(std::string_view xhtml);

// "&eacute;" to its characters; the entity itself when it is none.
std::string decode_entity(std::string_view entity);

}  // namespace docmind::parse

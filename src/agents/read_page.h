// A page of a document as text; where a format has no pages, pieces of about 8 KiB that begin with a block.
// Thread safety: like the Snapshot.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "doc/document.h"
#include "library/library.h"

namespace docmind::agents {

struct PageText {
  std::string document;  // Path.
  std::string document_id;
  std::uint32_t page = 1;
  std::uint32_t pages = 1;  // Of the document, or its pieces.
  doc::Span span;
  std::string text;  // At most 64 KiB; the span says what it is.
};

// `page` from 1. kNotFound: no such document or page; the library's errors.
Result<PageText> read_page(std::string_view document, std::uint32_t page, library::Snapshot& at);

}  // namespace docmind::agents

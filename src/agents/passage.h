// A place in a document that will be quoted. A value.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "doc/document.h"

namespace docmind::agents {

// A place that will be quoted: whole units of one document, one page.
struct Passage {
  std::int64_t document = 0;  // Key.
  doc::Span span;
  std::int64_t first_unit = 0;
  std::int64_t last_unit = 0;
  std::uint32_t block = 0;          // Of its first unit.
  std::string heading;              // Heading path; may be empty.
  std::vector<std::string> pieces;  // The units' texts as read with the evidence: between them stands white space.
};

}  // namespace docmind::agents

// The parts of an answer that asks each document by itself, as it was kept:
// {"parts":[{"document","document_id","title", "status","reason","first","count","nearest","trace_id"}]}, where claims
// [first, first + count) are the document's. An answer from all documents at once, and one of an earlier version, has
// none. Pure functions; what they return lives as long as the answer.
#pragma once
#include <boost/json/value.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace docmind::session {

struct Part {
  const boost::json::value* about = nullptr;     // As it stands in the answer.
  std::span<const boost::json::value> claims{};  // The document's; empty: it does not say, or was not asked.
  std::size_t first = 0;                         // Of the whole answer's.
};

// What lies outside of the answer's claims is cut off.
std::vector<Part> parts_of(const boost::json::value& answer);

// What stands in the place of a part's claims where it has none: "This document does not say."
std::string without_claims(const Part& part);

}  // namespace docmind::session

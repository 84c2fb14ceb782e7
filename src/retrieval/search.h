// Search as others see it: a query, a filter, ranked hits.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "doc/document.h"

namespace docmind::retrieval {

// Empty lists match everything. Applied before anything is scored.
struct Filter {
  std::vector<std::string> documents{};  // Document ids, or paths as ingested; a path ending in "/" matches below it.
  std::vector<std::string> types{};      // "pdf", "html", ...
  std::optional<std::int64_t> modified_from{};  // The file's time, UTC milliseconds, inclusive.
  std::optional<std::int64_t> modified_to{};    // Exclusive.
};

struct Query {
  std::string text;
  std::uint32_t k = 10;  // 1 to 1000.
  Filter filter;
};

struct Ranks {  // From 1; absent where that stage did not return the hit.
  std::optional<std::uint32_t> bm25;
  std::optional<std::uint32_t> dense;
  std::optional<std::uint32_t> rerank;
};

struct Hit {
  std::int64_t chunk_id = 0;
  std::string document;
  std::string document_id;
  std::optional<std::uint32_t> page;  // 1-based physical page of span.start.
  doc::Span span;
  std::string heading;  // Heading path, parts joined by " > ".
  std::string text;     // The stored bytes of span.
  double score = 0;     // Reciprocal rank fusion, k = 60.
  Ranks ranks;
};

struct SearchResult {
  std::vector<Hit> hits;  // By score downwards, ties by chunk id upwards.
  double seconds = 0;
  bool dense_used = true;  // False: keyword search alone.
  std::string degraded;    // Why it is by keyword though vectors are wanted, one sentence; else empty.
};

}  // namespace docmind::retrieval

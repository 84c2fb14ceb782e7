// The vectors of one document as a library holds them, and what they are in a store outside.
//
// Values and functions without state.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "library/library.h"
#include "retrieval/vector_index.h"
#include "vectors/store.h"

namespace docmind::retrieval {

inline constexpr std::string_view kDocument = "document";  // Fields of a collection: the document's key,
inline constexpr std::string_view kStamp = "stamp";        // of these rows and no others.
inline constexpr std::size_t kBatch = 256;                 // Points or stamps in one call of a store.

struct Rows {
  std::string stamp;  // Empty where nobody asked for it.
  DocumentVectors chunks;
  DocumentVectors units;
};

// What is known of them without their vectors.
struct Summary {
  std::string stamp;
  std::string space;
  std::uint32_t dimensions = 0;  // 0: it has none.
  std::uint64_t chunks = 0;
  std::uint64_t units = 0;
};

Summary summary_of(const Rows& rows);

// Nothing: the document is gone. A stamp costs a hash, and only a store outside wants it.
Result<std::optional<Rows>> read_rows(library::Snapshot& at, std::int64_t document, bool stamped);

// At most kBatch of them, from the row `from` on.
std::vector<vectors::Point> points_of(std::int64_t document, const std::string& stamp, const DocumentVectors& rows,
                                      std::size_t from);

}  // namespace docmind::retrieval

// page, block and section: the places of a document. Absent indexes are NULL in the file and kNone in memory.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "library/impl/prepared_document.h"
#include "library/records.h"
#include "store/database.h"

namespace docmind::library {

Result<> insert_layout(store::Transaction& to, std::int64_t document, const PreparedDocument& prepared);

// All of the document, or the one at `position`.
Result<std::vector<Page>> read_pages(store::Source& from, std::int64_t document, std::optional<std::uint32_t> position);
Result<std::vector<doc::Word>> read_words(store::Source& from, std::int64_t document, std::uint32_t page);
Result<std::vector<Block>> read_blocks(store::Source& from, std::int64_t document,
                                       std::optional<std::uint32_t> position);
Result<std::vector<Section>> read_sections(store::Source& from, std::int64_t document,
                                           std::optional<std::uint32_t> position);

// How an index that may be absent is bound and read.
std::optional<std::uint32_t> or_null(std::uint32_t index);
std::uint32_t or_none(const store::Statement& row, int column);

doc::Span span_of(const store::Statement& row, int column);  // From the two columns start, end.
Result<ContentHash> hash_of(const store::Statement& row, int column);

}  // namespace docmind::library

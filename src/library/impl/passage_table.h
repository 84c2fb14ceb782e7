// chunk and unit: what is searched and what is quoted. Their text is read from text_piece.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "library/impl/prepared_document.h"
#include "library/records.h"
#include "store/database.h"

namespace docmind::library {

// The rows get the ids from document.first_unit and document.first_chunk on.
Result<> insert_passages(store::Transaction& to, const Document& document, const PreparedDocument& prepared);

Result<std::vector<Unit>> units_of(store::Source& from, std::int64_t document);
Result<std::vector<Unit>> units_by_id(store::Source& from, std::span<const std::int64_t> ids);
Result<std::vector<Unit>> units_near(store::Source& from, std::int64_t unit, std::uint32_t before, std::uint32_t after);
Result<std::vector<Unit>> units_overlapping(store::Source& from, std::int64_t document, doc::Span span);

Result<std::vector<Chunk>> chunks_of(store::Source& from, std::int64_t document);
Result<std::vector<Chunk>> chunks_by_id(store::Source& from, std::span<const std::int64_t> ids);

}  // namespace docmind::library

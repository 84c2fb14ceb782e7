// chunk_terms and unit_terms: the FTS5 tables behind LexicalIndex. They hold terms and places, no text.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "library/impl/document_table.h"
#include "library/records.h"
#include "store/database.h"

namespace docmind::library {

// Each keeps state.unit_terms and state.chunk_terms right. To insert, its chunks and units must be there.
Result<> insert_terms(store::Transaction& to, const Document& document, LibraryState& state);
Result<> delete_terms(store::Transaction& to, const Document& document, LibraryState& state);

// From the stored text of all documents, after the terms are cut in another way.
Result<> rebuild_terms(store::Transaction& to, LibraryState& state);

// One step of writing the index anew without what was deleted, small enough for other writes to come between. kBegin
// starts, kGoOn continues; true while there is more to do.
enum class Merge : std::uint8_t { kBegin, kGoOn };
Result<bool> merge_terms(store::Transaction& to, Merge step);

}  // namespace docmind::library

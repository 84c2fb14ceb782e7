// chunk_terms and unit_terms: the FTS5 tables behind LexicalIndex. They hold no text, so whoever takes a row out has to
// give FTS5 the very text it was put in with: delete before the document's rows go.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "library/records.h"
#include "store/database.h"

namespace docmind::library {

Result<> insert_terms(store::Transaction& to, const Document& document);
Result<> delete_terms(store::Transaction& to, const Document& document);

// From the stored text of all documents, after the terms are cut in another way.
Result<> rebuild_terms(store::Transaction& to);

}  // namespace docmind::library

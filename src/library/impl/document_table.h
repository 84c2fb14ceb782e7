// document and library_state: which documents there are, and the counters over all of them.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "library/records.h"
#include "store/database.h"

namespace docmind::library {

struct LibraryState {
  std::uint64_t generation = 0;
  std::int64_t next_unit = 1;
  std::int64_t next_chunk = 1;
  std::uint64_t documents = 0;
  std::uint64_t units = 0;
  std::uint64_t chunks = 0;
  std::uint64_t text_bytes = 0;
  std::uint64_t unit_terms = 0;  // Terms in all rows of the index, for the average length.
  std::uint64_t chunk_terms = 0;
  std::string terms_version;
  std::uint64_t erase_after = 0;  // The last generation whose deleted words still lie in the index; 0: none.
  std::string identity;           // Of the file and its copies; never written.
};

Result<LibraryState> read_state(store::Source& from);
Result<> write_state(store::Transaction& to, const LibraryState& state);
// Notes that the index is free of deleted words, unless more were deleted after that generation.
Result<> forget_erase(store::Transaction& to, std::uint64_t erase_after);

// With key 0 a new one is given. Answers the key.
Result<std::int64_t> insert_document(store::Transaction& to, const Document& document);
// With all rows that belong to it, except its terms and embeddings.
Result<> delete_document(store::Transaction& to, std::int64_t key);
Result<> update_times(store::Transaction& to, std::int64_t key, std::int64_t modified_ns);

Result<std::optional<Document>> document_by_key(store::Source& from, std::int64_t key);
Result<std::optional<Document>> document_by_path(store::Source& from, std::string_view path);
Result<std::optional<Document>> document_by_id(store::Source& from, std::string_view id);

Result<std::vector<std::int64_t>> matching_documents(store::Source& from, const DocumentFilter& filter);
Result<std::vector<Document>> list_documents(store::Source& from, const ListOptions& options);

// "[1,2,3]", for json_each: how a list of keys is bound.
std::string as_json(const std::vector<std::int64_t>& keys);

}  // namespace docmind::library

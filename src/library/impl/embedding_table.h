// embedding: what models made of texts, by key. Committed in batches while a document is still being read, so that a
// crash loses at most one batch; a document's chunks and sections refer to it afterwards.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "library/library.h"
#include "library/records.h"
#include "store/database.h"

namespace docmind::library {

Result<> insert_embeddings(store::Transaction& to, std::span<const Embedding> batch);
Result<bool> has_embedding(store::Source& from, const ContentHash& key);
Result<std::optional<Embedding>> read_embedding(store::Source& from, const ContentHash& key);

// How many span vectors it has; nothing when it is not there.
Result<std::optional<std::uint64_t>> count_spans(store::Source& from, const ContentHash& key);

Result<std::vector<ContentHash>> keys_of_document(store::Source& from, std::int64_t document);
// Those of `keys` that no chunk and no section uses.
Result<> delete_unused(store::Transaction& to, std::span<const ContentHash> keys);
Result<std::vector<ContentHash>> unused_keys(store::Source& from);

Result<> visit_chunk_vectors(store::Source& from, std::optional<std::int64_t> document, const Snapshot::Visit& visit);
Result<> visit_unit_vectors(store::Source& from, std::optional<std::int64_t> document, const Snapshot::Visit& visit);

// Counts for Stats: embeddings there are, and the most often one was written.
Result<> count_embeddings(store::Source& from, Stats& stats);

}  // namespace docmind::library

#include "library/impl/embedding_table.h"

#include <bit>
#include <cstring>
#include <limits>
#include <string_view>

#include "library/impl/document_table.h"
#include "library/impl/layout_table.h"

namespace docmind::library {
namespace {

static_assert(std::endian::native == std::endian::little);

store::Blob as_blob(const Halves& halves) {
  return {{reinterpret_cast<const char*>(halves.data()), halves.size() * sizeof(Half)}};
}

// Column bytes are not aligned for a Half*.
Halves as_halves(std::string_view bytes) {
  Halves out(bytes.size() / sizeof(Half));
  if (!out.empty()) std::memcpy(out.data(), bytes.data(), out.size() * sizeof(Half));
  return out;
}

Result<> check_shape(const Embedding& e) {
  if (e.dimensions > 0 && e.vector.size() == e.dimensions && e.spans.size() % e.dimensions == 0) return {};
  return Error{Code::kInvalidArgument, "A vector does not have the dimensions it claims.", ""};
}

struct ChunkIds {
  std::int64_t first = 0;
  std::int64_t end = std::numeric_limits<std::int64_t>::max();
};

// Those of one document (none when it is not there), or all.
Result<ChunkIds> chunk_ids(store::Source& from, std::optional<std::int64_t> document) {
  if (!document) return ChunkIds{};
  const auto found = DM_TRY(document_by_key(from, *document));
  if (!found) return ChunkIds{0, 0};
  return ChunkIds{found->first_chunk, found->first_chunk + found->chunk_count};
}

// Calls visit for each unit that has its vector in this chunk's embedding.
Result<> visit_units_of_chunk(store::Statement& units, const store::Statement& chunk, const Snapshot::Visit& visit) {
  const auto dimensions = static_cast<std::size_t>(chunk.integer(4));
  const Halves spans = as_halves(chunk.blob(5));
  units.reset();
  DM_TRY(units.bind(1, chunk.integer(2)));
  DM_TRY(units.bind(2, chunk.integer(3)));
  DM_TRY(units.bind(3, chunk.integer(0)));
  while (DM_TRY(units.step())) {
    const auto at = static_cast<std::size_t>(units.integer(1)) * dimensions;
    if (dimensions == 0 || at + dimensions > spans.size()) {
      return Error{Code::kDataLoss, "The vector of a unit is missing.", "Ingest the document again."};
    }
    DM_TRY(visit({units.integer(0), chunk.integer(1), std::span(spans).subspan(at, dimensions)}));
  }
  return {};
}

}  // namespace

Result<> insert_embeddings(store::Transaction& to, std::span<const Embedding> batch) {
  auto insert =
      DM_TRY(to.query("INSERT INTO embedding(key, model_hash, dimensions, vector, spans) VALUES(?,?,?,?,?) "
                      "ON CONFLICT(key) DO UPDATE SET model_hash=excluded.model_hash, "
                      "dimensions=excluded.dimensions, vector=excluded.vector, spans=excluded.spans, "
                      "writes=writes+1"));
  for (const Embedding& e : batch) {
    DM_TRY(check_shape(e));
    DM_TRY(
        insert.execute({store::Blob{e.key.view()}, e.model_hash, e.dimensions, as_blob(e.vector), as_blob(e.spans)}));
  }
  return {};
}

Result<bool> has_embedding(store::Source& from, const ContentHash& key) {
  auto row = DM_TRY(from.query("SELECT 1 FROM embedding WHERE key=?", {store::Blob{key.view()}}));
  return row.step();
}

Result<std::optional<Embedding>> read_embedding(store::Source& from, const ContentHash& key) {
  auto row = DM_TRY(
      from.query("SELECT model_hash, dimensions, vector, spans FROM embedding WHERE key=?", {store::Blob{key.view()}}));
  if (!DM_TRY(row.step())) return std::optional<Embedding>();
  Embedding e{.key = key,
              .model_hash = std::string(row.text(0)),
              .dimensions = static_cast<std::uint32_t>(row.integer(1)),
              .vector = as_halves(row.blob(2)),
              .spans = as_halves(row.blob(3))};
  return std::optional<Embedding>(std::move(e));
}

Result<std::optional<std::uint64_t>> count_spans(store::Source& from, const ContentHash& key) {
  auto row = DM_TRY(
      from.query("SELECT length(spans) / (2 * dimensions) FROM embedding WHERE key=?", {store::Blob{key.view()}}));
  if (!DM_TRY(row.step())) return std::optional<std::uint64_t>();
  return std::optional(static_cast<std::uint64_t>(row.integer(0)));
}

Result<std::vector<ContentHash>> keys_of_document(store::Source& from, std::int64_t document) {
  auto rows =
      DM_TRY(from.query("SELECT embedding FROM chunk WHERE document=?1 UNION SELECT embedding FROM section "
                        "WHERE document=?1 AND embedding IS NOT NULL",
                        {document}));
  std::vector<ContentHash> out;
  while (DM_TRY(rows.step())) out.push_back(DM_TRY(hash_of(rows, 0)));
  return out;
}

Result<> delete_unused(store::Transaction& to, std::span<const ContentHash> keys) {
  auto remove =
      DM_TRY(to.query("DELETE FROM embedding WHERE key=?1 AND NOT EXISTS(SELECT 1 FROM chunk WHERE "
                      "embedding=?1) AND NOT EXISTS(SELECT 1 FROM section WHERE embedding=?1)"));
  for (const ContentHash& key : keys) DM_TRY(remove.execute({store::Blob{key.view()}}));
  return {};
}

Result<std::vector<ContentHash>> unused_keys(store::Source& from) {
  auto rows = DM_TRY(
      from.query("SELECT key FROM embedding WHERE NOT EXISTS(SELECT 1 FROM chunk WHERE chunk.embedding=embedding.key) "
                 "AND NOT EXISTS(SELECT 1 FROM section WHERE section.embedding=embedding.key)"));
  std::vector<ContentHash> keys;
  while (DM_TRY(rows.step())) keys.push_back(DM_TRY(hash_of(rows, 0)));
  return keys;
}

Result<> visit_chunk_vectors(store::Source& from, std::optional<std::int64_t> document, const Snapshot::Visit& visit) {
  const ChunkIds ids = DM_TRY(chunk_ids(from, document));
  auto rows =
      DM_TRY(from.query("SELECT chunk.id, chunk.document, embedding.vector FROM chunk JOIN embedding ON "
                        "embedding.key=chunk.embedding WHERE chunk.id>=? AND chunk.id<? ORDER BY chunk.id",
                        {ids.first, ids.end}));
  while (DM_TRY(rows.step())) {
    const Halves vector = as_halves(rows.blob(2));
    DM_TRY(visit({rows.integer(0), rows.integer(1), vector}));
  }
  return {};
}

Result<> visit_unit_vectors(store::Source& from, std::optional<std::int64_t> document, const Snapshot::Visit& visit) {
  const ChunkIds ids = DM_TRY(chunk_ids(from, document));
  auto chunks =
      DM_TRY(from.query("SELECT chunk.id, chunk.document, first_unit, end_unit, dimensions, spans FROM chunk "
                        "JOIN embedding ON embedding.key=chunk.embedding WHERE chunk.id>=? AND chunk.id<? "
                        "ORDER BY chunk.id",
                        {ids.first, ids.end}));
  auto units = DM_TRY(from.query("SELECT id, position FROM unit WHERE id>=? AND id<? AND chunk=? ORDER BY id"));
  while (DM_TRY(chunks.step())) DM_TRY(visit_units_of_chunk(units, chunks, visit));
  return {};
}

Result<> count_embeddings(store::Source& from, Stats& stats) {
  auto row = DM_TRY(from.query("SELECT count(*), ifnull(max(writes), 0) FROM embedding"));
  DM_TRY(row.step());
  stats.embeddings = static_cast<std::uint64_t>(row.integer(0));
  stats.most_writes = static_cast<std::uint64_t>(row.integer(1));
  return {};
}

}  // namespace docmind::library

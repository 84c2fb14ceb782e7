#include <fmt/format.h>

#include "library/impl/document_table.h"
#include "library/impl/embedding_table.h"
#include "library/impl/layout_table.h"
#include "library/impl/passage_table.h"
#include "library/impl/record_table.h"
#include "library/impl/text_table.h"
#include "library/library.h"

namespace docmind::library {
namespace {

Error no_document(std::string_view name) {
  return {Code::kNotFound, fmt::format("{} is not in the library.", name), "See what is there with: docmind library"};
}

template <typename Row>
Result<Row> only(std::vector<Row> rows, std::string_view what) {
  if (rows.empty()) return Error{Code::kNotFound, fmt::format("The document has no such {}.", what), ""};
  return std::move(rows.front());
}

}  // namespace

Result<std::uint64_t> Snapshot::generation() { return DM_TRY(read_state(reader_)).generation; }

Result<Size> Snapshot::size() {
  const LibraryState state = DM_TRY(read_state(reader_));
  return Size{.documents = state.documents, .chunks = state.chunks};
}

Result<Stats> Snapshot::stats() {
  const LibraryState state = DM_TRY(read_state(reader_));
  Stats stats{
      .documents = state.documents, .units = state.units, .chunks = state.chunks, .text_bytes = state.text_bytes};
  DM_TRY(count_embeddings(reader_, stats));
  return stats;
}

Result<std::vector<Document>> Snapshot::documents(const ListOptions& options) {
  return list_documents(reader_, options);
}

Result<Document> Snapshot::document(std::int64_t key) {
  auto found = DM_TRY(document_by_key(reader_, key));
  if (!found) return no_document("The document");
  return *std::move(found);
}

Result<Document> Snapshot::find(std::string_view id_or_path) {
  auto found = DM_TRY(document_by_id(reader_, id_or_path));
  if (!found) found = DM_TRY(document_by_path(reader_, id_or_path));
  if (!found) return no_document(id_or_path);
  return *std::move(found);
}

Result<std::optional<Document>> Snapshot::find_path(std::string_view path) { return document_by_path(reader_, path); }

Result<std::vector<std::int64_t>> Snapshot::matching(const DocumentFilter& filter) {
  return matching_documents(reader_, filter);
}

Result<std::string> Snapshot::text(std::int64_t document, doc::Span span) {
  return TextReader(reader_, document).read(span);
}

Result<std::string> Snapshot::text(std::int64_t key) {
  const Document found = DM_TRY(document(key));
  return text(key, {0, found.text_bytes});
}

Result<std::string> Snapshot::text_of_version(std::string_view document_id, std::string_view version, doc::Span span) {
  auto found = DM_TRY(document_by_id(reader_, document_id));
  if (!found) return no_document(document_id);
  if (found->version != version) {
    return Error{Code::kConflict, fmt::format("{} has changed since.", found->path), "Ask again."};
  }
  return text(found->key, span);
}

Result<std::vector<Page>> Snapshot::pages(std::int64_t document) { return read_pages(reader_, document, std::nullopt); }

Result<Page> Snapshot::page(std::int64_t document, std::uint32_t index) {
  return only(DM_TRY(read_pages(reader_, document, index)), "page");
}

Result<std::vector<doc::Word>> Snapshot::words(std::int64_t document, std::uint32_t page) {
  return read_words(reader_, document, page);
}

Result<std::vector<Block>> Snapshot::blocks(std::int64_t document) {
  return read_blocks(reader_, document, std::nullopt);
}

Result<Block> Snapshot::block(std::int64_t document, std::uint32_t index) {
  return only(DM_TRY(read_blocks(reader_, document, index)), "block");
}

Result<std::vector<Section>> Snapshot::sections(std::int64_t document) {
  return read_sections(reader_, document, std::nullopt);
}

Result<std::optional<Section>> Snapshot::section(std::int64_t document, std::uint32_t index) {
  auto rows = DM_TRY(read_sections(reader_, document, index));
  if (rows.empty()) return std::optional<Section>();
  return std::optional<Section>(std::move(rows.front()));
}

Result<std::vector<Unit>> Snapshot::units(std::int64_t document) { return units_of(reader_, document); }

Result<std::vector<Unit>> Snapshot::units(std::span<const std::int64_t> ids) { return units_by_id(reader_, ids); }

Result<std::vector<Unit>> Snapshot::neighbours(std::int64_t unit, std::uint32_t before, std::uint32_t after) {
  return units_near(reader_, unit, before, after);
}

Result<std::vector<Unit>> Snapshot::units_in(std::int64_t document, doc::Span span) {
  return units_overlapping(reader_, document, span);
}

Result<std::vector<Chunk>> Snapshot::chunks(std::int64_t document) { return chunks_of(reader_, document); }

Result<std::vector<Chunk>> Snapshot::chunks(std::span<const std::int64_t> ids) { return chunks_by_id(reader_, ids); }

Result<std::vector<bool>> Snapshot::has_embeddings(std::span<const ContentHash> keys) {
  std::vector<bool> out;
  out.reserve(keys.size());
  for (const ContentHash& key : keys) out.push_back(DM_TRY(has_embedding(reader_, key)));
  return out;
}

Result<std::vector<std::optional<Embedding>>> Snapshot::embeddings(std::span<const ContentHash> keys) {
  std::vector<std::optional<Embedding>> out;
  out.reserve(keys.size());
  for (const ContentHash& key : keys) out.push_back(DM_TRY(read_embedding(reader_, key)));
  return out;
}

Result<> Snapshot::chunk_vectors(const Visit& visit, std::optional<std::int64_t> document) {
  return visit_chunk_vectors(reader_, document, visit);
}

Result<> Snapshot::unit_vectors(const Visit& visit, std::optional<std::int64_t> document) {
  return visit_unit_vectors(reader_, document, visit);
}

Result<std::string> Snapshot::trace(std::string_view id) { return read_trace(reader_, id); }

Result<std::vector<PerformanceRow>> Snapshot::performance(std::string_view operation, std::uint32_t limit) {
  return read_performance(reader_, operation, limit);
}

}  // namespace docmind::library

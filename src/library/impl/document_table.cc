#include "library/impl/document_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace docmind::library {
namespace {

#define DM_DOCUMENT_COLUMNS                                                                                    \
  "key, id, path, version, type, title, size, modified_ns, added_ms, updated_ms, parser_version, "             \
  "chunker_version, model_hash, text_bytes, page_count, block_count, section_count, unit_count, chunk_count, " \
  "first_unit, first_chunk, warnings"

constexpr std::int64_t kNsPerMs = 1000000;

// One warning per line.
std::string join(const std::vector<std::string>& warnings) {
  std::string out;
  for (std::string line : warnings) {
    std::ranges::replace(line, '\n', ' ');
    out += line + '\n';
  }
  return out;
}

std::vector<std::string> split(std::string_view lines) {
  std::vector<std::string> out;
  for (std::size_t end = 0; (end = lines.find('\n')) != std::string_view::npos; lines.remove_prefix(end + 1)) {
    out.emplace_back(lines.substr(0, end));
  }
  return out;
}

Document document_of(const store::Statement& row) {
  Document d;
  int column = 0;
  const auto text = [&] { return std::string(row.text(column++)); };
  const auto number = [&] { return row.integer(column++); };
  const auto count = [&] { return static_cast<std::uint32_t>(row.integer(column++)); };
  d.key = number();
  d.id = text();
  d.path = text();
  d.version = text();
  d.type = text();
  d.title = text();
  d.size = static_cast<std::uint64_t>(number());
  d.modified_ns = number();
  d.modified_ms = d.modified_ns / kNsPerMs;
  d.added_ms = number();
  d.updated_ms = number();
  d.parser_version = text();
  d.chunker_version = text();
  d.model_hash = text();
  d.text_bytes = static_cast<std::uint64_t>(number());
  d.page_count = count();
  d.block_count = count();
  d.section_count = count();
  d.unit_count = count();
  d.chunk_count = count();
  d.first_unit = number();
  d.first_chunk = number();
  d.warnings = split(row.text(column));
  return d;
}

Result<std::optional<Document>> one(store::Source& from, std::string_view sql, const store::Value& value) {
  auto row = DM_TRY(from.query(sql, {value}));
  if (!DM_TRY(row.step())) return std::optional<Document>();
  return std::optional<Document>(document_of(row));
}

bool fits(const store::Statement& row, const DocumentFilter& filter) {
  const std::string_view type = row.text(1);
  const std::int64_t modified = row.integer(2) / kNsPerMs;
  if (!filter.types.empty() && std::ranges::find(filter.types, type) == filter.types.end()) return false;
  if (filter.modified_from && modified < *filter.modified_from) return false;
  return !filter.modified_to || modified < *filter.modified_to;
}

Result<> collect(store::Statement rows, const DocumentFilter& filter, std::vector<std::int64_t>& keys) {
  while (DM_TRY(rows.step())) {
    if (fits(rows, filter)) keys.push_back(rows.integer(0));
  }
  return {};
}

constexpr std::array<std::array<const char*, 2>, 5> kListings = {{
#define DM_LISTING(order)                                                                       \
  "SELECT " DM_DOCUMENT_COLUMNS                                                                 \
  " FROM document WHERE ?1 IS NULL OR key IN (SELECT value FROM json_each(?1)) ORDER BY " order \
  ", path LIMIT ?2 "                                                                            \
  "OFFSET ?3"
    {DM_LISTING("path"), DM_LISTING("path DESC")},
    {DM_LISTING("title"), DM_LISTING("title DESC")},
    {DM_LISTING("added_ms"), DM_LISTING("added_ms DESC")},
    {DM_LISTING("modified_ns"), DM_LISTING("modified_ns DESC")},
    {DM_LISTING("size"), DM_LISTING("size DESC")},
#undef DM_LISTING
}};

}  // namespace

std::string as_json(const std::vector<std::int64_t>& keys) { return fmt::format("[{}]", fmt::join(keys, ",")); }

Result<LibraryState> read_state(store::Source& from) {
  auto row =
      DM_TRY(from.query("SELECT generation, next_unit, next_chunk, documents, units, chunks, text_bytes, "
                        "unit_terms, chunk_terms, terms_version, erase_after, identity FROM library_state"));
  if (!DM_TRY(row.step()))
    return Error{Code::kDataLoss, "library_state is empty.",
                 "Stop DocMind, then put a copy of library.db back, or move it away and read the documents again."};
  LibraryState state;
  state.generation = static_cast<std::uint64_t>(row.integer(0));
  state.next_unit = row.integer(1);
  state.next_chunk = row.integer(2);
  state.documents = static_cast<std::uint64_t>(row.integer(3));
  state.units = static_cast<std::uint64_t>(row.integer(4));
  state.chunks = static_cast<std::uint64_t>(row.integer(5));
  state.text_bytes = static_cast<std::uint64_t>(row.integer(6));
  state.unit_terms = static_cast<std::uint64_t>(row.integer(7));
  state.chunk_terms = static_cast<std::uint64_t>(row.integer(8));
  state.terms_version = row.text(9);
  state.erase_after = static_cast<std::uint64_t>(row.integer(10));
  state.identity = row.text(11);
  return state;
}

Result<> write_state(store::Transaction& to, const LibraryState& state) {
  DM_TRY(
      to.run("UPDATE library_state SET generation=?, next_unit=?, next_chunk=?, documents=?, units=?, chunks=?, "
             "text_bytes=?, unit_terms=?, chunk_terms=?, terms_version=?, erase_after=?",
             {state.generation, state.next_unit, state.next_chunk, state.documents, state.units, state.chunks,
              state.text_bytes, state.unit_terms, state.chunk_terms, state.terms_version, state.erase_after}));
  return {};
}

Result<> forget_erase(store::Transaction& to, std::uint64_t erase_after) {
  DM_TRY(to.run("UPDATE library_state SET erase_after=0 WHERE erase_after=?", {erase_after}));
  return {};
}

Result<std::int64_t> insert_document(store::Transaction& to, const Document& d) {
  const std::optional<std::int64_t> key = d.key == 0 ? std::nullopt : std::optional(d.key);
  const std::string warnings = join(d.warnings);
  DM_TRY(to.run("INSERT INTO document(" DM_DOCUMENT_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                {key,           d.id,          d.path,        d.version,     d.type,           d.title,
                 d.size,        d.modified_ns, d.added_ms,    d.updated_ms,  d.parser_version, d.chunker_version,
                 d.model_hash,  d.text_bytes,  d.page_count,  d.block_count, d.section_count,  d.unit_count,
                 d.chunk_count, d.first_unit,  d.first_chunk, warnings}));
  return to.last_row_id();
}

Result<> delete_document(store::Transaction& to, std::int64_t key) {
  DM_TRY(to.run("DELETE FROM document WHERE key=?", {key}));
  return {};
}

Result<> update_times(store::Transaction& to, std::int64_t key, std::int64_t modified_ns) {
  if (DM_TRY(to.run("UPDATE document SET modified_ns=? WHERE key=?", {modified_ns, key})) == 0) {
    return Error{Code::kNotFound, "The document is not in the library any more.", ""};
  }
  return {};
}

Result<std::optional<Document>> document_by_key(store::Source& from, std::int64_t key) {
  return one(from, "SELECT " DM_DOCUMENT_COLUMNS " FROM document WHERE key=?", key);
}

Result<std::optional<Document>> document_by_path(store::Source& from, std::string_view path) {
  return one(from, "SELECT " DM_DOCUMENT_COLUMNS " FROM document WHERE path=?", path);
}

Result<std::optional<Document>> document_by_id(store::Source& from, std::string_view id) {
  return one(from, "SELECT " DM_DOCUMENT_COLUMNS " FROM document WHERE id=?", id);
}

Result<std::vector<std::int64_t>> matching_documents(store::Source& from, const DocumentFilter& filter) {
  std::vector<std::int64_t> keys;
  if (filter.documents.empty()) {
    auto rows = DM_TRY(from.query("SELECT key, type, modified_ns FROM document ORDER BY key"));
    DM_TRY(collect(std::move(rows), filter, keys));
    return keys;
  }
  for (const std::string& wanted : filter.documents) {
    auto rows = DM_TRY(from.query("SELECT key, type, modified_ns FROM document WHERE id=?1 OR path=?1", {wanted}));
    DM_TRY(collect(std::move(rows), filter, keys));
    if (!wanted.ends_with('/')) continue;
    const std::string end = wanted.substr(0, wanted.size() - 1) + '0';  // '0' follows '/'.
    auto below =
        DM_TRY(from.query("SELECT key, type, modified_ns FROM document WHERE path>?1 AND path<?2", {wanted, end}));
    DM_TRY(collect(std::move(below), filter, keys));
  }
  std::ranges::sort(keys);
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

Result<std::vector<Document>> list_documents(store::Source& from, const ListOptions& options) {
  std::optional<std::string> keys;
  if (!options.filter.empty()) keys = as_json(DM_TRY(matching_documents(from, options.filter)));
  const auto sort = static_cast<std::size_t>(options.sort);
  const char* sql = kListings[sort][options.order == Order::kDown ? 1 : 0];
  auto rows = DM_TRY(from.query(sql, {keys, options.limit, options.offset}));
  std::vector<Document> out;
  while (DM_TRY(rows.step())) out.push_back(document_of(rows));
  return out;
}

}  // namespace docmind::library

#include "library/impl/passage_table.h"

#include <map>
#include <optional>
#include <utility>

#include "library/impl/layout_table.h"
#include "library/impl/text_table.h"

namespace docmind::library {
namespace {

#define DM_UNIT_COLUMNS \
  "id, document, start, \"end\", kind, block, page, section, ordinal, lead_in, source, chunk, position"
#define DM_CHUNK_COLUMNS "id, document, start, \"end\", page, heading, tokens, first_unit, end_unit, embedding"

// Fills in the texts of rows that may come from several documents.
class Texts {
 public:
  explicit Texts(store::Source& from) : from_(from) {}
  Result<std::string> read(std::int64_t document, doc::Span span) {
    return readers_.try_emplace(document, from_, document).first->second.read(span);
  }

 private:
  store::Source& from_;
  std::map<std::int64_t, TextReader> readers_;
};

Result<Unit> unit_of(const store::Statement& row) {
  Unit u;
  u.id = row.integer(0);
  u.document = row.integer(1);
  u.span = span_of(row, 2);
  u.kind = static_cast<UnitKind>(row.integer(4));
  u.block = static_cast<std::uint32_t>(row.integer(5));
  u.page = or_none(row, 6);
  u.section = or_none(row, 7);
  u.ordinal = static_cast<std::uint32_t>(row.integer(8));
  u.lead_in = row.integer(9);
  u.source = row.integer(10) != 0;
  u.chunk = row.integer(11);
  u.position = static_cast<std::uint32_t>(row.integer(12));
  return u;
}

Result<Chunk> chunk_of(const store::Statement& row) {
  Chunk c;
  c.id = row.integer(0);
  c.document = row.integer(1);
  c.span = span_of(row, 2);
  c.page = or_none(row, 4);
  c.heading = row.text(5);
  c.tokens = static_cast<std::uint32_t>(row.integer(6));
  c.first_unit = row.integer(7);
  c.end_unit = row.integer(8);
  c.embedding = DM_TRY(hash_of(row, 9));
  return c;
}

// Appends the rows of a statement, which `row_of` reads, with their texts.
template <typename Row>
Result<> append(store::Statement& rows, Texts& texts, Result<Row> (*row_of)(const store::Statement&),
                std::vector<Row>& out) {
  while (DM_TRY(rows.step())) {
    Row& row = out.emplace_back(DM_TRY(row_of(rows)));
    row.text = DM_TRY(texts.read(row.document, row.span));
  }
  return {};
}

template <typename Row>
Result<std::vector<Row>> passages(store::Source& from, store::Statement rows,
                                  Result<Row> (*row_of)(const store::Statement&)) {
  std::vector<Row> out;
  Texts texts(from);
  DM_TRY(append(rows, texts, row_of, out));
  return out;
}

// `row` selects by its only parameter, the id.
template <typename Row>
Result<std::vector<Row>> passages_by_id(store::Source& from, store::Statement row, std::span<const std::int64_t> ids,
                                        Result<Row> (*row_of)(const store::Statement&)) {
  std::vector<Row> out;
  Texts texts(from);
  for (const std::int64_t id : ids) {
    row.reset();
    DM_TRY(row.bind(1, id));
    DM_TRY(append(row, texts, row_of, out));
  }
  return out;
}

Result<> insert_units(store::Transaction& to, const Document& document, const PreparedDocument& prepared) {
  auto insert = DM_TRY(to.query("INSERT INTO unit(" DM_UNIT_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  const auto& units = prepared.given.units;
  for (std::size_t i = 0; i < units.size(); ++i) {
    const NewUnit& u = units[i];
    std::optional<std::int64_t> lead_in;
    if (u.lead_in != kNone) lead_in = document.first_unit + u.lead_in;
    std::optional<std::int64_t> chunk;
    if (u.chunk != kNone) chunk = document.first_chunk + u.chunk;
    DM_TRY(insert.execute({document.first_unit + static_cast<std::int64_t>(i), document.key, u.span.start, u.span.end,
                           static_cast<int>(u.kind), u.block, or_null(prepared.unit_pages[i]), or_null(u.section),
                           u.ordinal, lead_in, u.source, chunk, u.position}));
  }
  return {};
}

Result<> insert_chunks(store::Transaction& to, const Document& document, const PreparedDocument& prepared) {
  auto insert = DM_TRY(to.query("INSERT INTO chunk(" DM_CHUNK_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?)"));
  const auto& chunks = prepared.given.chunks;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const NewChunk& c = chunks[i];
    DM_TRY(insert.execute({document.first_chunk + static_cast<std::int64_t>(i), document.key, c.span.start, c.span.end,
                           or_null(prepared.chunk_pages[i]), c.heading, c.tokens, document.first_unit + c.first_unit,
                           document.first_unit + c.end_unit, store::Blob{c.embedding.view()}}));
  }
  return {};
}

}  // namespace

Result<> insert_passages(store::Transaction& to, const Document& document, const PreparedDocument& prepared) {
  DM_TRY(insert_chunks(to, document, prepared));
  return insert_units(to, document, prepared);
}

Result<std::vector<Unit>> units_of(store::Source& from, std::int64_t document) {
  return passages(from,
                  DM_TRY(from.query("SELECT " DM_UNIT_COLUMNS " FROM unit WHERE document=? ORDER BY id", {document})),
                  unit_of);
}

Result<std::vector<Unit>> units_by_id(store::Source& from, std::span<const std::int64_t> ids) {
  return passages_by_id(from, DM_TRY(from.query("SELECT " DM_UNIT_COLUMNS " FROM unit WHERE id=?")), ids, unit_of);
}

Result<std::vector<Unit>> units_near(store::Source& from, std::int64_t unit, std::uint32_t before,
                                     std::uint32_t after) {
  auto rows = DM_TRY(from.query("SELECT " DM_UNIT_COLUMNS " FROM unit WHERE id BETWEEN ?1 - ?2 AND ?1 + ?3 AND "
                                "document = (SELECT document FROM unit WHERE id=?1) ORDER BY id",
                                {unit, before, after}));
  return passages(from, std::move(rows), unit_of);
}

Result<std::vector<Unit>> units_overlapping(store::Source& from, std::int64_t document, doc::Span span) {
  auto rows = DM_TRY(from.query("SELECT " DM_UNIT_COLUMNS " FROM unit WHERE document=? AND \"end\">? AND start<? "
                                "ORDER BY id",
                                {document, span.start, span.end}));
  return passages(from, std::move(rows), unit_of);
}

Result<std::vector<Chunk>> chunks_of(store::Source& from, std::int64_t document) {
  return passages(from,
                  DM_TRY(from.query("SELECT " DM_CHUNK_COLUMNS " FROM chunk WHERE document=? ORDER BY id", {document})),
                  chunk_of);
}

Result<std::vector<Chunk>> chunks_by_id(store::Source& from, std::span<const std::int64_t> ids) {
  return passages_by_id(from, DM_TRY(from.query("SELECT " DM_CHUNK_COLUMNS " FROM chunk WHERE id=?")), ids, chunk_of);
}

}  // namespace docmind::library

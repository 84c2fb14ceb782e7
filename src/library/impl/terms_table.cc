#include "library/impl/terms_table.h"

#include "library/impl/document_table.h"
#include "library/impl/passage_table.h"

namespace docmind::library {
namespace {

// The lengths of a row as FTS5 keeps them: one varint per column, most significant 7 bits first
// (https://sqlite.org/fts5.html#the_docsize_table).
std::uint64_t sum_varints(std::string_view bytes) {
  std::uint64_t sum = 0;
  std::uint64_t value = 0;
  for (char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    value = value << 7U | (byte & 0x7fU);
    if (byte >= 0x80U) continue;
    sum += value;
    value = 0;
  }
  return sum;
}

Result<std::uint64_t> count_terms(store::Transaction& to, const char* sql, std::int64_t first, std::uint32_t count) {
  auto rows = DM_TRY(to.query(sql, {first, first + count}));
  std::uint64_t terms = 0;
  while (DM_TRY(rows.step())) terms += sum_varints(rows.blob(0));
  return terms;
}

struct Lengths {
  std::uint64_t chunks = 0;
  std::uint64_t units = 0;
};

Result<Lengths> lengths_of(store::Transaction& to, const Document& d) {
  return Lengths{
      DM_TRY(count_terms(to, "SELECT sz FROM chunk_terms_docsize WHERE id>=? AND id<?", d.first_chunk, d.chunk_count)),
      DM_TRY(count_terms(to, "SELECT sz FROM unit_terms_docsize WHERE id>=? AND id<?", d.first_unit, d.unit_count))};
}

Result<> delete_rows(store::Transaction& to, const char* sql, std::int64_t first, std::uint32_t count) {
  auto remove = DM_TRY(to.query(sql));
  for (std::int64_t id = first; id < first + count; ++id) DM_TRY(remove.execute({id}));
  return {};
}

}  // namespace

Result<> insert_terms(store::Transaction& to, const Document& document, LibraryState& state) {
  auto chunk_row = DM_TRY(to.query("INSERT INTO chunk_terms(rowid, heading, body) VALUES(?,?,?)"));
  for (const Chunk& chunk : DM_TRY(chunks_of(to, document.key))) {
    DM_TRY(chunk_row.execute({chunk.id, chunk.heading, chunk.text}));
  }
  auto unit_row = DM_TRY(to.query("INSERT INTO unit_terms(rowid, body) VALUES(?,?)"));
  for (const Unit& unit : DM_TRY(units_of(to, document.key))) DM_TRY(unit_row.execute({unit.id, unit.text}));
  const Lengths lengths = DM_TRY(lengths_of(to, document));
  state.chunk_terms += lengths.chunks;
  state.unit_terms += lengths.units;
  return {};
}

Result<> delete_terms(store::Transaction& to, const Document& d, LibraryState& state) {
  const Lengths lengths = DM_TRY(lengths_of(to, d));
  state.chunk_terms -= lengths.chunks;
  state.unit_terms -= lengths.units;
  DM_TRY(delete_rows(to, "DELETE FROM chunk_terms WHERE rowid=?", d.first_chunk, d.chunk_count));
  return delete_rows(to, "DELETE FROM unit_terms WHERE rowid=?", d.first_unit, d.unit_count);
}

Result<> rebuild_terms(store::Transaction& to, LibraryState& state) {
  DM_TRY(to.run("INSERT INTO chunk_terms(chunk_terms) VALUES('delete-all')"));
  DM_TRY(to.run("INSERT INTO unit_terms(unit_terms) VALUES('delete-all')"));
  state.chunk_terms = 0;
  state.unit_terms = 0;
  for (std::int64_t key : DM_TRY(matching_documents(to, {}))) {
    const auto document = DM_TRY(document_by_key(to, key));
    if (document) DM_TRY(insert_terms(to, *document, state));
  }
  return {};
}

// https://sqlite.org/fts5.html#the_merge_command: a negative number of pages begins to merge everything; it is done
// when a call changes fewer than two rows.
Result<bool> merge_terms(store::Transaction& to, Merge step) {
  constexpr std::int64_t kPages = 200;
  const std::int64_t pages = step == Merge::kBegin ? -kPages : kPages;
  const auto changes = [&]() -> Result<std::int64_t> {
    auto row = DM_TRY(to.query("SELECT total_changes()"));
    DM_TRY(row.step());
    return row.integer(0);
  };
  bool more = false;
  for (const char* sql : {"INSERT INTO chunk_terms(chunk_terms, rank) VALUES('merge', ?)",
                          "INSERT INTO unit_terms(unit_terms, rank) VALUES('merge', ?)"}) {
    const std::int64_t before = DM_TRY(changes());
    DM_TRY(to.run(sql, {pages}));
    more = DM_TRY(changes()) - before >= 2 || more;
  }
  return more;
}

}  // namespace docmind::library

#include "library/impl/terms_table.h"

#include "library/impl/document_table.h"
#include "library/impl/passage_table.h"

namespace docmind::library {
namespace {

struct Statements {
  const char* chunk;
  const char* unit;
};
constexpr Statements kInsert = {"INSERT INTO chunk_terms(rowid, heading, body) VALUES(?,?,?)",
                                "INSERT INTO unit_terms(rowid, body) VALUES(?,?)"};
constexpr Statements kDelete = {"INSERT INTO chunk_terms(chunk_terms, rowid, heading, body) VALUES('delete',?,?,?)",
                                "INSERT INTO unit_terms(unit_terms, rowid, body) VALUES('delete',?,?)"};

Result<> for_rows(store::Transaction& to, std::int64_t document, const Statements& statements) {
  auto chunk_row = DM_TRY(to.query(statements.chunk));
  for (const Chunk& chunk : DM_TRY(chunks_of(to, document))) {
    DM_TRY(chunk_row.execute({chunk.id, chunk.heading, chunk.text}));
  }
  auto unit_row = DM_TRY(to.query(statements.unit));
  for (const Unit& unit : DM_TRY(units_of(to, document))) DM_TRY(unit_row.execute({unit.id, unit.text}));
  return {};
}

}  // namespace

Result<> insert_terms(store::Transaction& to, const Document& document) { return for_rows(to, document.key, kInsert); }

Result<> delete_terms(store::Transaction& to, const Document& document) { return for_rows(to, document.key, kDelete); }

Result<> rebuild_terms(store::Transaction& to) {
  DM_TRY(to.run("INSERT INTO chunk_terms(chunk_terms) VALUES('delete-all')"));
  DM_TRY(to.run("INSERT INTO unit_terms(unit_terms) VALUES('delete-all')"));
  for (std::int64_t key : DM_TRY(matching_documents(to, {}))) DM_TRY(for_rows(to, key, kInsert));
  return {};
}

}  // namespace docmind::library

#include <algorithm>
#include <array>

#include "library/impl/document_table.h"
#include "library/lexical_index.h"

namespace docmind::library {
namespace {

constexpr std::size_t kMaxTerms = 256;

// The bounds are those of the documents' rows, which FTS5 can use itself. The filter proper stands outside of MATCH
// with a plus sign: as a constraint on rowid, FTS5 would run the whole query once for each of its values.
#define DM_SEARCH(table) "SELECT rowid, okapi(" table ", ?3, ?4) AS score FROM " table " WHERE " table " MATCH ?1 "
#define DM_BEST "ORDER BY score DESC, rowid LIMIT ?2"
constexpr std::array<const char*, 2> kSearch = {DM_SEARCH("chunk_terms") DM_BEST, DM_SEARCH("unit_terms") DM_BEST};
constexpr std::array<const char*, 2> kFiltered = {
    DM_SEARCH("chunk_terms") "AND rowid >= ?6 AND rowid < ?7 AND +rowid IN (SELECT id FROM chunk WHERE document IN (SELECT value FROM json_each(?5))) "
    DM_BEST,
    DM_SEARCH("unit_terms") "AND rowid >= ?6 AND rowid < ?7 AND +rowid IN (SELECT id FROM unit WHERE document IN (SELECT value FROM json_each(?5))) "
    DM_BEST};
#undef DM_SEARCH
#undef DM_BEST
constexpr std::array<const char*, 2> kBounds = {
    "SELECT min(first_chunk), max(first_chunk + chunk_count) FROM document WHERE key IN (SELECT value FROM "
    "json_each(?))",
    "SELECT min(first_unit), max(first_unit + unit_count) FROM document WHERE key IN (SELECT value FROM json_each(?))"};
constexpr std::array<const char*, 2> kFrequency = {"SELECT doc FROM chunk_vocabulary WHERE term=?",
                                                   "SELECT doc FROM unit_vocabulary WHERE term=?"};

// "a" OR "b": quoted, so that nothing in a term is FTS5's syntax. A NUL would end the expression.
std::string expression(std::vector<std::string> terms) {
  std::ranges::sort(terms);
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  std::string out;
  std::size_t used = 0;
  for (const std::string& term : terms) {
    if (term.empty() || term.find('\0') != std::string::npos) continue;
    if (used++ == kMaxTerms) break;
    out += out.empty() ? "\"" : " OR \"";
    for (char c : term) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    out += '"';
  }
  return out;
}

Result<> collect(store::Statement& rows, std::vector<LexicalHit>& hits) {
  while (DM_TRY(rows.step())) hits.push_back({rows.integer(0), rows.real(1)});
  return {};
}

class Fts5Index final : public LexicalIndex {
 public:
  Result<std::vector<LexicalHit>> search(Snapshot& at, const LexicalQuery& query) override {
    const std::string match = expression(query.terms);
    std::vector<LexicalHit> hits;
    if (match.empty() || query.k == 0 || (query.documents && query.documents->empty())) return hits;
    const auto which = static_cast<std::size_t>(query.rows);
    const LibraryState state = DM_TRY(read_state(at.reader()));
    const std::uint64_t rows = query.rows == Rows::kChunks ? state.chunks : state.units;
    const std::uint64_t terms = query.rows == Rows::kChunks ? state.chunk_terms : state.unit_terms;
    const double average = rows == 0 ? 1.0 : static_cast<double>(terms) / static_cast<double>(rows);
    if (!query.documents) {
      auto found = DM_TRY(at.reader().query(kSearch[which], {match, query.k, rows, average}));
      DM_TRY(collect(found, hits));
      return hits;
    }
    const std::string keys = as_json(*query.documents);
    auto bounds = DM_TRY(at.reader().query(kBounds[which], {keys}));
    if (!DM_TRY(bounds.step()) || bounds.is_null(0)) return hits;
    auto found = DM_TRY(at.reader().query(kFiltered[which],
                                          {match, query.k, rows, average, keys, bounds.integer(0), bounds.integer(1)}));
    DM_TRY(collect(found, hits));
    return hits;
  }

  Result<std::vector<std::uint64_t>> document_frequencies(Snapshot& at, Rows rows,
                                                          const std::vector<std::string>& terms) override {
    std::vector<std::uint64_t> out;
    auto row = DM_TRY(at.reader().query(kFrequency[static_cast<std::size_t>(rows)]));
    for (const std::string& term : terms) {
      row.reset();
      DM_TRY(row.bind(1, term));
      out.push_back(DM_TRY(row.step()) ? static_cast<std::uint64_t>(row.integer(0)) : 0);
    }
    return out;
  }

  Result<std::uint64_t> total(Snapshot& at, Rows rows) override {
    const LibraryState state = DM_TRY(read_state(at.reader()));
    return rows == Rows::kChunks ? state.chunks : state.units;
  }
};

}  // namespace

Result<std::vector<std::int64_t>> documents_holding(Snapshot& at, const std::string& term) {
  std::vector<std::int64_t> keys;
  const std::string match = expression({term});
  if (match.empty()) return keys;
  auto rows = DM_TRY(at.reader().query(
      "SELECT DISTINCT document FROM chunk WHERE id IN (SELECT rowid FROM chunk_terms WHERE chunk_terms MATCH ?1) "
      "ORDER BY document",
      {match}));
  while (DM_TRY(rows.step())) keys.push_back(rows.integer(0));
  return keys;
}

std::unique_ptr<LexicalIndex> fts5_index() { return std::make_unique<Fts5Index>(); }

}  // namespace docmind::library

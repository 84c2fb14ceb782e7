#include "retrieval/impl/document_rows.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"

namespace docmind::retrieval {
namespace {

// Rows get new numbers with every version that is stored, and no number is given twice.
std::string stamp_of(const library::Document& row) {
  return content_hash(row.id + "\n" + row.version + "\n" + row.model_hash + "\n" + std::to_string(row.first_chunk) +
                      "\n" + std::to_string(row.first_unit))
      .hex()
      .substr(0, 32);
}

}  // namespace

Summary summary_of(const Rows& rows) {
  return {rows.stamp, rows.chunks.space, std::max(rows.chunks.dimensions, rows.units.dimensions),
          rows.chunks.ids.size(), rows.units.ids.size()};
}

Result<std::optional<Rows>> read_rows(library::Snapshot& at, std::int64_t document, bool stamped) {
  auto row = at.document(document);
  if (!row && row.error().code == Code::kNotFound) return std::optional<Rows>();
  if (!row) return std::move(row).error();
  Rows out{stamped ? stamp_of(*row) : std::string(), {row->model_hash, 0, {}, {}}, {row->model_hash, 0, {}, {}}};
  const auto collect = [](DocumentVectors& rows) {
    return [&rows](const library::Snapshot::Vector& vector) -> Result<> {
      if (rows.ids.empty()) rows.dimensions = static_cast<std::uint32_t>(vector.halves.size());
      rows.ids.push_back(vector.id);
      rows.halves.insert(rows.halves.end(), vector.halves.begin(), vector.halves.end());
      return {};
    };
  };
  DM_TRY(at.chunk_vectors(collect(out.chunks), document));
  DM_TRY(at.unit_vectors(collect(out.units), document));
  for (DocumentVectors* rows : {&out.chunks, &out.units}) {
    rows->ids.shrink_to_fit();
    rows->halves.shrink_to_fit();
  }
  return std::optional<Rows>(std::move(out));
}

std::vector<vectors::Point> points_of(std::int64_t document, const std::string& stamp, const DocumentVectors& rows,
                                      std::size_t from) {
  std::vector<vectors::Point> out;
  for (std::size_t i = from; i < std::min(from + kBatch, rows.ids.size()); ++i) {
    const auto begin = rows.halves.begin() + static_cast<std::ptrdiff_t>(i * rows.dimensions);
    out.push_back({rows.ids[i],
                   {begin, begin + rows.dimensions},
                   {{std::string(kDocument), document}, {std::string(kStamp), stamp}}});
  }
  return out;
}

}  // namespace docmind::retrieval

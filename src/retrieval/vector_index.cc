#include "retrieval/vector_index.h"

#include <algorithm>
#include <functional>
#include <mutex>

namespace docmind::retrieval {
namespace {

bool fits(const VectorQuery& query, const DocumentVectors& rows) {
  return query.vector.size() == rows.dimensions && query.space == rows.space;
}

}  // namespace

Result<> VectorIndex::put(std::int64_t document, DocumentVectors rows) {
  if (rows.halves.size() != rows.ids.size() * rows.dimensions) {
    return Error{Code::kInvalidArgument, "The vectors of a document have the wrong size.",
                 "Read the document again: docmind ingest."};
  }
  if (std::adjacent_find(rows.ids.begin(), rows.ids.end(), std::greater_equal<>()) != rows.ids.end()) {
    return Error{Code::kInvalidArgument, "The vectors of a document are not in ascending order."};
  }
  const std::unique_lock lock(mutex_);
  if (rows.ids.empty()) {
    documents_.erase(document);
  } else {
    documents_[document] = std::move(rows);
  }
  return {};
}

void VectorIndex::remove(std::int64_t document) {
  const std::unique_lock lock(mutex_);
  documents_.erase(document);
}

std::vector<Neighbour> VectorIndex::nearest(const VectorQuery& query, std::size_t k, const DocumentSet* allowed) const {
  if (k == 0) return {};
  vectors::Best best(k);
  std::vector<float> cosines;
  const std::shared_lock lock(mutex_);
  for (const auto& [document, rows] : documents_) {
    if (allowed != nullptr && !allowed->contains(document)) continue;
    if (!fits(query, rows)) continue;
    cosines.resize(rows.ids.size());
    vectors::dots(query.vector, rows.halves.data(), cosines);
    for (std::size_t row = 0; row < rows.ids.size(); ++row) best.offer({rows.ids[row], cosines[row]});
  }
  return best.take();
}

std::vector<float> VectorIndex::cosines(const VectorQuery& query, std::int64_t document,
                                        std::span<const std::int64_t> ids) const {
  std::vector<float> out(ids.size());
  const std::shared_lock lock(mutex_);
  const auto found = documents_.find(document);
  if (found == documents_.end() || !fits(query, found->second)) return out;
  const DocumentVectors& rows = found->second;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto at = std::lower_bound(rows.ids.begin(), rows.ids.end(), ids[i]);
    if (at == rows.ids.end() || *at != ids[i]) continue;
    const auto row = static_cast<std::size_t>(at - rows.ids.begin());
    vectors::dots(query.vector, rows.halves.data() + row * rows.dimensions, std::span(&out[i], 1));
  }
  return out;
}

std::size_t VectorIndex::size() const {
  const std::shared_lock lock(mutex_);
  std::size_t rows = 0;
  for (const auto& [document, held] : documents_) rows += held.ids.size();
  return rows;
}

std::size_t VectorIndex::bytes() const {
  const std::shared_lock lock(mutex_);
  std::size_t bytes = 0;
  for (const auto& [document, rows] : documents_) {
    bytes += rows.ids.capacity() * sizeof(std::int64_t) + rows.halves.capacity() * sizeof(std::uint16_t);
  }
  return bytes;
}

}  // namespace docmind::retrieval

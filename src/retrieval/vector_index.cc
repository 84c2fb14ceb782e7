// Compiled once per instruction set by Highway's foreach_target; HWY_ONCE marks what exists only once.
#include "retrieval/vector_index.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "retrieval/vector_index.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace docmind::retrieval::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// One row of halves against the query: two accumulators hide the latency of the fused multiply-add.
inline float half_dot(const float* HWY_RESTRICT query, const std::uint16_t* HWY_RESTRICT row, std::size_t size) {
  const hn::ScalableTag<float> df;
  const hn::Rebind<hwy::float16_t, decltype(df)> dh;
  const std::size_t lanes = hn::Lanes(df);
  const auto* halves = reinterpret_cast<const hwy::float16_t*>(row);
  auto sum0 = hn::Zero(df);
  auto sum1 = hn::Zero(df);
  std::size_t i = 0;
  for (; i + 2 * lanes <= size; i += 2 * lanes) {
    sum0 = hn::MulAdd(hn::LoadU(df, query + i), hn::PromoteTo(df, hn::LoadU(dh, halves + i)), sum0);
    sum1 = hn::MulAdd(hn::LoadU(df, query + i + lanes), hn::PromoteTo(df, hn::LoadU(dh, halves + i + lanes)), sum1);
  }
  float total = hn::GetLane(hn::SumOfLanes(df, hn::Add(sum0, sum1)));
  const hn::CappedTag<float, 1> one;  // What is left when the size is no multiple of the lanes.
  const hn::Rebind<hwy::float16_t, decltype(one)> one_half;
  for (; i < size; ++i) {
    total += query[i] * hn::GetLane(hn::PromoteTo(one, hn::LoadU(one_half, halves + i)));
  }
  return total;
}

void score_rows(const float* query, const std::uint16_t* rows, std::size_t count, std::size_t size, float* out) {
  for (std::size_t row = 0; row < count; ++row) out[row] = half_dot(query, rows + row * size, size);
}

}  // namespace docmind::retrieval::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <functional>
#include <mutex>

namespace docmind::retrieval {
namespace {

HWY_EXPORT(score_rows);

bool better(const Neighbour& a, const Neighbour& b) { return a.cosine != b.cosine ? a.cosine > b.cosine : a.id < b.id; }

bool fits(const VectorQuery& query, const DocumentVectors& rows) {
  return query.vector.size() == rows.dimensions && query.space == rows.space;
}

// Keeps the best k seen, worst on top of the heap.
class Best {
 public:
  explicit Best(std::size_t k) : k_(k) {}

  void offer(const Neighbour& one) {
    if (heap_.size() < k_) {
      heap_.push_back(one);
      std::push_heap(heap_.begin(), heap_.end(), better);
    } else if (better(one, heap_.front())) {
      std::pop_heap(heap_.begin(), heap_.end(), better);
      heap_.back() = one;
      std::push_heap(heap_.begin(), heap_.end(), better);
    }
  }

  std::vector<Neighbour> take() {
    std::sort_heap(heap_.begin(), heap_.end(), better);
    return std::move(heap_);
  }

 private:
  std::size_t k_;
  std::vector<Neighbour> heap_;
};

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
  auto* const score = HWY_DYNAMIC_DISPATCH(score_rows);
  Best best(k);
  std::vector<float> cosines;
  const std::shared_lock lock(mutex_);
  for (const auto& [document, rows] : documents_) {
    if (allowed != nullptr && !allowed->contains(document)) continue;
    if (!fits(query, rows)) continue;
    cosines.resize(rows.ids.size());
    score(query.vector.data(), rows.halves.data(), rows.ids.size(), rows.dimensions, cosines.data());
    for (std::size_t row = 0; row < rows.ids.size(); ++row) best.offer({rows.ids[row], cosines[row]});
  }
  return best.take();
}

std::vector<float> VectorIndex::cosines(const VectorQuery& query, std::int64_t document,
                                        std::span<const std::int64_t> ids) const {
  std::vector<float> out(ids.size());
  auto* const score = HWY_DYNAMIC_DISPATCH(score_rows);
  const std::shared_lock lock(mutex_);
  const auto found = documents_.find(document);
  if (found == documents_.end() || !fits(query, found->second)) return out;
  const DocumentVectors& rows = found->second;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto at = std::lower_bound(rows.ids.begin(), rows.ids.end(), ids[i]);
    if (at == rows.ids.end() || *at != ids[i]) continue;
    const auto row = static_cast<std::size_t>(at - rows.ids.begin());
    score(query.vector.data(), rows.halves.data() + row * rows.dimensions, 1, rows.dimensions, &out[i]);
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
#endif  // HWY_ONCE

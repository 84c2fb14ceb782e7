// Compiled once per instruction set by Highway's foreach_target; HWY_ONCE marks what exists only once.
#include "vectors/scan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "vectors/scan.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace docmind::vectors::HWY_NAMESPACE {
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

}  // namespace docmind::vectors::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <utility>

namespace docmind::vectors {
namespace {

HWY_EXPORT(score_rows);

bool better(const Neighbour& a, const Neighbour& b) { return a.cosine != b.cosine ? a.cosine > b.cosine : a.id < b.id; }

}  // namespace

void dots(std::span<const float> query, const std::uint16_t* rows, std::span<float> out) {
  HWY_DYNAMIC_DISPATCH(score_rows)(query.data(), rows, out.size(), query.size(), out.data());
}

void Best::offer(const Neighbour& one) {
  if (heap_.size() < k_) {
    heap_.push_back(one);
    std::push_heap(heap_.begin(), heap_.end(), better);
  } else if (k_ > 0 && better(one, heap_.front())) {
    std::pop_heap(heap_.begin(), heap_.end(), better);
    heap_.back() = one;
    std::push_heap(heap_.begin(), heap_.end(), better);
  }
}

std::vector<Neighbour> Best::take() {
  std::sort_heap(heap_.begin(), heap_.end(), better);
  return std::exchange(heap_, {});
}

}  // namespace docmind::vectors
#endif  // HWY_ONCE

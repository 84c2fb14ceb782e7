// The exact scan: rows of half floats against a query, and the best of what was scored.
//
// dots() is compiled once per instruction set, the fitting one is chosen at run time. Pure; Best is not thread-safe.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace docmind::vectors {

struct Neighbour {
  std::int64_t id = 0;
  float cosine = 0;
};

// The dot product of the query with each of the rows, which lie behind one another: out.size() of them, each as long
// as the query. Of L2-normalised vectors that is the cosine.
void dots(std::span<const float> query, const std::uint16_t* rows, std::span<float> out);

// Keeps the best k that it was offered: by cosine downwards, ties by id upwards.
class Best {
 public:
  explicit Best(std::size_t k) : k_(k) {}
  void offer(const Neighbour& one);
  std::vector<Neighbour> take();  // The best first; it is empty then.

 private:
  std::size_t k_;
  std::vector<Neighbour> heap_{};  // The worst on top.
};

}  // namespace docmind::vectors

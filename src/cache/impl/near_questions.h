// The vectors of the questions that have answers, by scope: which of one scope are nearest to a question, exactly.
//
// Not thread-safe. Vectors are L2-normalised; 4 bytes a dimension and entry
// (each row stands in the scan and in its block here, from which it is rebuilt).
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/half.h"
#include "base/hash.h"
#include "retrieval/vector_index.h"

namespace docmind::cache {

class NearQuestions {
 public:
  // `id` is greater than any added before.
  void add(const ContentHash& scope, std::int64_t id, std::string_view space, const Halves& vector);
  void remove(const ContentHash& scope, std::int64_t id);
  // At most k of the scope, the nearest first.
  std::vector<retrieval::Neighbour> nearest(const ContentHash& scope, std::span<const float> vector,
                                            std::string_view space, std::size_t k);

 private:
  // A change rewrites one block, so blocks are small beside a scope and large beside what a block costs in a scan.
  static constexpr std::int64_t kBlock = 128;
  struct OneScope {
    std::map<std::int64_t, retrieval::DocumentVectors> blocks;  // By id / kBlock.
    std::optional<std::int64_t> newest{};  // The block that the scan has not read since rows came: it copies all of it.
    std::unique_ptr<retrieval::VectorIndex> scan = std::make_unique<retrieval::VectorIndex>();
  };
  static void scan_newest(OneScope& one);

  std::map<ContentHash, OneScope> scopes_;
};

}  // namespace docmind::cache

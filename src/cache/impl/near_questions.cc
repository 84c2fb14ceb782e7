#include "cache/impl/near_questions.h"

#include <algorithm>

namespace docmind::cache {

void NearQuestions::add(const ContentHash& scope, std::int64_t id, std::string_view space, const Halves& vector) {
  if (vector.empty()) return;
  OneScope& one = scopes_[scope];
  if (one.newest != id / kBlock) scan_newest(one);
  retrieval::DocumentVectors& block = one.blocks[id / kBlock];
  if (block.ids.empty()) {
    block.space = space;
    block.dimensions = static_cast<std::uint32_t>(vector.size());
  }
  if (block.space != space || block.dimensions != vector.size()) return;  // Of another model than its scope says.
  block.ids.push_back(id);
  block.halves.insert(block.halves.end(), vector.begin(), vector.end());
  one.newest = id / kBlock;
}

void NearQuestions::scan_newest(OneScope& one) {
  if (!one.newest) return;
  // The sizes fit by construction; a block that is refused is not found, which is a miss.
  (void)one.scan->put(*one.newest, one.blocks.at(*one.newest));
  one.newest.reset();
}

void NearQuestions::remove(const ContentHash& scope, std::int64_t id) {
  const auto found = scopes_.find(scope);
  if (found == scopes_.end()) return;
  OneScope& one = found->second;
  const auto at = one.blocks.find(id / kBlock);
  if (at == one.blocks.end()) return;
  retrieval::DocumentVectors& block = at->second;
  const auto row = std::ranges::find(block.ids, id);
  if (row == block.ids.end()) return;
  const auto begin = block.halves.begin() + ((row - block.ids.begin()) * static_cast<std::ptrdiff_t>(block.dimensions));
  block.halves.erase(begin, begin + static_cast<std::ptrdiff_t>(block.dimensions));
  block.ids.erase(row);
  (void)one.scan->put(id / kBlock, block);
  if (one.newest == id / kBlock) one.newest.reset();
  if (block.ids.empty()) one.blocks.erase(at);
  if (one.blocks.empty()) scopes_.erase(found);
}

std::vector<retrieval::Neighbour> NearQuestions::nearest(const ContentHash& scope, std::span<const float> vector,
                                                         std::string_view space, std::size_t k) {
  const auto found = scopes_.find(scope);
  if (found == scopes_.end()) return {};
  scan_newest(found->second);
  return found->second.scan->nearest({vector, space}, k, nullptr);
}

}  // namespace docmind::cache

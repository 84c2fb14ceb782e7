#include "grammar/impl/trie_walk.h"

namespace docmind::grammar {

void TrieWalk::run(Stacks& stacks, const std::vector<Head>& heads, std::uint32_t first, std::uint32_t last,
                   std::uint16_t above, TokenMask& mask, std::vector<std::uint32_t>* exits) {
  const std::span<const TokenTrie::Node> nodes = trie_.nodes();
  levels_.resize(trie_.longest() + 2);
  heads_ = heads;
  levels_[0] = {.heads = 0, .stacks = stacks.mark()};
  levels_[1] = {.heads = heads_.size(), .stacks = stacks.mark()};
  for (std::uint32_t i = first; i < last;) {
    const TokenTrie::Node& node = nodes[i];
    const std::size_t level = node.depth - above;  // Of what stands before it; 0 is the floor of the list.
    const std::size_t from = levels_[level - 1].heads;
    const std::size_t to = levels_[level].heads;
    heads_.resize(to);
    stacks.back_to(levels_[level].stacks);
    const bool ended = stacks.step(heads_, from, to, node.byte, heads_);
    if (heads_.size() == to && !ended) {
      i = node.end;
      continue;
    }
    if (node.token >= 0) {
      mask.set(node.token);
      for (const Token twin : trie_.twins(node.token)) mask.set(twin);
    }
    if (ended && exits != nullptr && node.end > i + 1) exits->push_back(i);
    levels_[level + 1] = {.heads = heads_.size(), .stacks = stacks.mark()};
    ++i;
  }
  stacks.back_to(levels_[1].stacks);
}

}  // namespace docmind::grammar

// The trie of a vocabulary walked with all heads at once: which tokens can be read from where they stand.
//
// One thread; scratch memory is kept between walks.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "grammar/impl/heads.h"
#include "grammar/tokens.h"

namespace docmind::grammar {

class TrieWalk {
 public:
  explicit TrieWalk(const TokenTrie& trie) : trie_(trie) {}

  // The nodes from `first` to before `last`, children of a node at depth `above` where `heads` stand. Tokens read to
  // their end are set in `mask`; with `exits`, nodes that have children and where the bottom of `stacks` ended are
  // added to it.
  void run(Stacks& stacks, const std::vector<Head>& heads, std::uint32_t first, std::uint32_t last, std::uint16_t above,
           TokenMask& mask, std::vector<std::uint32_t>* exits);

 private:
  struct Level {  // What stood after a node: the end of its heads, and of the stacks.
    std::size_t heads = 0;
    Stacks::Mark stacks;
  };
  const TokenTrie& trie_;
  std::vector<Level> levels_;
  std::vector<Head> heads_;
};

}  // namespace docmind::grammar

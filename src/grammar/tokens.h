// Which tokens of a vocabulary may come next in a Grammar: the vocabulary as a trie, and masks made by walking it.
//
// TokenTrie: immutable, any thread. Masker: one thread, remembers masks of states in which most tokens are possible
// (inside a string, in free text), in bounded memory; what a token does after leaving such a state (a closing quote and
// more) depends on the rest of the stack and is walked each time. The split is that of XGrammar (Dong et al. 2024).
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "grammar/matcher.h"

namespace docmind::grammar {

using Token = std::int32_t;

// One bit per token, set: allowed. Bits past the vocabulary are never set.
class TokenMask {
 public:
  explicit TokenMask(std::size_t vocabulary) : size_(vocabulary), words_((vocabulary + 63) / 64) {}
  std::size_t size() const { return size_; }
  bool test(Token token) const { return (words_[index(token)] >> (static_cast<unsigned>(token) % 64U) & 1U) != 0; }
  void set(Token token) { words_[index(token)] |= std::uint64_t{1} << (static_cast<unsigned>(token) % 64U); }
  void clear() { std::fill(words_.begin(), words_.end(), 0); }
  void add(const TokenMask& other);  // Of the same size.
  std::size_t count() const;
  // Minus infinity where the bit is not set. As many logits as tokens.
  void forbid(std::span<float> logits) const;
  std::span<const std::uint64_t> words() const { return words_; }  // Token t is bit t % 64 of word t / 64.

 private:
  static std::size_t index(Token token) { return static_cast<std::size_t>(token) / 64; }
  std::size_t size_;
  std::vector<std::uint64_t> words_;
};

class TokenTrie {
 public:
  // tokens[t] are the bytes token t stands for; empty: never allowed (special and unused tokens). Tokens of more
  // than 1024 bytes are never allowed. `ends` are the end-of-text tokens, allowed where the text may end.
  static Result<std::shared_ptr<const TokenTrie>> build(std::span<const std::string> tokens,
                                                        std::span<const Token> ends);

  struct Node {
    std::uint32_t end = 0;    // One past its subtree, in preorder.
    Token token = -1;         // Whose bytes end here.
    std::uint16_t depth = 0;  // From 1.
    std::uint8_t byte = 0;
  };
  std::span<const Node> nodes() const { return nodes_; }
  std::span<const Token> ends() const { return ends_; }
  std::span<const Token> twins(Token token) const;  // Other tokens of the same bytes.
  std::size_t size() const { return begins_.size() - 1; }
  std::string_view bytes(Token token) const;  // Empty for what is no token.
  bool is_end(Token token) const;
  std::size_t longest() const { return longest_; }  // Bytes.

 private:
  TokenTrie() = default;
  std::vector<Node> nodes_;
  std::vector<Token> ends_;
  std::unordered_map<Token, std::vector<Token>> twins_;
  std::string text_;
  std::vector<std::uint32_t> begins_;
  std::size_t longest_ = 0;
};

class Masker {
 public:
  struct Counts {
    std::uint64_t masks = 0;       // Asked for.
    std::uint64_t remembered = 0;  // States whose tokens were known already,
    std::uint64_t walked = 0;      // and those for which the trie was walked from end to end.
  };

  explicit Masker(std::shared_ptr<const TokenTrie> trie, std::size_t cache_bytes = 32ULL << 20U);
  ~Masker();

  // One token: much cheaper than the mask, so try the sampled token first. Out of range: false.
  bool allowed(const Matcher& matcher, Token token) const;
  // All tokens; `mask` must have trie().size() bits and is overwritten. Empty only when the matcher is finished and the
  // vocabulary has no end token, or when the vocabulary lacks single bytes.
  void allowed(const Matcher& matcher, TokenMask& mask);

  const TokenTrie& trie() const { return *trie_; }
  const Counts& counts() const { return counts_; }

 private:
  struct Cache;
  std::shared_ptr<const TokenTrie> trie_;
  std::unique_ptr<Cache> cache_;
  Counts counts_;
};

}  // namespace docmind::grammar

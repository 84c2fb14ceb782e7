// Which beginnings of texts are in the runner's cache, and who has their cells: a radix tree over token ids.
//
// Each node is a run of tokens and the set of sequences that pass through it; all sequences through a node share its
// cells. A running sequence enters with its whole prompt before that is computed, so that others which begin the same
// can see it coming and wait (single flight). What a text generates enters when it ends. A sequence that ends stays,
// "kept", until its room is wanted: evict() gives up leaf by leaf what is worth least for its size.
//
// Invariants: the tokens of a node that are ready are its first ones; only the one running sequence that computes it
// passes through a node that is not ready to its end; a kept sequence ends in a node that no other sequence passes
// through. Pure bookkeeping: it never touches a runner. Thread safety: one thread at a time.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "scheduler/runner.h"

namespace docmind::scheduler {

class PrefixTree {
 public:
  PrefixTree();
  ~PrefixTree();
  PrefixTree(const PrefixTree&) = delete;
  PrefixTree& operator=(const PrefixTree&) = delete;

  struct Match {
    std::uint32_t length = 0;            // Leading tokens that are here or being computed.
    std::uint32_t ready = 0;             // Of them, here.
    std::optional<SequenceId> holder{};  // Has the ready ones.
  };
  Match match(std::span<const TokenId> tokens) const;

  struct Begun {
    // Its tokens that are in the tree; those after them are its own affair until it ends. Less than all when the tree
    // has the next one already: a text computes at least one token, so who repeats another's prompt computes its last
    // token a second time.
    std::uint32_t in_tree = 0;
    std::optional<SequenceId> passed{};
  };
  // A sequence begins: its first `forked` tokens are those of a match and ready, it will compute the others. Its first
  // `shared` ones (0: none) are marked as worth keeping and saving. `passed` is a kept sequence that has nothing of its
  // own any more, as this one goes on where it ended: its cells can be dropped, its id is free.
  Begun begin(SequenceId sequence, std::span<const TokenId> tokens, std::uint32_t forked, std::uint32_t shared,
              TimePoint now);
  // The sequence has its first `length` tokens now.
  void computed(SequenceId sequence, std::uint32_t length);

  struct Ended {
    std::uint32_t keep = 0;  // Cells that it keeps, its first ones; 0: its id is free.
    // Of them, those at [twice_begin, twice_end) are second copies: they can be dropped and forked from the holder.
    std::uint32_t twice_begin = 0;
    std::uint32_t twice_end = 0;
    SequenceId holder = 0;
    std::optional<SequenceId> passed{};  // As for begin().
  };
  // A running sequence ends; `computed` is all that it has cells for, what it generated too.
  Ended end(SequenceId sequence, std::span<const TokenId> computed, TimePoint now);

  struct Cut {
    SequenceId sequence = 0;
    std::uint32_t keep = 0;  // Cells it still has; 0: its id is free.
  };
  // Gives up the kept leaf that is worth least; nullopt when nothing is kept.
  std::optional<Cut> evict(TimePoint now);
  // Gives up the kept sequence that is worth least, whole, so that its id is free.
  std::optional<Cut> evict_sequence(TimePoint now);

  // Gives up this sequence, whole; nullopt when it is not a kept one.
  std::optional<Cut> give_up(SequenceId sequence);

  // A shared beginning that is ready and not saved: its tokens and a holder. mark_saved() names it by its tokens.
  struct Unsaved {
    SequenceId holder = 0;
    std::vector<TokenId> tokens{};
  };
  std::optional<Unsaved> unsaved(std::uint32_t least_tokens) const;
  void mark_saved(std::span<const TokenId> tokens);

  std::uint32_t tokens() const { return tokens_; }  // In all nodes: cells held or promised to prompts.
  std::uint32_t ready() const;                      // Of them, those that are there.
  std::uint32_t kept() const;                       // Of those, the ones no running sequence has.
  std::uint32_t sequences() const { return static_cast<std::uint32_t>(paths_.size()); }

  // For tests: the first invariant that does not hold, empty when all do.
  std::string broken() const;

 private:
  struct Node;
  struct Path {
    Node* leaf = nullptr;
    bool running = false;
  };
  Node* split(Node& node, std::uint32_t at);
  Node* append(Node& parent, std::span<const TokenId> tokens, SequenceId sequence, std::uint32_t ready, TimePoint now);
  std::optional<SequenceId> pass(Node& node);
  void mark_shared(Node* node, std::uint32_t length);
  void remove(Node& leaf);
  std::uint32_t shrink(SequenceId sequence, Path& path);
  void leave(SequenceId sequence, Node* leaf);
  bool evictable(const Node& node) const;
  double value(const Node& node, TimePoint now) const;
  Node* least_valued(TimePoint now) const;
  Cut cut(Node& leaf);
  template <typename Visit>
  void each(const Visit& visit) const;

  std::unique_ptr<Node> root_;
  std::unordered_map<SequenceId, Path> paths_;
  std::uint32_t tokens_ = 0;
};

}  // namespace docmind::scheduler

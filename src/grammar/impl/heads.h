// All the places of an automaton where a text may stand: heads (a state and the stack below it), their stacks shared.
//
// A value, one thread. A stack is a node: what was called, where in the text, and everybody who called it there (the
// graph-structured stack of generalised LR parsing), so ambiguity costs memory in proportion to places, not to their
// combinations. Node 0 is the bottom: when what began there ends, the text may end.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "grammar/impl/automaton.h"

namespace docmind::grammar {

using NodeId = std::uint32_t;

struct Head {
  StateId state = 0;
  NodeId node = 0;
  friend bool operator==(const Head&, const Head&) = default;
};

// The stacks, and one step of all heads. Scratch memory is kept between steps.
class Stacks {
 public:
  Stacks(const Automaton& automaton, std::uint16_t bottom_depth, std::uint16_t limit);

  // Appends to `out` where `state` over `node` really stands: at states with byte edges, following epsilons, calls and
  // ends. begin() opens a step; all close() of one step share what they found. True: the bottom was ended.
  void begin(std::vector<Head>& out);
  bool close(StateId state, NodeId node);
  // As close() of everything that `node` returns to.
  bool pop(NodeId node);
  // The heads after one byte from `from`, which may lie in `out` itself.
  bool step(const std::vector<Head>& list, std::size_t from, std::size_t to, std::uint8_t byte, std::vector<Head>& out);

  // Forgetting in reverse order.
  struct Mark {
    std::uint32_t nodes = 0, callers = 0;
  };
  Mark mark() const;
  void back_to(Mark mark);

  // Keeps only what `heads` stand on, renumbered.
  void compact(std::span<Head> heads);

  std::size_t size() const { return nodes_.size(); }
  std::uint16_t depth(NodeId node) const { return nodes_[node].depth; }
  std::uint16_t deepest() const { return deepest_; }  // Depth plus need of anything seen.

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  struct Node {
    StateId start = 0;
    std::uint32_t callers = kNone;
    std::uint16_t depth = 0;
  };
  struct Caller {
    StateId back = 0;
    NodeId node = 0;
    std::uint32_t next = kNone;
  };
  bool fresh(Head head);
  void add(StateId state, NodeId node);
  NodeId called(StateId start, NodeId parent, StateId back);

  const Automaton* automaton_;
  std::uint16_t limit_;
  std::uint16_t deepest_ = 0;
  std::vector<Node> nodes_;
  std::vector<Caller> callers_;

  std::vector<Head>* out_ = nullptr;  // Of the step under way, as all below.
  std::uint32_t first_node_ = 0;
  bool ended_ = false;
  std::vector<Head> seen_;
  std::vector<std::uint32_t> table_;  // Open addressing into seen_, once it is long.
};

class Heads {
 public:
  explicit Heads(const Automaton& automaton);
  bool step(std::uint8_t byte);  // False: nothing goes on; the object is then of no use.
  void compact();
  std::span<const Head> list() const { return list_; }
  bool ended() const { return ended_; }
  const Stacks& stacks() const { return stacks_; }

 private:
  Stacks stacks_;
  std::vector<Head> list_, next_;
  bool ended_ = false;
};

}  // namespace docmind::grammar

// A pushdown automaton over bytes. States have byte edges, calls (go to `start`, and to `back` when what began there
// ends) and epsilons; several of them at once: it is not deterministic. Where a called run may end its state `ends`.
//
// Immutable once Builder::finish() made it. Invariants: no call or epsilon leads back to itself without a byte read;
// what begins at a called state reads at least one byte; from every state the end can be reached with `need` more calls
// open.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace docmind::grammar {

using StateId = std::uint32_t;

struct Automaton {
  static constexpr StateId kEpsilon = 0xffffffff;  // As the start of a Link: no call.

  struct Edge {
    StateId to = 0;
    std::uint8_t low = 0, high = 0;  // Bytes, both inclusive.
  };
  struct Link {
    StateId start = kEpsilon;
    StateId back = 0;
  };
  struct State {
    std::uint32_t edges = 0, links = 0;  // First of each; the next state's are the end.
    std::uint16_t need = 0;              // Calls that must be open at once, at least, to reach the end.
    std::uint16_t width = 0;             // Bytes with an edge, counted per edge.
    std::uint16_t left = 0;              // In a string of bounded length: characters that may follow; else 0.
    bool ends = false;
  };

  std::span<const Edge> edges_of(StateId state) const {
    return {edges.data() + states[state].edges, edges.data() + states[state + 1].edges};
  }
  std::span<const Link> links_of(StateId state) const {
    return {links.data() + states[state].links, links.data() + states[state + 1].links};
  }
  bool plain(StateId state) const {  // Nothing but byte edges.
    return !states[state].ends && states[state].links == states[state + 1].links;
  }
  std::size_t bytes() const {
    return states.size() * sizeof(State) + edges.size() * sizeof(Edge) + links.size() * sizeof(Link);
  }

  std::vector<State> states;  // One more than there are.
  std::vector<Edge> edges;    // Of one state: by their low byte.
  std::vector<Link> links;
  StateId start = 0;
  StateId string = 0;       // Inside a string of any length; all grammars have it.
  std::uint16_t stack = 0;  // Calls that may be open at once.
};

}  // namespace docmind::grammar

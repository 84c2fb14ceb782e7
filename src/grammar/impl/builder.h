// Collects the states of an automaton, bounded: past the limit nothing is added and over() says so.
//
// One thread. A piece is built between two given states (`from` must not be entered by a loop of its own piece), so
// pieces chain and alternate without copying.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "grammar/impl/automaton.h"

namespace docmind::grammar {

class Builder {
 public:
  explicit Builder(std::size_t most_states) : most_(most_states) {}

  StateId state();  // A new one.
  void edge(StateId from, std::uint8_t low, std::uint8_t high, StateId to);
  void edge(StateId from, char byte, StateId to);
  void call(StateId from, StateId start, StateId back);
  void epsilon(StateId from, StateId to) { call(from, Automaton::kEpsilon, to); }
  void end(StateId state);
  void left(StateId state, std::uint16_t characters);

  // At least one byte.
  void literal(StateId from, std::string_view bytes, StateId to);
  // Where `state` goes with `byte`, looking at its edges alone; kEpsilon: nowhere.
  StateId next(StateId state, std::uint8_t byte) const;

  bool over() const { return over_; }
  std::size_t size() const { return heads_.size(); }

  // What cannot be finished within `stack` open calls is dropped. kInvalidArgument: nothing is left at `start`, or
  // something calls itself before reading a byte; kResourceExhausted: over().
  Result<std::unique_ptr<Automaton>> finish(StateId start, StateId string, std::uint16_t stack) &&;

 private:
  struct Head {
    std::uint32_t edge = kNone, link = kNone;
    std::uint16_t left = 0;
    bool ends = false;
  };
  struct Edge {
    Automaton::Edge edge;
    std::uint32_t next = kNone;
  };
  struct Link {
    Automaton::Link link;
    std::uint32_t next = kNone;
  };
  static constexpr std::uint32_t kNone = 0xffffffff;

  std::vector<std::uint16_t> needs(std::uint16_t stack) const;
  bool loops() const;
  std::unique_ptr<Automaton> packed(const std::vector<std::uint16_t>& need) const;

  std::size_t most_;
  bool over_ = false;
  std::vector<Head> heads_;
  std::vector<Edge> edges_;
  std::vector<Link> links_;
};

}  // namespace docmind::grammar

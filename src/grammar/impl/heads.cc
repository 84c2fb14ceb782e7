#include "grammar/impl/heads.h"

#include <algorithm>

namespace docmind::grammar {
namespace {

constexpr std::size_t kFewHeads = 24;  // Until here a list is searched from end to end.

std::size_t hash_of(Head head) {
  std::uint64_t mixed = (std::uint64_t{head.state} << 32U | head.node) * 0x9e3779b97f4a7c15U;
  return static_cast<std::size_t>(mixed ^ (mixed >> 29U));
}

}  // namespace

Stacks::Stacks(const Automaton& automaton, std::uint16_t bottom_depth, std::uint16_t limit)
    : automaton_(&automaton), limit_(limit), nodes_{{automaton.start, kNone, bottom_depth}} {}

void Stacks::begin(std::vector<Head>& out) {
  out_ = &out;
  first_node_ = static_cast<std::uint32_t>(nodes_.size());
  ended_ = false;
  seen_.clear();
  table_.clear();
}

// Whether `head` was not seen in this step.
bool Stacks::fresh(Head head) {
  if (seen_.size() < kFewHeads) {
    if (std::find(seen_.begin(), seen_.end(), head) != seen_.end()) return false;
    seen_.push_back(head);
    return true;
  }
  if (table_.size() < seen_.size() * 2) {
    table_.assign(seen_.size() * 8, kNone);
    for (std::uint32_t i = 0; i < seen_.size(); ++i) {
      std::size_t at = hash_of(seen_[i]) % table_.size();
      while (table_[at] != kNone) at = (at + 1) % table_.size();
      table_[at] = i;
    }
  }
  std::size_t at = hash_of(head) % table_.size();
  for (; table_[at] != kNone; at = (at + 1) % table_.size()) {
    if (seen_[table_[at]] == head) return false;
  }
  table_[at] = static_cast<std::uint32_t>(seen_.size());
  seen_.push_back(head);
  return true;
}

// Where it cannot be finished within the limit it is not entered, so there are no dead ends.
void Stacks::add(StateId state, NodeId node) {
  const unsigned deep = nodes_[node].depth + unsigned{automaton_->states[state].need};
  if (deep > limit_ || !fresh({state, node})) return;
  deepest_ = std::max(deepest_, static_cast<std::uint16_t>(deep));
}

NodeId Stacks::called(StateId start, NodeId parent, StateId back) {
  const auto depth = static_cast<std::uint16_t>(nodes_[parent].depth + 1);
  NodeId id = first_node_;
  while (id < nodes_.size() && (nodes_[id].start != start || nodes_[id].depth != depth)) ++id;
  if (id == nodes_.size()) nodes_.push_back({start, kNone, depth});
  for (std::uint32_t i = nodes_[id].callers; i != kNone; i = callers_[i].next) {
    if (callers_[i].back == back && callers_[i].node == parent) return id;
  }
  callers_.push_back({back, parent, nodes_[id].callers});
  nodes_[id].callers = static_cast<std::uint32_t>(callers_.size() - 1);
  return id;
}

bool Stacks::close(StateId state, NodeId node) {
  std::size_t next = seen_.size();
  add(state, node);
  for (; next < seen_.size(); ++next) {
    const Head head = seen_[next];
    const Automaton::State& here = automaton_->states[head.state];
    if (here.width > 0) out_->push_back(head);
    for (const Automaton::Link& link : automaton_->links_of(head.state)) {
      if (link.start == Automaton::kEpsilon) {
        add(link.back, head.node);
        continue;
      }
      const unsigned depth = nodes_[head.node].depth;
      if (depth + automaton_->states[link.back].need > limit_) continue;
      if (depth + 1U + automaton_->states[link.start].need > limit_) continue;
      deepest_ = std::max(deepest_, static_cast<std::uint16_t>(depth + automaton_->states[link.back].need));
      add(link.start, called(link.start, head.node, link.back));
    }
    if (!here.ends) continue;
    if (head.node == 0) ended_ = true;
    for (std::uint32_t i = nodes_[head.node].callers; i != kNone; i = callers_[i].next) {
      add(callers_[i].back, callers_[i].node);
    }
  }
  return ended_;
}

bool Stacks::pop(NodeId node) {
  for (std::uint32_t i = nodes_[node].callers; i != kNone; i = callers_[i].next)
    close(callers_[i].back, callers_[i].node);
  return ended_;
}

bool Stacks::step(const std::vector<Head>& list, std::size_t from, std::size_t to, std::uint8_t byte,
                  std::vector<Head>& out) {
  begin(out);
  for (; from < to; ++from) {
    const Head head = list[from];  // By value: `out` may be `list`, and grow.
    for (const Automaton::Edge& edge : automaton_->edges_of(head.state)) {
      if (byte < edge.low) break;
      if (byte <= edge.high) close(edge.to, head.node);
    }
  }
  return ended_;
}

Stacks::Mark Stacks::mark() const {
  return {static_cast<std::uint32_t>(nodes_.size()), static_cast<std::uint32_t>(callers_.size())};
}

void Stacks::back_to(Mark mark) {  // Nodes get callers only in the step that makes them.
  nodes_.resize(mark.nodes);
  callers_.resize(mark.callers);
}

void Stacks::compact(std::span<Head> heads) {
  std::vector<NodeId> place(nodes_.size(), kNone);
  place[0] = 0;
  std::vector<NodeId> order = {0};
  const auto keep = [&](NodeId node) {
    if (place[node] != kNone) return;
    place[node] = 1;
    order.push_back(node);
  };
  for (const Head& head : heads) keep(head.node);
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::uint32_t c = nodes_[order[i]].callers; c != kNone; c = callers_[c].next) keep(callers_[c].node);
  }
  std::sort(order.begin(), order.end());
  for (std::uint32_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  std::vector<Node> nodes;
  std::vector<Caller> callers;
  for (const NodeId old : order) {
    nodes.push_back(nodes_[old]);
    nodes.back().callers = kNone;
    for (std::uint32_t c = nodes_[old].callers; c != kNone; c = callers_[c].next) {
      callers.push_back({callers_[c].back, place[callers_[c].node], nodes.back().callers});
      nodes.back().callers = static_cast<std::uint32_t>(callers.size() - 1);
    }
  }
  nodes_ = std::move(nodes);
  callers_ = std::move(callers);
  for (Head& head : heads) head.node = place[head.node];
}

Heads::Heads(const Automaton& automaton) : stacks_(automaton, 0, automaton.stack) {
  stacks_.begin(list_);
  ended_ = stacks_.close(automaton.start, 0);
}

bool Heads::step(std::uint8_t byte) {
  next_.clear();
  ended_ = stacks_.step(list_, 0, list_.size(), byte, next_);
  list_.swap(next_);
  return ended_ || !list_.empty();
}

void Heads::compact() {
  constexpr std::size_t kWorthIt = 64;
  if (stacks_.size() > kWorthIt) stacks_.compact(list_);
}

}  // namespace docmind::grammar

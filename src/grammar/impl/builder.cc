#include "grammar/impl/builder.h"

#include <algorithm>
#include <limits>
#include <string>
#include <tuple>
#include <utility>

namespace docmind::grammar {
namespace {

constexpr std::uint16_t kNever = std::numeric_limits<std::uint16_t>::max();

// Who leads to a state, and by which link (kNone: by an edge), as rows of one array.
class Before {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;
  struct Way {
    StateId from = 0;
    std::uint32_t link = kNone;
  };
  explicit Before(std::size_t states) : first_(states + 2) {}
  void count(StateId to) { ++first_[to + 2]; }
  void seal() {
    for (std::size_t i = 2; i < first_.size(); ++i) first_[i] += first_[i - 1];
    ways_.resize(first_.back());
  }
  void add(StateId to, Way way) { ways_[first_[to + 1]++] = way; }
  std::span<const Way> of(StateId to) const { return {ways_.data() + first_[to], ways_.data() + first_[to + 1]}; }

 private:
  std::vector<std::uint32_t> first_;
  std::vector<Way> ways_;
};

}  // namespace

StateId Builder::state() {
  if (heads_.size() >= most_) {
    over_ = true;
    return 0;
  }
  heads_.emplace_back();
  return static_cast<StateId>(heads_.size() - 1);
}

void Builder::edge(StateId from, std::uint8_t low, std::uint8_t high, StateId to) {
  // Bounded with the states: there are few per state, one or two in most.
  if (over_ || edges_.size() >= most_ * 8) {
    over_ = true;
    return;
  }
  edges_.push_back({{to, low, high}, heads_[from].edge});
  heads_[from].edge = static_cast<std::uint32_t>(edges_.size() - 1);
}

void Builder::edge(StateId from, char byte, StateId to) {
  edge(from, static_cast<std::uint8_t>(byte), static_cast<std::uint8_t>(byte), to);
}

void Builder::call(StateId from, StateId start, StateId back) {
  if (over_ || links_.size() >= most_ * 8) {
    over_ = true;
    return;
  }
  links_.push_back({{start, back}, heads_[from].link});
  heads_[from].link = static_cast<std::uint32_t>(links_.size() - 1);
}

void Builder::end(StateId state) {
  if (!over_) heads_[state].ends = true;
}

void Builder::left(StateId state, std::uint16_t characters) {
  if (!over_) heads_[state].left = characters;
}

void Builder::literal(StateId from, std::string_view bytes, StateId to) {
  for (std::size_t i = 0; i < bytes.size() && !over_; ++i) {
    const StateId next = i + 1 == bytes.size() ? to : state();
    edge(from, bytes[i], next);
    from = next;
  }
}

StateId Builder::next(StateId state, std::uint8_t byte) const {
  for (std::uint32_t i = heads_[state].edge; i != kNone; i = edges_[i].next) {
    if (edges_[i].edge.low <= byte && byte <= edges_[i].edge.high) return edges_[i].edge.to;
  }
  return Automaton::kEpsilon;
}

// The least number of open calls from each state to its end: a state's is the smallest of its ways', a call's way the
// larger of one more than the called and what follows. Settled in increasing order (Knuth 1977), each state once.
std::vector<std::uint16_t> Builder::needs(std::uint16_t stack) const {
  Before before(heads_.size());
  const auto each = [this](const auto& visit) {
    for (StateId from = 0; from < heads_.size(); ++from) {
      for (std::uint32_t i = heads_[from].edge; i != kNone; i = edges_[i].next) visit(edges_[i].edge.to, from, kNone);
      for (std::uint32_t i = heads_[from].link; i != kNone; i = links_[i].next) {
        visit(links_[i].link.back, from, i);
        if (links_[i].link.start != Automaton::kEpsilon) visit(links_[i].link.start, from, i);
      }
    }
  };
  each([&](StateId to, StateId /*from*/, std::uint32_t /*link*/) { before.count(to); });
  before.seal();
  each([&](StateId to, StateId from, std::uint32_t link) { before.add(to, {from, link}); });

  std::vector<std::uint16_t> need(heads_.size(), kNever);
  std::vector<std::vector<StateId>> waiting(stack + 1U);
  for (StateId s = 0; s < heads_.size(); ++s) {
    if (heads_[s].ends) waiting[0].push_back(s);
  }
  const auto by = [&](std::uint32_t link) -> unsigned {
    const auto [start, back] = links_[link].link;
    if (start == Automaton::kEpsilon) return need[back];
    return std::max<unsigned>(need[start] == kNever ? kNever : need[start] + 1U, need[back]);
  };
  for (std::uint16_t now = 0; now <= stack; ++now) {
    while (!waiting[now].empty()) {
      const StateId s = waiting[now].back();
      waiting[now].pop_back();
      if (need[s] != kNever) continue;
      need[s] = now;
      for (const Before::Way& way : before.of(s)) {
        if (need[way.from] != kNever) continue;
        const unsigned via = way.link == kNone ? now : by(way.link);
        if (via <= stack) waiting[via].push_back(way.from);
      }
    }
  }
  return need;
}

// Whether a state reaches itself by epsilons and the starts of calls alone.
bool Builder::loops() const {
  enum class Seen : std::uint8_t { kNo, kOpen, kDone };
  std::vector<Seen> seen(heads_.size(), Seen::kNo);
  std::vector<std::pair<StateId, std::uint32_t>> path;
  for (StateId first = 0; first < heads_.size(); ++first) {
    if (seen[first] != Seen::kNo) continue;
    path.emplace_back(first, heads_[first].link);
    seen[first] = Seen::kOpen;
    while (!path.empty()) {
      auto& [s, link] = path.back();
      if (link == kNone) {
        seen[s] = Seen::kDone;
        path.pop_back();
        continue;
      }
      const Automaton::Link& here = links_[link].link;
      const StateId to = here.start == Automaton::kEpsilon ? here.back : here.start;
      link = links_[link].next;
      if (seen[to] == Seen::kOpen) return true;
      if (seen[to] == Seen::kDone) continue;
      seen[to] = Seen::kOpen;
      path.emplace_back(to, heads_[to].link);
    }
  }
  return false;
}

std::unique_ptr<Automaton> Builder::packed(const std::vector<std::uint16_t>& need) const {
  auto out = std::make_unique<Automaton>();
  out->states.resize(heads_.size() + 1);
  out->edges.reserve(edges_.size());
  out->links.reserve(links_.size());
  for (StateId s = 0; s <= heads_.size(); ++s) {
    Automaton::State& state = out->states[s];
    state.edges = static_cast<std::uint32_t>(out->edges.size());
    state.links = static_cast<std::uint32_t>(out->links.size());
    if (s == heads_.size()) break;
    state.need = need[s];
    state.ends = heads_[s].ends;
    state.left = heads_[s].left;
    unsigned width = 0;
    for (std::uint32_t i = heads_[s].edge; i != kNone; i = edges_[i].next) {
      const Automaton::Edge& edge = edges_[i].edge;
      if (need[edge.to] == kNever) continue;
      out->edges.push_back(edge);
      width += edge.high - edge.low + 1U;
    }
    state.width = static_cast<std::uint16_t>(std::min(width, 0xffffU));
    std::sort(out->edges.begin() + state.edges, out->edges.end(), [](const auto& a, const auto& b) {
      return std::tie(a.low, a.high, a.to) < std::tie(b.low, b.high, b.to);
    });
    for (std::uint32_t i = heads_[s].link; i != kNone; i = links_[i].next) {
      const auto [start, back] = links_[i].link;
      if (need[back] == kNever || (start != Automaton::kEpsilon && need[start] == kNever)) continue;
      out->links.push_back(links_[i].link);
    }
    std::reverse(out->links.begin() + state.links, out->links.end());  // As they were declared.
  }
  return out;
}

Result<std::unique_ptr<Automaton>> Builder::finish(StateId start, StateId string, std::uint16_t stack) && {
  if (over_) {
    return Error{Code::kResourceExhausted, "the schema needs more than " + std::to_string(most_) + " states",
                 "Make the schema smaller: fewer alternatives, shorter enumerations, smaller bounds."};
  }
  if (loops()) {
    return Error{Code::kInvalidArgument, "a $ref in the schema leads back to itself without describing anything",
                 "Put what repeats into a property or into items."};
  }
  const std::vector<std::uint16_t> need = needs(stack);
  if (need[start] == kNever) {
    return Error{Code::kInvalidArgument, "no text of bounded depth can satisfy the schema",
                 "Make what refers to itself optional, or give it an alternative that ends."};
  }
  std::unique_ptr<Automaton> out = packed(need);
  out->start = start;
  out->string = string;
  out->stack = stack;
  return out;
}

}  // namespace docmind::grammar

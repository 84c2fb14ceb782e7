#include "scheduler/prefix_tree.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"

namespace docmind::scheduler {

struct PrefixTree::Node {
  Node* parent = nullptr;
  std::uint32_t begin = 0;  // Position of its first token.
  std::uint32_t ready = 0;  // Of its tokens.
  std::vector<TokenId> tokens{};
  std::map<TokenId, std::unique_ptr<Node>> children{};
  std::vector<SequenceId> holders{};  // Sequences that pass through or end here.
  TimePoint used{};
  std::uint32_t hits = 0;  // Sequences that began through it, the first one not counted.
  bool shared = false;     // The end of a shared beginning.
  bool saved = false;

  std::uint32_t size() const { return static_cast<std::uint32_t>(tokens.size()); }
  std::uint32_t end() const { return begin + size(); }
  bool whole() const { return ready == size(); }
  bool holds(SequenceId sequence) const { return std::ranges::find(holders, sequence) != holders.end(); }
};

PrefixTree::PrefixTree() : root_(std::make_unique<Node>()) {}
PrefixTree::~PrefixTree() = default;

PrefixTree::Match PrefixTree::match(std::span<const TokenId> tokens) const {
  Match found;
  const Node* node = root_.get();
  while (found.length < tokens.size()) {
    const auto child = node->children.find(tokens[found.length]);
    if (child == node->children.end()) break;
    node = child->second.get();
    const auto rest = tokens.subspan(found.length);
    const auto same = static_cast<std::uint32_t>(std::ranges::mismatch(node->tokens, rest).in2 - rest.begin());
    if (found.ready == found.length && node->ready > 0) {
      found.ready += std::min(same, node->ready);
      found.holder = node->holders.front();
    }
    found.length += same;
    if (same < node->size()) break;
  }
  return found;
}

// The node keeps its first `at` tokens, a new child gets the others.
PrefixTree::Node* PrefixTree::split(Node& node, std::uint32_t at) {
  DM_CHECK(at > 0 && at < node.size());
  auto lower = std::make_unique<Node>();
  lower->parent = &node;
  lower->begin = node.begin + at;
  lower->ready = node.ready > at ? node.ready - at : 0;
  lower->tokens.assign(node.tokens.begin() + at, node.tokens.end());
  lower->children = std::move(node.children);
  for (auto& [token, child] : lower->children) child->parent = lower.get();
  lower->holders = node.holders;
  lower->used = node.used;
  lower->hits = node.hits;
  lower->shared = std::exchange(node.shared, false);
  lower->saved = std::exchange(node.saved, false);
  node.tokens.resize(at);
  node.ready = std::min(node.ready, at);
  for (auto& [sequence, path] : paths_) {
    if (path.leaf == &node) path.leaf = lower.get();
  }
  Node* out = lower.get();
  node.children.clear();
  node.children.emplace(out->tokens.front(), std::move(lower));
  return out;
}

PrefixTree::Node* PrefixTree::append(Node& parent, std::span<const TokenId> tokens, SequenceId sequence,
                                     std::uint32_t ready, TimePoint now) {
  auto node = std::make_unique<Node>();
  node->parent = &parent;
  node->begin = parent.end();
  node->ready = ready;
  node->tokens.assign(tokens.begin(), tokens.end());
  node->holders = {sequence};
  node->used = now;
  tokens_ += node->size();
  Node* out = node.get();
  const bool fresh = parent.children.emplace(tokens.front(), std::move(node)).second;
  DM_CHECK(fresh);
  return out;
}

// A kept sequence that ends where another goes on has nothing of its own any more.
std::optional<SequenceId> PrefixTree::pass(Node& node) {
  for (const SequenceId sequence : node.holders) {
    const auto path = paths_.find(sequence);
    if (path == paths_.end() || path->second.leaf != &node || path->second.running) continue;
    const SequenceId passed = sequence;
    leave(passed, &node);
    return passed;
  }
  return std::nullopt;
}

PrefixTree::Begun PrefixTree::begin(SequenceId sequence, std::span<const TokenId> tokens, std::uint32_t forked,
                                    std::uint32_t shared, TimePoint now) {
  DM_CHECK(!tokens.empty() && forked <= tokens.size() && shared <= tokens.size() && !paths_.contains(sequence));
  Node* node = root_.get();
  while (node->end() < forked) {
    node = node->children.at(tokens[node->end()]).get();
    if (node->end() > forked) split(*node, forked - node->begin);
    DM_CHECK(node->whole());
    node->holders.push_back(sequence);
    node->used = now;
    ++node->hits;
  }
  Begun begun;
  begun.passed = pass(*node);
  if (forked < tokens.size() && !node->children.contains(tokens[forked])) {
    node = append(*node, tokens.subspan(forked), sequence, 0, now);
  }
  begun.in_tree = node->end();
  paths_[sequence] = {node, true};
  if (shared > 0 && shared <= begun.in_tree) mark_shared(node, shared);
  return begun;
}

void PrefixTree::mark_shared(Node* node, std::uint32_t length) {
  while (node->begin >= length) node = node->parent;
  if (node->end() > length) split(*node, length - node->begin);
  node->shared = true;
}

void PrefixTree::computed(SequenceId sequence, std::uint32_t length) {
  for (Node* node = paths_.at(sequence).leaf; node != root_.get() && !node->whole(); node = node->parent) {
    node->ready = std::clamp(length, node->begin + node->ready, node->end()) - node->begin;
  }
}

void PrefixTree::remove(Node& leaf) {
  DM_CHECK(leaf.children.empty());
  tokens_ -= leaf.size();
  leaf.parent->children.erase(leaf.tokens.front());
}

// Takes the sequence out of the node it ends in and all above. Nodes that nobody has any more go.
void PrefixTree::leave(SequenceId sequence, Node* leaf) {
  while (leaf != root_.get()) {
    Node* above = leaf->parent;
    std::erase(leaf->holders, sequence);
    if (leaf->holders.empty()) remove(*leaf);
    leaf = above;
  }
  paths_.erase(sequence);
}

// A kept sequence ends where it alone is: what others have as well needs no id of its own. Returns what it keeps.
std::uint32_t PrefixTree::shrink(SequenceId sequence, Path& path) {
  if (path.leaf != root_.get() && path.leaf->holders.size() == 1 && path.leaf->children.empty()) {
    path.running = false;
    return path.leaf->end();
  }
  leave(sequence, path.leaf);
  return 0;
}

PrefixTree::Ended PrefixTree::end(SequenceId sequence, std::span<const TokenId> computed, TimePoint now) {
  Path& path = paths_.at(sequence);
  Node* leaf = path.leaf;
  while (leaf != root_.get() && leaf->ready == 0) {  // Ended before it was reached.
    Node* above = leaf->parent;
    remove(*leaf);
    leaf = above;
  }
  if (leaf != root_.get() && !leaf->whole()) {
    tokens_ -= leaf->size() - leaf->ready;
    leaf->tokens.resize(leaf->ready);
    leaf->shared = false;
  }
  Ended ended;
  ended.twice_begin = leaf->end();
  bool blocked = false;
  while (leaf->end() < computed.size()) {  // Others may have written the same in the meantime.
    const auto child = leaf->children.find(computed[leaf->end()]);
    if (child == leaf->children.end()) break;
    Node& next = *child->second;
    const auto rest = computed.subspan(leaf->end());
    const auto same = static_cast<std::uint32_t>(std::ranges::mismatch(next.tokens, rest).in2 - rest.begin());
    if (!next.whole()) {  // Somebody is at it: then that one will be kept.
      blocked = true;
      break;
    }
    if (same < next.size()) split(next, same);
    ended.holder = next.holders.front();
    next.holders.push_back(sequence);
    next.used = now;
    leaf = &next;
  }
  ended.twice_end = leaf->end();
  if (leaf->end() < computed.size() && !blocked) {
    ended.passed = pass(*leaf);
    const auto tail = computed.subspan(leaf->end());
    leaf = append(*leaf, tail, sequence, static_cast<std::uint32_t>(tail.size()), now);
  }
  path.leaf = leaf;
  ended.keep = shrink(sequence, path);
  return ended;
}

bool PrefixTree::evictable(const Node& node) const {
  return node.children.empty() && node.holders.size() == 1 && !paths_.at(node.holders.front()).running;
}

// What a cell of it is worth: the time to compute it again (attention makes later ones dearer) times how likely it is
// wanted (used often, used lately, meant to be shared); on disk it costs little to get back.
double PrefixTree::value(const Node& node, TimePoint now) const {
  constexpr double kTwiceAsDear = 8192;  // Tokens before it that double the cost of a token.
  constexpr double kFresh = 60;          // Seconds.
  const double age = std::chrono::duration<double>(now - node.used).count();
  const double cost = (1.0 + node.end() / kTwiceAsDear) * (node.saved ? 0.1 : 1.0);
  const double chance = (1.0 + node.hits) * (node.shared ? 8.0 : 1.0) / (1.0 + age / kFresh);
  return cost * chance;
}

template <typename Visit>
void PrefixTree::each(const Visit& visit) const {
  std::vector<Node*> open;
  for (const auto& [token, child] : root_->children) open.push_back(child.get());
  while (!open.empty()) {
    Node* node = open.back();
    open.pop_back();
    visit(*node);
    for (const auto& [token, child] : node->children) open.push_back(child.get());
  }
}

PrefixTree::Node* PrefixTree::least_valued(TimePoint now) const {
  Node* least = nullptr;
  each([&](Node& node) {
    if (evictable(node) && (least == nullptr || value(node, now) < value(*least, now))) least = &node;
  });
  return least;
}

PrefixTree::Cut PrefixTree::cut(Node& leaf) {
  const SequenceId sequence = leaf.holders.front();
  Node* above = leaf.parent;
  remove(leaf);
  Path& path = paths_.at(sequence);
  path.leaf = above;
  return {sequence, shrink(sequence, path)};
}

std::optional<PrefixTree::Cut> PrefixTree::evict(TimePoint now) {
  Node* least = least_valued(now);
  if (least == nullptr) return std::nullopt;
  return cut(*least);
}

std::optional<PrefixTree::Cut> PrefixTree::evict_sequence(TimePoint now) {
  Node* least = least_valued(now);
  if (least == nullptr) return std::nullopt;
  const SequenceId sequence = least->holders.front();
  leave(sequence, least);
  return Cut{sequence, 0};
}

std::optional<PrefixTree::Cut> PrefixTree::give_up(SequenceId sequence) {
  const auto path = paths_.find(sequence);
  if (path == paths_.end() || path->second.running) return std::nullopt;
  leave(sequence, path->second.leaf);
  return Cut{sequence, 0};
}

std::optional<PrefixTree::Unsaved> PrefixTree::unsaved(std::uint32_t least_tokens) const {
  const Node* found = nullptr;
  each([&](const Node& node) {
    if (node.shared && !node.saved && node.whole() && node.end() >= least_tokens) found = &node;
  });
  if (found == nullptr) return std::nullopt;
  Unsaved out{found->holders.front(), std::vector<TokenId>(found->end())};
  for (; found != root_.get(); found = found->parent) {
    std::ranges::copy(found->tokens, out.tokens.begin() + found->begin);
  }
  return out;
}

void PrefixTree::mark_saved(std::span<const TokenId> tokens) {
  Node* node = root_.get();
  while (node->end() < tokens.size()) {
    const auto child = node->children.find(tokens[node->end()]);
    if (child == node->children.end()) return;
    node = child->second.get();
  }
  if (node->end() == tokens.size()) node->saved = true;
}

std::uint32_t PrefixTree::ready() const {
  std::uint32_t sum = 0;
  each([&](const Node& node) { sum += node.ready; });
  return sum;
}

std::uint32_t PrefixTree::kept() const {
  std::uint32_t sum = 0;
  each([&](const Node& node) {
    const auto running = [&](SequenceId sequence) { return paths_.at(sequence).running; };
    if (std::ranges::none_of(node.holders, running)) sum += node.ready;
  });
  return sum;
}

std::string PrefixTree::broken() const {
  std::string out;
  std::uint32_t sum = 0;
  each([&](const Node& node) {
    sum += node.size();
    if (node.tokens.empty() || node.ready > node.size()) out = "a node's size";
    if (node.begin != node.parent->end()) out = "a node's place";
    if (node.holders.empty()) out = "a node nobody has";
    if (!node.whole() && node.holders.size() != 1) out = "an unready node that two sequences have";
    for (const auto& [token, child] : node.children) {
      if (token != child->tokens.front() || child->parent != &node) out = "a child";
      for (const SequenceId sequence : child->holders) {
        if (!node.holds(sequence)) out = "a holder of a child only";
      }
    }
  });
  if (sum != tokens_) out = "the sum of tokens";
  for (const auto& [sequence, path] : paths_) {
    for (const Node* node = path.leaf; node != root_.get(); node = node->parent) {
      if (!node->holds(sequence)) out = "a path";
    }
    if (!path.running && (path.leaf->holders.size() != 1 || !path.leaf->children.empty())) out = "a kept end";
  }
  return out;
}

}  // namespace docmind::scheduler

#include "grammar/tokens.h"

#include <bit>
#include <limits>
#include <list>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

#include "grammar/impl/automaton.h"
#include "grammar/impl/trie_walk.h"

namespace docmind::grammar {
namespace {

constexpr std::size_t kLongestToken = 1024;
constexpr unsigned kWide = 90;  // A state with that many bytes lets most tokens pass: worth remembering.

}  // namespace

void TokenMask::add(const TokenMask& other) {
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
}

std::size_t TokenMask::count() const {
  return std::accumulate(words_.begin(), words_.end(), std::size_t{0},
                         [](std::size_t sum, std::uint64_t word) { return sum + std::popcount(word); });
}

void TokenMask::forbid(std::span<float> logits) const {
  DM_CHECK(logits.size() == size_);
  constexpr float kNever = -std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < words_.size(); ++i) {
    const std::uint64_t word = words_[i];
    if (word == ~std::uint64_t{0}) continue;
    const std::span<float> here = logits.subspan(i * 64, std::min<std::size_t>(64, size_ - i * 64));
    if (word == 0) {
      std::fill(here.begin(), here.end(), kNever);
      continue;
    }
    for (std::size_t bit = 0; bit < here.size(); ++bit) {
      if ((word >> bit & 1U) == 0) here[bit] = kNever;
    }
  }
}

Result<std::shared_ptr<const TokenTrie>> TokenTrie::build(std::span<const std::string> tokens,
                                                          std::span<const Token> ends) {
  constexpr std::size_t kMostTokens = 4'000'000;
  constexpr std::size_t kMostBytes = 256ULL << 20U;
  const std::size_t bytes = std::accumulate(tokens.begin(), tokens.end(), std::size_t{0},
                                            [](std::size_t sum, const std::string& t) { return sum + t.size(); });
  if (tokens.size() > kMostTokens || bytes > kMostBytes) {
    return Error{Code::kResourceExhausted, "the vocabulary is too large for structured output"};
  }
  std::shared_ptr<TokenTrie> trie(new TokenTrie());
  trie->begins_.push_back(0);
  std::vector<Token> order;
  for (std::size_t t = 0; t < tokens.size(); ++t) {
    if (!tokens[t].empty() && tokens[t].size() <= kLongestToken) {
      trie->text_ += tokens[t];
      trie->longest_ = std::max(trie->longest_, tokens[t].size());
      order.push_back(static_cast<Token>(t));
    }
    trie->begins_.push_back(static_cast<std::uint32_t>(trie->text_.size()));
  }
  for (const Token end : ends) {
    if (end < 0 || static_cast<std::size_t>(end) >= tokens.size()) {
      return Error{Code::kInvalidArgument, "an end token is not in the vocabulary"};
    }
    trie->ends_.push_back(end);
  }
  std::sort(order.begin(), order.end(),
            [&](Token a, Token b) { return std::make_tuple(trie->bytes(a), a) < std::make_tuple(trie->bytes(b), b); });

  std::vector<std::uint32_t> path;  // Nodes of the last token.
  std::string_view last;
  const auto leave = [&](std::size_t depth) {
    for (; path.size() > depth; path.pop_back())
      trie->nodes_[path.back()].end = static_cast<std::uint32_t>(trie->nodes_.size());
  };
  Token first = -1;
  for (const Token token : order) {
    const std::string_view here = trie->bytes(token);
    if (here == last) {
      trie->twins_[first].push_back(token);
      continue;
    }
    leave(static_cast<std::size_t>(std::mismatch(here.begin(), here.end(), last.begin(), last.end()).first -
                                   here.begin()));
    while (path.size() < here.size()) {
      path.push_back(static_cast<std::uint32_t>(trie->nodes_.size()));
      trie->nodes_.push_back({.end = 0,
                              .token = -1,
                              .depth = static_cast<std::uint16_t>(path.size()),
                              .byte = static_cast<std::uint8_t>(here[path.size() - 1])});
    }
    trie->nodes_.back().token = token;
    first = token;
    last = here;
  }
  leave(0);
  return std::shared_ptr<const TokenTrie>(std::move(trie));
}

std::span<const Token> TokenTrie::twins(Token token) const {
  if (twins_.empty()) return {};
  const auto found = twins_.find(token);
  return found == twins_.end() ? std::span<const Token>() : std::span<const Token>(found->second);
}

std::string_view TokenTrie::bytes(Token token) const {
  if (token < 0 || static_cast<std::size_t>(token) >= size()) return {};
  const auto t = static_cast<std::size_t>(token);
  return std::string_view(text_).substr(begins_[t], begins_[t + 1] - begins_[t]);
}

bool TokenTrie::is_end(Token token) const { return std::find(ends_.begin(), ends_.end(), token) != ends_.end(); }

// What can be read from a state whatever stands below it, and where in the trie it was left (`exits`).
struct Masker::Cache {
  struct Entry {
    std::weak_ptr<const Grammar> grammar;
    std::uint64_t place;
    TokenMask mask;
    std::vector<std::uint32_t> exits;
    std::uint16_t deepest;
    std::size_t bytes() const { return sizeof *this + mask.words().size_bytes() + exits.size() * 4 + 128; }
  };
  using Key = std::pair<std::weak_ptr<const Grammar>, std::uint64_t>;
  struct Before {
    bool operator()(const Key& a, const Key& b) const {
      if (a.second != b.second) return a.second < b.second;
      return a.first.owner_before(b.first);
    }
  };

  Cache(const TokenTrie& trie, std::size_t most) : most_bytes(most), walk(trie) {}

  // The newest stands first. Returned references hold until the next call.
  const Entry& entry(const Matcher& matcher, Head head, Counts& counts, const TokenTrie& trie) {
    const Automaton& automaton = matcher.grammar()->automaton();
    // A string that can still take the longest token is like one without a bound.
    const StateId state = automaton.states[head.state].left >= trie.longest() ? automaton.string : head.state;
    const bool bottom = head.node == 0;  // Nothing below: where it was left is of no interest.
    const std::uint64_t place = std::uint64_t{state} << 1U | (bottom ? 1U : 0U);
    const auto found = places.find({matcher.grammar(), place});
    if (found != places.end()) {
      ++counts.remembered;
      entries.splice(entries.begin(), entries, found->second);
      return entries.front();
    }
    ++counts.walked;
    entries.push_front({matcher.grammar(), place, TokenMask(trie.size()), {}, 0});
    Entry& made = entries.front();
    Stacks stacks(automaton, 0, std::numeric_limits<std::uint16_t>::max());
    const std::vector<Head> heads = {{state, 0}};
    walk.run(stacks, heads, 0, static_cast<std::uint32_t>(trie.nodes().size()), 0, made.mask,
             bottom ? nullptr : &made.exits);
    made.deepest = stacks.deepest();
    places.emplace(Key(made.grammar, place), entries.begin());
    bytes += made.bytes();
    while (bytes > most_bytes && entries.size() > 1) {
      const Entry& oldest = entries.back();
      bytes -= oldest.bytes();
      places.erase({oldest.grammar, oldest.place});
      entries.pop_back();
    }
    return made;
  }

  std::size_t most_bytes;
  std::size_t bytes = 0;
  std::list<Entry> entries;
  std::map<Key, std::list<Entry>::iterator, Before> places;
  TrieWalk walk;
};

Masker::Masker(std::shared_ptr<const TokenTrie> trie, std::size_t cache_bytes)
    : trie_(std::move(trie)), cache_(std::make_unique<Cache>(*trie_, cache_bytes)) {}

Masker::~Masker() = default;

bool Masker::allowed(const Matcher& matcher, Token token) const {
  if (trie_->is_end(token)) return matcher.may_end();
  const std::string_view bytes = trie_->bytes(token);
  return !bytes.empty() && matcher.accepts(bytes);
}

void Masker::allowed(const Matcher& matcher, TokenMask& mask) {
  DM_CHECK(mask.size() == trie_->size());
  ++counts_.masks;
  mask.clear();
  const Automaton& automaton = matcher.grammar()->automaton();
  const auto whole = static_cast<std::uint32_t>(trie_->nodes().size());
  Stacks stacks = matcher.heads().stacks();
  std::vector<Head> narrow;  // Walked together: they leave the trie after a few bytes.
  std::vector<Head> after;
  for (const Head head : matcher.heads().list()) {
    if (automaton.states[head.state].width < kWide) {
      narrow.push_back(head);
      continue;
    }
    const Cache::Entry& entry = cache_->entry(matcher, head, counts_, *trie_);
    if (stacks.depth(head.node) + unsigned{entry.deepest} > automaton.stack) {
      narrow.push_back(head);  // Near the stack limit what was remembered may be too much.
      continue;
    }
    mask.add(entry.mask);
    const Stacks::Mark before = stacks.mark();
    after.clear();
    stacks.begin(after);
    stacks.pop(head.node);
    if (!after.empty()) {
      for (const std::uint32_t exit : entry.exits) {
        const TokenTrie::Node& node = trie_->nodes()[exit];
        cache_->walk.run(stacks, after, exit + 1, node.end, node.depth, mask, nullptr);
      }
    }
    stacks.back_to(before);
  }
  if (!narrow.empty()) cache_->walk.run(stacks, narrow, 0, whole, 0, mask, nullptr);
  for (const Token end : trie_->ends()) {
    if (matcher.may_end()) mask.set(end);
  }
}

}  // namespace docmind::grammar

#include "grammar/matcher.h"

#include <utility>

namespace docmind::grammar {
namespace {

// The one byte that may follow, or -1.
int only_byte(const Heads& heads, const Automaton& automaton) {
  if (heads.ended()) return -1;
  int only = -1;
  for (const Head& head : heads.list()) {
    for (const Automaton::Edge& edge : automaton.edges_of(head.state)) {
      if (edge.low != edge.high || (only >= 0 && only != edge.low)) return -1;
      only = edge.low;
    }
  }
  return only;
}

bool run(Heads& heads, std::string_view bytes) {
  for (const char byte : bytes) {
    if (!heads.step(static_cast<std::uint8_t>(byte))) return false;
  }
  return true;
}

}  // namespace

Matcher::Matcher(std::shared_ptr<const Grammar> grammar)
    : grammar_(std::move(grammar)), heads_(grammar_->automaton()) {}

bool Matcher::accepts(std::string_view bytes) const {
  Heads heads = heads_;
  return run(heads, bytes);
}

bool Matcher::advance(std::string_view bytes) {
  Heads heads = heads_;
  if (!run(heads, bytes)) return false;
  heads.compact();
  heads_ = std::move(heads);
  return true;
}

std::string Matcher::forced(std::size_t limit) const {
  std::string out;
  Heads heads = heads_;
  while (out.size() < limit) {
    const int byte = only_byte(heads, grammar_->automaton());
    if (byte < 0 || !heads.step(static_cast<std::uint8_t>(byte))) return out;
    out += static_cast<char>(byte);
  }
  return out;
}

}  // namespace docmind::grammar

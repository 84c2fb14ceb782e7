#include "engine/grammar_constraint.h"

#include <utility>

#include "base/utf8.h"

namespace docmind::engine {

GrammarConstraint::GrammarConstraint(std::shared_ptr<const grammar::Grammar> grammar, grammar::Masker& masker,
                                     const Vocabulary& vocabulary)
    : matcher_(std::move(grammar)), masker_(masker), vocabulary_(vocabulary) {}

bool GrammarConstraint::allows(scheduler::TokenId token) const { return masker_.allowed(matcher_, token); }

void GrammarConstraint::allowed(scheduler::TokenMask& mask) const {
  grammar::TokenMask made(masker_.trie().size());
  masker_.allowed(matcher_, made);
  mask.assign(made.words().begin(), made.words().end());
}

void GrammarConstraint::advance(scheduler::TokenId token) {
  // An end token stands for no bytes.
  if (!masker_.trie().is_end(token)) (void)matcher_.advance(masker_.trie().bytes(token));
}

// What must follow, cut into tokens as the model was trained to see it. The last token of the run may be part of a
// longer one that goes on behind it, so it is left to be drawn.
std::vector<scheduler::TokenId> GrammarConstraint::forced() const {
  constexpr std::size_t kMost = 512;  // Bytes.
  constexpr std::size_t kLeast = 4;   // Below it nothing would be left.
  const std::string run = matcher_.forced(kMost);
  if (run.size() < kLeast || !is_utf8(run)) return {};
  auto tokens = vocabulary_.tokenise(run, Specials::kText);
  if (!tokens || tokens->size() < 2) return {};
  tokens->pop_back();
  // A tokenizer that adds or changes bytes (a blank in front) must not be believed.
  std::string_view rest = run;
  for (const scheduler::TokenId token : *tokens) {
    const std::string_view bytes = masker_.trie().bytes(token);
    if (bytes.empty() || !rest.starts_with(bytes)) return {};
    rest.remove_prefix(bytes.size());
  }
  return *std::move(tokens);
}

}  // namespace docmind::engine

// A grammar (what a text may be, byte by byte) as the scheduler's constraint (which token may come next).
//
// The masker remembers masks from one text to the next and belongs to one thread: the scheduler's, which is the only
// one that calls a constraint. It outlives the constraints and is made before the first of them.
#pragma once
#include <memory>
#include <vector>

#include "engine/vocabulary.h"
#include "grammar/matcher.h"
#include "grammar/tokens.h"
#include "scheduler/constraint.h"

namespace docmind::engine {

class GrammarConstraint final : public scheduler::Constraint {
 public:
  // `masker` and `vocabulary` outlive it.
  GrammarConstraint(std::shared_ptr<const grammar::Grammar> grammar, grammar::Masker& masker,
                    const Vocabulary& vocabulary);

  bool allows(scheduler::TokenId token) const override;
  void allowed(scheduler::TokenMask& mask) const override;
  void advance(scheduler::TokenId token) override;
  std::vector<scheduler::TokenId> forced() const override;

 private:
  grammar::Matcher matcher_;
  grammar::Masker& masker_;
  const Vocabulary& vocabulary_;
};

}  // namespace docmind::engine

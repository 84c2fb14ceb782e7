// What may come next in a generated text: a grammar's state, token by token.
//
// Belongs to one generation; used by the scheduler's thread alone.
#pragma once
#include <cstdint>
#include <vector>

#include "scheduler/runner.h"

namespace docmind::scheduler {

// One bit per token id; 1: allowed.
using TokenMask = std::vector<std::uint64_t>;

class Constraint {
 public:
  virtual ~Constraint() = default;

  // Whether this token may come next; end tokens too.
  virtual bool allows(TokenId token) const = 0;
  // All tokens that may. At least one always may, if only an end token.
  virtual void allowed(TokenMask& mask) const = 0;
  // Takes an allowed token.
  virtual void advance(TokenId token) = 0;
  // Tokens of the only continuation there is, in the way the tokenizer would cut it; empty when there is a choice.
  virtual std::vector<TokenId> forced() const = 0;
};

}  // namespace docmind::scheduler

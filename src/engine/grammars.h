// The grammars that requests ask for, compiled once: response formats and tools.
//
// Thread safety: any method from any thread; the masker is the scheduler's thread's (grammar_constraint.h). Bounded:
// the last 32 grammars are kept.
#pragma once
#include <boost/json/value.hpp>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>

#include "base/hash.h"
#include "base/result.h"
#include "engine/chat_request.h"
#include "engine/vocabulary.h"
#include "grammar/grammar.h"
#include "grammar/tokens.h"
#include "scheduler/constraint.h"

namespace docmind::engine {

class Grammars {
 public:
  using Grammar = std::shared_ptr<const grammar::Grammar>;

  // `pieces`: written_pieces() of the vocabulary. Both outlive it.
  Grammars(const Vocabulary& vocabulary, std::span<const std::string> pieces);

  // Null where anything goes. kInvalidArgument for a schema that cannot be kept to.
  Result<Grammar> of_format(const GenerationFields& fields);
  // Null where tools have no schema that can be kept to, unless a call is required: then kInvalidArgument.
  Result<Grammar> of_tools(const ChatRequest& request);

  Result<std::unique_ptr<scheduler::Constraint>> constraint(const Grammar& grammar);

 private:
  Result<Grammar> remembered(const std::string& key, const std::function<Result<Grammar>()>& make);

  const Vocabulary& vocabulary_;
  std::span<const std::string> pieces_;
  std::mutex mutex_;
  std::unique_ptr<grammar::Masker> masker_;              // Made under mutex_, when first needed.
  std::list<std::pair<ContentHash, Grammar>> compiled_;  // Guarded by mutex_; latest first.
};

}  // namespace docmind::engine

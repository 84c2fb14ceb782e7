// A checked schema as states of a Builder. What a value has to satisfy at once (allOf, a $ref with neighbours, a branch
// of anyOf with what stands beside it) is kept as a list of schemas and read together, never merged into new text.
//
// One thread. Every place reached through a $ref is built once and called. Work is counted in steps.
#pragma once
#include <boost/json/value.hpp>
#include <cstddef>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "base/result.h"
#include "grammar/grammar.h"
#include "grammar/impl/builder.h"
#include "grammar/impl/prelude.h"
#include "grammar/impl/schema.h"
#include "grammar/impl/validator.h"

namespace docmind::grammar {

class Compiler {
 public:
  // All outlive the object. `steps` is counted down.
  Compiler(const Schema& schema, const Options& options, Builder& builder, Prelude& prelude, std::size_t& steps)
      : schema_(schema), options_(options), builder_(builder), prelude_(prelude), validator_(schema), steps_(steps) {}

  // The values of the schema's root, from one state to another. kResourceExhausted: steps or patterns; the builder's
  // own limit is left to its finish().
  Result<> build(StateId from, StateId to);

 private:
  using Value = boost::json::value;
  // Schemas a value must satisfy at once, and lists of which it must satisfy one of each.
  struct All {
    std::vector<const Value*> schemas;
    std::vector<const Value*> choices;
    bool referred = false;    // A reference was followed.
    bool impossible = false;  // One of them is false.
    friend bool operator<(const All& a, const All& b) {
      return std::tie(a.schemas, a.choices) < std::tie(b.schemas, b.choices);
    }
  };
  using Types = unsigned;

  Result<> spend(std::size_t steps);
  Result<> gather(const Value& schema, All& all);
  Result<> build_all(const std::vector<const Value*>& schemas, StateId from, StateId to);
  Result<> build_gathered(All all, StateId from, StateId to);
  Result<> build_here(const All& all, StateId from, StateId to);
  Result<> build_values(const All& all, StateId from, StateId to);
  Result<> build_string(const All& all, StateId from, StateId to);
  Result<> build_integer(const All& all, StateId from, StateId to);
  Result<> build_number(const All& all, StateId from, StateId to);
  Result<> build_array(const All& all, StateId from, StateId to);
  Result<> build_object(const All& all, StateId from, StateId to);
  StateId rule_of(All all);

  Types types_of(const All& all) const;
  std::vector<const Value*> item_of(const All& all, std::size_t at) const;

  const Schema& schema_;
  const Options& options_;
  Builder& builder_;
  Prelude& prelude_;
  Validator validator_;
  std::size_t& steps_;
  std::size_t depth_ = 0;  // Of choices inside choices.
  std::map<All, StateId> rules_;
  std::vector<std::pair<All, StateId>> waiting_;
};

}  // namespace docmind::grammar

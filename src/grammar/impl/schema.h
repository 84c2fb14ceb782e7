// A schema document, owned and checked: every keyword known and of the right type, every reference there, bounded.
//
// Immutable after open(): any method from any thread. What reads it later need not look at types again. Places are JSON
// pointers (RFC 6901) with "#" in front, as $ref writes them.
#pragma once
#include <boost/json/value.hpp>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/result.h"
#include "grammar/grammar.h"
#include "grammar/impl/pattern.h"

namespace docmind::grammar {

class Schema {
 public:
  // kInvalidArgument names keyword and place; kResourceExhausted past a limit. `steps` is counted down per subschema.
  static Result<std::shared_ptr<const Schema>> open(boost::json::value root, const Limits& limits, std::size_t& steps);

  const boost::json::value& root() const { return root_; }
  const boost::json::value& target(std::string_view reference) const { return *targets_.find(reference)->second; }
  const Pattern& pattern(std::string_view text) const { return patterns_.find(text)->second; }

 private:
  friend class SchemaCheck;
  explicit Schema(boost::json::value root) : root_(std::move(root)) {}
  boost::json::value root_;
  std::map<std::string, const boost::json::value*, std::less<>> targets_;
  std::map<std::string, Pattern, std::less<>> patterns_;
};

// The value of a keyword, or null.
const boost::json::value* keyword(const boost::json::value& schema, std::string_view name);

// Whether it says anything of its own besides references, allOf, anyOf and oneOf.
bool says_something(const boost::json::value& schema);

// As a pattern, what a format looks like; empty for those that are annotations here.
std::string_view format_pattern(std::string_view format);

}  // namespace docmind::grammar

// Whether a JSON value satisfies a schema: the plain recursive reading of the specification, sharing nothing with the
// automaton. Fail-closed: what takes too long to decide is not valid.
//
// One thread per object; a pure function of its arguments otherwise.
#pragma once
#include <boost/json/value.hpp>
#include <cstddef>
#include <string>

#include "base/result.h"
#include "grammar/impl/schema.h"

namespace docmind::grammar {

class Validator {
 public:
  explicit Validator(const Schema& schema, std::size_t steps = 5'000'000) : schema_(schema), steps_(steps) {}

  // kInvalidArgument with the place in `value` as a JSON pointer; `under` stands before it.
  Result<> check(const boost::json::value& value, std::string under = "");
  // The same for a part of the schema, the enum `known` being held already (or null).
  bool holds(const boost::json::value& schema, const boost::json::value& value, const boost::json::value* known);
  bool exhausted() const { return steps_ == 0; }

 private:
  using Value = boost::json::value;
  bool valid(const Value& schema, const Value& value);
  bool valid_type(const Value& schema, const Value& value);
  bool valid_text(const Value& schema, const boost::json::string& text);
  bool valid_number(const Value& schema, const Value& number);
  bool valid_array(const Value& schema, const boost::json::array& items);
  bool valid_object(const Value& schema, const boost::json::object& members);
  bool valid_choices(const Value& schema, const Value& value);
  bool inside(std::string part, const Value& schema, const Value& value);
  bool fail(std::string why);  // False.
  bool unique(const boost::json::array& items);

  const Schema& schema_;
  std::size_t steps_;
  std::size_t depth_ = 0;
  const Value* known_ = nullptr;
  std::string place_, wrong_place_, why_;
};

// Equal as JSON Schema has it: numbers by value, objects whatever their order. `steps` is counted down; false at 0.
bool same(const boost::json::value& a, const boost::json::value& b, std::size_t& steps);

}  // namespace docmind::grammar

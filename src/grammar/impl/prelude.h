// The pieces every grammar shares: strings, numbers, free values, blanks. Called, not copied.
//
// Built once per Builder, first of all, so their states have the same numbers in every grammar of one Spacing.
#pragma once
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "grammar/grammar.h"
#include "grammar/impl/builder.h"

namespace docmind::grammar {

class Prelude {
 public:
  Prelude(Builder& builder, Spacing spacing);

  StateId string() const { return string_; }    // After the opening quote, any content, and the closing one.
  StateId integer() const { return integer_; }  // At most 18 digits, so it fits an int64.
  StateId number() const { return number_; }    // And at most 16 decimals and two digits of exponent: always finite.
  StateId unsigned_number() const { return unsigned_number_; }  // No minus.
  StateId value() const { return value_; }
  StateId object() const { return object_; }

  // After the opening quote: `least` to `most` characters (kNoMost: any number) and the closing quote.
  static constexpr std::size_t kNoMost = SIZE_MAX;
  StateId string(std::size_t least, std::size_t most);

  // The blanks that may or must stand there, between two states.
  void after_comma(StateId from, StateId to);  // The comma, and the colon, themselves too.
  void after_colon(StateId from, StateId to);
  void inside_bracket(StateId from, StateId to);  // After an opening one or before a closing one.

 private:
  void build_string();
  void build_string_parts(StateId from, StateId next);
  void build_integer();
  void build_number();
  void build_blanks();
  void build_value();
  void gap(StateId from, StateId to);
  StateId digits(std::size_t most, StateId end);

  Builder& builder_;
  Spacing spacing_;
  StateId string_ = 0, string_end_ = 0, character_ = 0, integer_ = 0, number_ = 0, unsigned_number_ = 0, blanks_ = 0,
          value_ = 0, object_ = 0;
  std::vector<StateId> at_most_;                                     // [k]: k characters may follow.
  std::map<std::pair<std::size_t, std::size_t>, StateId> at_least_;  // (still needed, most)
};

}  // namespace docmind::grammar

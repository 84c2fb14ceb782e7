// A Pattern as states of a Builder: the content of a JSON string that matches it.
#pragma once
#include <cstddef>

#include "grammar/impl/builder.h"
#include "grammar/impl/pattern.h"

namespace docmind::grammar {

// What stands after the opening quote, from `from`, and the closing one, to `to`. Made deterministic first, within
// `steps`, which are counted down: kResourceExhausted. Characters that JSON must escape are written as \" \\ \b \f \n
// \r \t; other control characters are left out.
Result<> build_pattern(Builder& builder, const Pattern& pattern, StateId from, StateId to, std::size_t& steps);

}  // namespace docmind::grammar

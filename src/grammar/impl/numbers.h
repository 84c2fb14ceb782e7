// Decimal integers of a range, as states.
#pragma once
#include <cstdint>

#include "grammar/impl/builder.h"

namespace docmind::grammar {

constexpr std::int64_t kLargestInteger = 999'999'999'999'999'999;  // 18 digits, what the automaton writes.

// The integers from `low` to `high`, both inclusive and within ±kLargestInteger, in their shortest form. low <= high.
void build_integers(Builder& builder, StateId from, std::int64_t low, std::int64_t high, StateId to);

}  // namespace docmind::grammar

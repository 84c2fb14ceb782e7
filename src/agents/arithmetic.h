// A small calculator for a tool: + - * / and brackets over exact numbers with thousands separators, percent signs,
// currencies and units.
//
// "12 %" is 0.12. Sums need equal units; a product has at most one; equal units divide away. Signs: also − × · ÷.
// Bounded: 1 KiB of text, 64 levels of brackets and signs, 128-bit exact fractions. Pure function.
#pragma once
#include <string>
#include <string_view>

#include "agents/exact_number.h"
#include "base/result.h"

namespace docmind::agents {

// kInvalidArgument with the place of what is wrong; kResourceExhausted past a bound.
Result<Quantity> evaluate(std::string_view expression, DecimalMark mark = DecimalMark::kPoint);

}  // namespace docmind::agents

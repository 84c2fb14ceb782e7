// A conversation that is longer than the specification's window, made to fit it.
//
// A plain function.
#pragma once
#include <stop_token>

#include "base/clock.h"
#include "validate/report.h"

namespace docmind::validate {

// context_trimming. Counted as for a model whose tokenizer is not told: by an upper bound.
void measure_trimming(const Clock& clock, std::stop_token stop, Measurements& out);

}  // namespace docmind::validate

// The seam for waiting between attempts: nothing in this room sleeps by itself.
//
// Thread safety: a Pause is called from many threads at once. It returns an Error (kCancelled) when a stop ends the
// wait.
#pragma once
#include <functional>
#include <stop_token>

#include "base/clock.h"
#include "base/result.h"

namespace docmind::resilience {

using Pause = std::function<Result<>(Duration how_long, std::stop_token stop)>;

// Really waits, on the clock, which outlives it.
Pause pause_on(const Clock& clock);

}  // namespace docmind::resilience

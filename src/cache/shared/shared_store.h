// When a store that several machines share is tried again after a failure: while people wait for answers, so after one
// failure not for a second, and then once in a few seconds.
#pragma once
#include <chrono>

#include "base/clock.h"
#include "resilience/breaker.h"

namespace docmind::cache {

// `probe_patience`: how long the call that tries it may take.
inline resilience::BreakerOptions breaker_of_shared_store(Duration probe_patience) {
  resilience::BreakerOptions out;
  out.in_a_row = 1;
  out.open_for = std::chrono::seconds(1);
  out.longest_open = std::chrono::seconds(4);
  out.longest_flapping = std::chrono::seconds(8);
  out.probe_patience = probe_patience;
  return out;
}

}  // namespace docmind::cache

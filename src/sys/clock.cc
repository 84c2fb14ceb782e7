#include "sys/clock.h"

namespace docmind::sys {

TimePoint RealClock::now() const { return std::chrono::steady_clock::now(); }

WallTime RealClock::wall() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace docmind::sys

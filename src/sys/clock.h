// The machine's clocks. Thread safety: any.
#pragma once
#include "base/clock.h"

namespace docmind::sys {

class RealClock final : public Clock {
 public:
  TimePoint now() const override;
  WallTime wall() const override;
};

}  // namespace docmind::sys

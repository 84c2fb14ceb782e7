// The kernel's random numbers (getrandom(2)), fit for secrets. Thread safety: any.
#pragma once
#include "base/rng.h"

namespace docmind::sys {

class RealRng final : public Rng {
 public:
  std::uint64_t next() override;
};

}  // namespace docmind::sys

// An error that was, and when. A value.
#pragma once
#include <cstdint>

#include "base/error.h"

namespace docmind {

struct Failure {
  Error error{};
  std::int64_t at_ms = 0;  // UTC.
};

}  // namespace docmind

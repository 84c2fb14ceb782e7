// A moment as RFC 3339 has it, in UTC with milliseconds: "2026-11-22T20:25:00.000Z". Pure.
#pragma once
#include <string>

#include "base/clock.h"

namespace docmind {

std::string utc_text(WallTime at);

}  // namespace docmind

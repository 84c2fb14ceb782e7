// Replays citations against the library: does each quote still stand where an answer said that it stands?
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "agents/answer.h"
#include "base/result.h"
#include "library/library.h"

namespace docmind::agents {

enum class CitationState : std::uint8_t {
  kCurrent,  // This version is stored and the quote equals its bytes.
  kChanged,  // The document has another version now.
  kDeleted,  // The document is gone.
  kForged,   // This version is stored, and the quote is not what stands there.
};

std::string_view name(CitationState state);  // "current", "changed", "deleted", "forged"

// One state per citation, in order. Citations are hostile input. Errors: those of the library.
Result<std::vector<CitationState>> verify(std::span<const Citation> citations, library::Snapshot& at);

}  // namespace docmind::agents

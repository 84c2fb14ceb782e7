// query_router: decides how a question is searched. Without a chat model it goes by rules. Pure functions.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace docmind::agents {

enum class Route : std::uint8_t {
  kHybrid,      // Keywords and vectors: anything with a sentence around it.
  kKeyword,     // Keywords alone: only identifiers, or one quoted phrase. Their meaning is their spelling.
  kExhaustive,  // Every row or item is read: how many, list all, the sum of. When no set of the library fits: hybrid.
  kGeneral,     // Not by route(): the documents did not answer, and a model said what it knows (general_knowledge.h).
  kDirect,      // A page or section that the question names is read: place_reading.h. Where there is none: hybrid.
};

std::string_view name(Route route);  // "hybrid", "keyword", "exhaustive", "general", "direct"

struct Routing {
  Route route = Route::kHybrid;
  std::string question;  // White space folded, quotes around the whole taken off: what the next agents work on.
  std::string reason;    // One sentence for the trace.
};

// kInvalidArgument when there is nothing to ask, or more than 8 KiB of it.
Result<Routing> route(std::string_view question);

// Without a choice: every question is searched by keywords and vectors. Errors as route().
Result<Routing> route_to_hybrid(std::string_view question);

}  // namespace docmind::agents

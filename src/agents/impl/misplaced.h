// A number or name that stands in the cited passages, but not where the rest of its clause does: "built in 1911" of the
// wrong ship. Pure.
#pragma once
#include <string>

#include "agents/impl/cited.h"

namespace docmind::agents {

// As the sentence has it; empty when all stand where they should. `kind`: kNumber or kName.
std::string misplaced(const Statement& claim, const Cited& cited, LexemeKind kind);

}  // namespace docmind::agents

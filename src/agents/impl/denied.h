// Whether a sentence denies what the cited passages say, or says what they deny. Pure.
#pragma once
#include <string>

#include "agents/impl/cited.h"

namespace docmind::agents {

// The first word of the clause that does; empty when none is seen to.
std::string denied(const Statement& claim, const Cited& cited);

}  // namespace docmind::agents

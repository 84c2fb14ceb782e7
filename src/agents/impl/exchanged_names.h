// Names of the cited passages that stand in each other's place: "A succeeded B" for "B succeeded A", "A (secretary)"
// for "A (treasurer), B (secretary)". Pure.
#pragma once
#include <string>

#include "agents/impl/cited.h"

namespace docmind::agents {

// As the sentence has it; empty when none do.
std::string exchanged_name(const Statement& claim, const Cited& cited);

}  // namespace docmind::agents

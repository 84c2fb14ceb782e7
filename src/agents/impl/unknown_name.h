// Names that the cited passages do not have: capitalised words, identifiers, and words that stand in the place of a
// name ("the audio group" where the passage has "the cdrom group"). Pure.
#pragma once
#include <string>

#include "agents/impl/cited.h"

namespace docmind::agents {

// As the sentence has it; empty when the passages have them all.
std::string unknown_name(const Statement& claim, const Cited& cited);

}  // namespace docmind::agents

// Numbers that the cited passages do not bear out: not there, not there with that unit, or there of something else.
// What follows from their numbers is borne out: another unit, a sum, a difference (of years), a share, a multiple, how
// many things they list. Pure.
#pragma once
#include <string>

#include "agents/impl/cited.h"

namespace docmind::agents {

// As the sentence has it; empty when all are borne out.
std::string missing_number(const Statement& claim, const Cited& cited);

}  // namespace docmind::agents

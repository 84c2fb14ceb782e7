// The turns of a session that the next question's chat model is shown: as they are stored, so without what was taken
// out of them (forget.h). Pure function.
//
// At most 8, the newest, each with 4 KiB of its answer; turns without an answer are left out. When there are more, the
// oldest go four at a time: so the beginning of a prompt stays the same, byte for byte, for four turns.
#pragma once
#include <span>
#include <vector>

#include "agents/history.h"
#include "session/sessions.h"

namespace docmind::session {

std::vector<agents::HistoryTurn> history_of(std::span<const Turn> turns);

}  // namespace docmind::session

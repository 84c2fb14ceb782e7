// A session as a paper to be printed: its title and dates, then each question with its answer's numbered sentences and
// their sources, as in the Markdown export. Pure function.
#pragma once
#include <cstdint>

#include "print/paper.h"
#include "session/sessions.h"

namespace docmind::session {

// `now_ms`: UTC; the day it was printed.
print::Paper to_paper(const Session& session, std::int64_t now_ms);

}  // namespace docmind::session

// A session as a Markdown document: questions as headings, answers with their sources beneath. Pure function.
//
// What comes from documents stands in block quotes and is escaped, so that it cannot pass for the page's own structure.
#pragma once
#include <string>

#include "session/sessions.h"

namespace docmind::session {

std::string to_markdown(const Session& session);

}  // namespace docmind::session

// Who speaks, told to a model inside the text: <name>n</name><content>c</content>, for models that do not look at a
// message's name. As langgraph-supervisor's include_agent_name="inline".
//
// Pure functions; what is not an assistant's, or has no name or no tags, comes back as it was.
#pragma once
#include "supervisor/message.h"

namespace docmind::supervisor {

// The first text block is wrapped, other text blocks go, blocks that are not text stay behind it.
Value with_inline_name(Value message);
Value without_inline_name(Value message);

}  // namespace docmind::supervisor

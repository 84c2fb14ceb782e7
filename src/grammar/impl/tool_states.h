// Text with tool calls in it, as states.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "grammar/grammar.h"
#include "grammar/impl/builder.h"

namespace docmind::grammar {

// `call` starts at what follows the opening of a call and ends after its closing. Returns the start of the whole.
StateId build_tool_text(Builder& builder, const ToolFormat& format, StateId call);

}  // namespace docmind::grammar

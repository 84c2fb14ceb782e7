// `docmind mcp`: the Model Context Protocol on standard input and output, for a program that starts it. One message a
// line; what is answered comes from POST /mcp of whoever holds the data directory. Nothing else goes to standard
// output.
//
// As commands.h: returns the exit code.
#pragma once
#include "cli/chat.h"

namespace docmind::cli {

int mcp(Api& api, const McpOptions& options, const Surroundings& here, const Typing& typing);

}  // namespace docmind::cli

// A trace as a tree for people: the question, its agents, their parts and the calls of a chat model, each with when it
// began, how long it took and its tokens. Pure functions; a field that is missing is left out.
#pragma once
#include <boost/json/fwd.hpp>
#include <string>

#include "cli/terminal.h"

namespace docmind::cli {

std::string render_trace(const boost::json::value& trace, const Terminal& terminal);
// What became of a replay.
std::string render_replay(const boost::json::value& replay, const Terminal& terminal);

}  // namespace docmind::cli

// JSON bodies of the API as text for people. Pure functions; a field that is missing is left out, never invented.
#pragma once
#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "cli/terminal.h"

namespace docmind::cli {

std::string render_summary(const boost::json::value& summary, const Terminal& terminal);
std::string render_answer(const boost::json::value& answer, const Terminal& terminal);
// A turn of a session: how it was searched when that is not how it was asked, and the answer.
std::string render_turn(const boost::json::value& turn, const Terminal& terminal);
std::string render_sessions(const boost::json::value& listed, const Terminal& terminal);
std::string render_found(const boost::json::value& found, const Terminal& terminal);
std::string render_hits(const boost::json::array& hits, const Terminal& terminal);
std::string render_backends(const boost::json::value& backends, const Terminal& terminal);
std::string render_performance(const boost::json::value& performance);
std::string render_library(const boost::json::value& library, const Terminal& terminal);
std::string render_verification(const boost::json::value& verification, const Terminal& terminal);
std::string render_checks(const boost::json::array& checks, const Terminal& terminal);
// Of those that /health knows: what is not as it should be, or was not. Nothing: the empty string.
std::string render_parts(const boost::json::array& parts, const Terminal& terminal);

// Text from outside on one line of a terminal: no control characters, so that no document can steer it.
std::string one_line(std::string_view text);

// Fields of an object with a default where they are absent or of another type.
std::string text(const boost::json::value& object, std::string_view key);
std::uint64_t count(const boost::json::value& object, std::string_view key);
double number(const boost::json::value& object, std::string_view key);
bool flag(const boost::json::value& object, std::string_view key);
const boost::json::array& list(const boost::json::value& object, std::string_view key);

}  // namespace docmind::cli

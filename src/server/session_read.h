// What requests about sessions carry, of bodies that fit their routes' shapes (server/shape.h). Pure functions.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "service/service.h"
#include "session/sessions.h"

namespace docmind::server {

// The filter is kept as it came.
Result<session::Question> read_session_question(const boost::json::object& body);

// Of a run: {"session"} and what read_session_question() takes, or without a session what read_question() takes.
struct RunRequest {
  std::string session{};  // Empty: a question alone.
  service::Question alone{};
  session::Question in_session{};

  const std::string& question() const { return session.empty() ? alone.text : in_session.text; }
};
Result<RunRequest> read_run(const boost::json::object& body);

struct ForkRequest {
  std::string to{};                      // Empty: a new name.
  std::optional<std::uint32_t> turns{};  // Absent: all.
};

ForkRequest read_fork(const boost::json::object& body);

// Turns that took place elsewhere: their answers are shown as what they are, words that nothing was held against.
struct ImportedSession {
  std::string title{};
  std::vector<session::Turn> turns{};
};

ImportedSession read_import(const boost::json::object& body);

}  // namespace docmind::server

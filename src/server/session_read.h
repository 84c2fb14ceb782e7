// What requests about sessions carry. Strict, as json_read.h. Pure functions; hostile input.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "service/service.h"
#include "session/sessions.h"

namespace docmind::server {

// {"question", "filter", "as_typed": false, "turn"}; all but the question may be absent. The filter is checked as
// read_question does, and kept as it came.
Result<session::Question> read_session_question(std::string_view body);

// Of a run: {"session"} and what read_session_question() takes, or without a session what read_question() takes.
struct RunRequest {
  std::string session{};  // Empty: a question alone.
  service::Question alone{};
  session::Question in_session{};

  const std::string& question() const { return session.empty() ? alone.text : in_session.text; }
};
Result<RunRequest> read_run(std::string_view body);

struct ForkRequest {
  std::string to;                      // Empty: a new name.
  std::optional<std::uint32_t> turns;  // Absent: all.
};

// {"to", "turns"}; an empty body is one without fields.
Result<ForkRequest> read_fork(std::string_view body);

}  // namespace docmind::server

#include "server/session_read.h"

#include <boost/json.hpp>

#include "base/json_members.h"
#include "server/json_read.h"

namespace docmind::server {
namespace json = boost::json;

Result<session::Question> read_session_question(const json::object& body) {
  session::Question question;
  if (json_flag(json_member(body, "as_typed"))) question.rewriting = session::Rewriting::kNever;
  question.turn = json_small(json_member(body, "turn"));
  question.text = DM_TRY(read_question(body)).text;
  question.analysis = json_text(json_member(body, "analysis"));
  if (body.contains("filter")) question.filter = json_member(body, "filter");
  return question;
}

Result<RunRequest> read_run(const json::object& body) {
  RunRequest run;
  run.session = json_text(json_member(body, "session"));
  if (!run.session.empty()) {
    run.in_session = DM_TRY(read_session_question(body));
    return run;
  }
  for (const std::string_view field : {"as_typed", "turn"}) {
    if (!body.contains(field)) continue;
    return Error{Code::kInvalidArgument, "\"" + std::string(field) + "\" is for questions in a session",
                 "Name a session, or leave it out."};
  }
  run.alone = DM_TRY(read_question(body));
  return run;
}

ForkRequest read_fork(const json::object& body) {
  ForkRequest fork{.to = std::string(json_text(json_member(body, "to")))};
  if (body.contains("turns")) fork.turns = json_small(json_member(body, "turns"));
  return fork;
}

}  // namespace docmind::server

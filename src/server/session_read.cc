#include "server/session_read.h"

#include <boost/json.hpp>

#include "base/json_members.h"
#include "server/json_read.h"
#include "server/json_write.h"

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

namespace {

json::value imported_answer(const std::string& question, std::string_view text, std::string_view from) {
  service::Answer answer;
  answer.text = text;
  answer.generated = true;
  answer.status = agents::AnswerStatus::kPartial;
  answer.partial_reason = "Imported from " + std::string(from) + ": it was not checked against your documents.";
  answer.query_used = question;
  answer.claims.push_back({.text = std::string(text), .doubt = {}, .origin = "general", .citations = {}});
  return to_json(answer);
}

}  // namespace

ImportedSession read_import(const json::object& body) {
  const std::string_view from = json_text(json_member(body, "from"));
  ImportedSession out{.title = std::string(json_text(json_member(body, "title")))};
  for (const json::value& one : json_list(json_member(body, "turns"))) {
    session::Turn turn;
    turn.question = json_text(json_member(one, "question"));
    turn.asked_ms = static_cast<std::int64_t>(json_count(json_member(one, "asked_ms")));
    turn.answer = imported_answer(turn.question, json_text(json_member(one, "answer")), from);
    out.turns.push_back(std::move(turn));
  }
  return out;
}

ForkRequest read_fork(const json::object& body) {
  ForkRequest fork{.to = std::string(json_text(json_member(body, "to")))};
  if (body.contains("turns")) fork.turns = json_small(json_member(body, "turns"));
  return fork;
}

}  // namespace docmind::server

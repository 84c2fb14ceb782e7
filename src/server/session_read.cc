#include "server/session_read.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "server/json_read.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMostTurns = 1'000'000;

Error bad(std::string message) { return {Code::kInvalidArgument, std::move(message), "See docs/api.md."}; }

// Takes a field out, so that what is left is what another reader knows.
std::optional<json::value> take(json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  if (found == nullptr) return {};
  json::value out = *found;
  object.erase(key);
  return out;
}

Result<std::uint32_t> read_turn(const json::value& value, std::string_view key) {
  if (!value.is_int64() || value.get_int64() < 1 || value.get_int64() > kMostTurns) {
    return bad("\"" + std::string(key) + "\" must be a whole number from 1");
  }
  return static_cast<std::uint32_t>(value.get_int64());
}

Result<json::object> read_object(std::string_view body) {
  Result<json::value> value = parse_json(body);
  if (!value) return bad("the body is not usable JSON: " + value.error().message);
  if (!value->is_object()) return bad("the body is not a JSON object");
  return std::move(value->get_object());
}

}  // namespace

Result<session::Question> read_session_question(std::string_view body) {
  json::object object = DM_TRY(read_object(body));
  session::Question question;
  if (const auto typed = take(object, "as_typed")) {
    if (!typed->is_bool()) return bad("\"as_typed\" must be true or false");
    if (typed->get_bool()) question.rewriting = session::Rewriting::kNever;
  }
  if (const auto turn = take(object, "turn")) question.turn = DM_TRY(read_turn(*turn, "turn"));
  question.text = DM_TRY(read_question(to_text(object))).text;
  if (const auto filter = take(object, "filter")) question.filter = *filter;
  return question;
}

Result<RunRequest> read_run(std::string_view body) {
  json::object object = DM_TRY(read_object(body));
  RunRequest run;
  if (const auto session = take(object, "session"); session && !session->is_null()) {
    if (!session->is_string() || session->get_string().empty()) return bad("\"session\" must be a name");
    run.session = session->get_string();
    run.in_session = DM_TRY(read_session_question(to_text(object)));
  } else {
    run.alone = DM_TRY(read_question(to_text(object)));
  }
  return run;
}

Result<ForkRequest> read_fork(std::string_view body) {
  ForkRequest fork;
  if (body.empty()) return fork;
  json::object object = DM_TRY(read_object(body));
  if (const auto to = take(object, "to")) {
    if (!to->is_string() || to->get_string().empty()) return bad("\"to\" must be a name");
    fork.to = to->get_string();
  }
  if (const auto turns = take(object, "turns")) fork.turns = DM_TRY(read_turn(*turns, "turns"));
  if (!object.empty()) return bad("the field \"" + std::string(object.begin()->key()) + "\" is not known");
  return fork;
}

}  // namespace docmind::server

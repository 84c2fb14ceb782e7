// The routes of sessions: conversations that are kept.
#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_members.h"
#include "server/impl/call.h"
#include "server/json_read.h"
#include "server/json_write.h"
#include "server/session_read.h"
#include "session/markdown.h"
#include "session/paper.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

constexpr std::int64_t kListed = 100;
constexpr std::int64_t kMostListed = 1000;

json::value or_null(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

json::object overview(const session::Overview& overview) {
  return {{"session", overview.id},
          {"title", overview.title},
          {"turns", overview.turns},
          {"started_ms", overview.started_ms},
          {"changed_ms", overview.changed_ms},
          {"unanswered", or_null(overview.unanswered)}};
}

json::object turn(std::uint32_t number, const session::Turn& turn) {
  return {{"turn", number},
          {"question", turn.question},
          {"query_used", turn.query},
          {"because", or_null(turn.because)},
          {"asked_ms", turn.asked_ms},
          {"filter", turn.filter},
          {"answer", turn.answer}};
}

json::object whole(const session::Session& session) {
  json::object out = overview(session.overview);
  json::array turns;
  for (std::size_t i = 0; i < session.turns.size(); ++i) {
    turns.push_back(turn(static_cast<std::uint32_t>(i + 1), session.turns[i]));
  }
  out["messages"] = std::move(turns);
  return out;
}

json::object asked(std::string_view id, const session::Asked& asked) {
  json::object out{{"session", id}};
  for (auto& [key, value] : turn(asked.number, asked.turn)) out[key] = std::move(value);
  return out;
}

}  // namespace

Result<session::Sessions*> Routes::kept_sessions() const {
  if (options_.sessions != nullptr) return options_.sessions;
  return Error{Code::kNotFound, "this server keeps no sessions", "Ask at /api/ask."};
}

// Before the document goes: a delete that ends in between is repeated, and finds it still there.
Result<> Routes::forget_in_sessions(std::string_view document, const Call& call) {
  if (options_.sessions == nullptr) return {};
  const service::LibraryInfo library = DM_TRY(service_.documents(service::Hashing::kSkip, call.deadline, call.stop));
  for (const service::DocumentInfo& one : library.documents) {
    if (one.document_id != document && one.document != document) continue;
    DM_TRY(options_.sessions->forget_document(one.document_id, {call.deadline, call.stop}));
  }
  return {};
}

session::Ask Routes::asking(const std::string& session, const Following& following) {
  return [this, session, following](const session::Query& query, Deadline deadline,
                                    std::stop_token stop) -> Result<json::value> {
    json::object request{{"question", query.text}, {"analysis", query.analysis}};
    if (!query.filter.is_null()) request["filter"] = query.filter;
    service::Question question = DM_TRY(read_question(request));
    question.history = query.history;
    question.session = session;
    question.watch = following.watch;
    question.on_part = following.on_part;
    return counted_answer(question, "session", deadline, std::move(stop));
  };
}

Result<json::value> Routes::answer_followed(const RunRequest& asked, const Following& following, Deadline deadline,
                                            std::stop_token stop) {
  if (asked.session.empty()) {
    service::Question question = asked.alone;
    question.watch = following.watch;
    question.on_part = following.on_part;
    return counted_answer(question, "ask", deadline, std::move(stop));
  }
  session::Sessions& kept = *DM_TRY(kept_sessions());
  return json::value(server::asked(
      asked.session,
      DM_TRY(kept.ask(asked.session, asked.in_session, asking(asked.session, following), {deadline, stop}))));
}

Routes::Reply Routes::sessions(const Call& call) {
  const auto limit =
      static_cast<std::size_t>(DM_TRY(read_whole(call.request.target, "limit", kListed, 1, kMostListed)));
  json::array listed;
  for (const auto& one : DM_TRY(DM_TRY(kept_sessions())->list(limit, {call.deadline, call.stop}))) {
    listed.push_back(overview(one));
  }
  return ok(json::object{{"sessions", std::move(listed)}});
}

Routes::Reply Routes::new_session(const Call&) {
  return ok(json::object{{"session", DM_TRY(kept_sessions())->new_id()}});
}

Routes::Reply Routes::ask_in_session(const Call& call) {
  session::Sessions& kept = *DM_TRY(kept_sessions());
  const session::Question question = DM_TRY(read_session_question(call.body));
  return ok(asked(call.id, DM_TRY(kept.ask(call.id, question, asking(call.id, {}), {call.deadline, call.stop}))));
}

Routes::Reply Routes::resume_session(const Call& call) {
  session::Sessions& kept = *DM_TRY(kept_sessions());
  return ok(asked(call.id, DM_TRY(kept.resume(call.id, asking(call.id, {}), {call.deadline, call.stop}))));
}

Routes::Reply Routes::fork_session(const Call& call) {
  session::Sessions& kept = *DM_TRY(kept_sessions());
  const ForkRequest fork = read_fork(call.body);
  const std::string to = fork.to.empty() ? kept.new_id() : fork.to;
  return ok(overview(DM_TRY(kept.fork(call.id, to, fork.turns, {call.deadline, call.stop}))));
}

Routes::Reply Routes::import_session(const Call& call) {
  session::Sessions& kept = *DM_TRY(kept_sessions());
  ImportedSession session = read_import(call.body);
  return ok(
      overview(DM_TRY(kept.import(call.id, session.title, std::move(session.turns), {call.deadline, call.stop}))));
}

Routes::Reply Routes::export_session(const Call& call) {
  const std::string_view format = call.request.target.parameter("format").value_or("markdown");
  const session::Session session = DM_TRY(DM_TRY(kept_sessions())->show(call.id, {call.deadline, call.stop}));
  if (format == "json") return ok(whole(session));
  if (format == "pdf") {
    if (!options_.print) return Error{Code::kUnavailable, "this server prints nothing", "Export the chat as Markdown."};
    const print::Paper paper = session::to_paper(session, clock_.wall().time_since_epoch().count());
    return Answered({.headers = {{"Content-Type", "application/pdf"}},
                     .body = DM_TRY(options_.print(paper, call.deadline, call.stop))});
  }
  return Answered(
      {.headers = {{"Content-Type", "text/markdown; charset=utf-8"}}, .body = session::to_markdown(session)});
}

Routes::Reply Routes::show_session(const Call& call) {
  return ok(whole(DM_TRY(DM_TRY(kept_sessions())->show(call.id, {call.deadline, call.stop}))));
}

Routes::Reply Routes::remove_session(const Call& call) {
  session::Sessions* sessions = DM_TRY(kept_sessions());
  const session::Session session = DM_TRY(sessions->show(call.id, {call.deadline, call.stop}));
  // Its traces hold what was asked and written in it. Before the session goes: a delete that ends in between is
  // repeated, and finds it still there.
  std::vector<std::string> traces;
  for (const session::Turn& turn : session.turns) {
    const std::string_view trace = json_text(json_member(turn.answer, "trace_id"));
    if (!trace.empty()) traces.emplace_back(trace);  // What was imported has none.
    for (const json::value& part : json_list(json_member(turn.answer, "parts"))) {
      traces.emplace_back(json_text(json_member(part, "trace_id")));
    }
  }
  DM_TRY(service_.forget_traces(traces, call.deadline, call.stop));
  DM_TRY(service_.purge_cache(cache::PurgeBy::kSession, call.id, call.deadline, call.stop));
  return ok(overview(DM_TRY(sessions->remove(call.id, {call.deadline, call.stop}))));
}

}  // namespace docmind::server

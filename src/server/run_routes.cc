// The routes of runs: an answer that is made while one watches, goes, comes back or stops it.
#include <boost/json.hpp>
#include <limits>

#include "base/json.h"
#include "base/json_members.h"
#include "net/sse.h"
#include "server/impl/call.h"
#include "server/json_read.h"
#include "server/json_write.h"
#include "server/runs.h"
#include "server/session_read.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

json::object to_json(const RunInfo& run) {
  return {{"run", run.id},
          {"session", run.session.empty() ? json::value(nullptr) : json::value(run.session)},
          {"question", run.question},
          {"state", name_of(run.state)},
          {"last_event", run.last_event}};
}

// What a watch sees, as events.
agents::Watch watch_of(const Runs::Say& say) {
  agents::Watch out;
  out.step = [say](const agents::WatchedStep& step) {
    json::object event{{"agent", step.agent}, {"part", step.part}, {"state", step.status}, {"ms", 1000 * step.seconds}};
    if (!step.document.empty()) event["document"] = step.document;
    say("step", to_text(event));
  };
  out.wrote = [say](std::string_view text) { say("draft", to_text(json::object{{"text", text}})); };
  return out;
}

// A sentence that stands, with its citations; and whose it is, where each document is asked by itself.
void seal(const json::value& claim, std::size_t index, std::optional<std::size_t> part, const Runs::Say& say) {
  json::object event{{"index", index},
                     {"text", json_member(claim, "text")},
                     {"supported", json_member(claim, "supported")},
                     {"citations", json_member(claim, "citations")}};
  if (part) event["part"] = *part;
  say("seal", to_text(event));
}

void seal_all(const json::value& answer, const Runs::Say& say) {
  std::size_t index = 0;
  for (const json::value& claim : json_list(json_member(answer, "claims"))) seal(claim, index++, std::nullopt, say);
}

// A document that has been asked, and its sentences behind it.
service::OnPart parts_as_events(const Runs::Say& say) {
  return [say](const service::Answer& so_far, std::size_t parts) {
    const agents::DocumentPart& part = so_far.by_document.back();
    const std::size_t index = so_far.by_document.size() - 1;
    json::object event = server::to_json(part).as_object();
    event["index"] = index;
    event["parts"] = parts;
    say("part", to_text(event));
    for (std::size_t i = part.first; i < part.first + part.count; ++i) {
      seal(server::to_json(so_far.claims.at(i)), i, index, say);
    }
  };
}

// From which event on: the parameter, or what a browser that joins again says.
Result<std::uint64_t> number_after(const net::Request& request) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const std::string_view seen = request.headers.find("Last-Event-ID").value_or("");
  const std::int64_t last = seen.empty() ? 0 : DM_TRY(read_whole(seen, "Last-Event-ID", 0, kMost));
  return static_cast<std::uint64_t>(DM_TRY(read_whole(request.target, "after", last, 0, kMost)));
}

}  // namespace

Result<Runs*> Routes::kept_runs() const {
  if (runs_ != nullptr) return runs_.get();
  return Error{Code::kNotFound, "this server keeps no runs", "Ask at /api/ask."};
}

// Like ask() and ask_in_session(), with somebody who watches.
Routes::Reply Routes::start_run(const Call& call) {
  Runs& runs = *DM_TRY(kept_runs());
  RunRequest asked = DM_TRY(read_run(call.body));
  if (!asked.session.empty()) DM_TRY(kept_sessions());
  const std::string question = asked.question();
  const std::string session = asked.session;
  const RunInfo run = DM_TRY(
      runs.start(session, question,
                 [this, asked = std::move(asked)](const Runs::Say& say, std::stop_token stop) -> Result<std::string> {
                   const Deadline deadline = Deadline::in(options_.ask_patience, clock_);
                   const Following following{.watch = watch_of(say), .on_part = parts_as_events(say)};
                   const json::value done = DM_TRY(answer_followed(asked, following, deadline, std::move(stop)));
                   ++chat_changes_;
                   const json::value& answer = asked.session.empty() ? done : json_member(done, "answer");
                   if (json_list(json_member(answer, "parts")).empty()) seal_all(answer, say);
                   return to_text(done);
                 }));
  return Answered(net::json_response(202, to_text(to_json(run))));
}

Routes::Reply Routes::run_list(const Call& call) {
  json::array listed;
  for (const RunInfo& run : DM_TRY(kept_runs())->running(call.request.target.parameter("session").value_or(""))) {
    listed.push_back(to_json(run));
  }
  return ok(json::object{{"runs", std::move(listed)}});
}

Routes::Reply Routes::show_run(const Call& call) { return ok(to_json(DM_TRY(DM_TRY(kept_runs())->find(call.id)))); }

Routes::Reply Routes::stop_run(const Call& call) {
  DM_TRY(DM_TRY(kept_runs())->stop(call.id));
  return ok(json::object{{"stopped", true}});
}

Routes::Reply Routes::run_events(const Call& call) {
  const Runs& runs = *DM_TRY(kept_runs());
  std::uint64_t after = DM_TRY(number_after(call.request));
  DM_TRY(runs.find(call.id));
  DM_TRY(begin_events(call.out));
  while (true) {
    const auto events = runs.next(call.id, after, Deadline::in(options_.heartbeat, clock_), call.stop);
    if (gate_.shut_out(call.request)) break;
    if (!events && events.error().code != Code::kDeadlineExceeded) break;  // Whoever followed has gone.
    if (!events) {
      if (!call.out.write(kStillHere)) break;
      continue;
    }
    if (events->empty()) break;
    std::string text;
    for (const RunEvent& one : *events) {
      text += net::sse_text(net::SseEvent{.name = one.name, .data = one.data, .id = std::to_string(one.number)});
      after = one.number;
    }
    if (!call.out.write(text)) break;
  }
  (void)call.out.end();
  return Answered();
}

}  // namespace docmind::server

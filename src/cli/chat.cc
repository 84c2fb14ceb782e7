#include "cli/chat.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json_members.h"
#include "base/utf8.h"
#include "cli/impl/request.h"
#include "cli/render.h"

namespace docmind::cli {
namespace {

namespace json = boost::json;

std::string path_of(const std::string& session, const char* what = "") { return "/api/sessions/" + session + what; }

Result<json::value> body_of(const Result<net::Response>& reply) {
  if (!reply) return reply.error();
  return parse_json(reply->body);
}

class Chat {
 public:
  Chat(Api& api, const ChatOptions& options, const Surroundings& here, const Typing& typing)
      : api_(api), options_(options), here_(here), typing_(typing), session_(options.session) {}

  // Where the session stands; a new one gets its name.
  Result<> open() {
    filter_ = DM_TRY(filter_object(options_.filter, here_));
    if (session_.empty()) {
      const json::value begun = DM_TRY(body_of(api_.call(post("/api/sessions", json::object()))));
      session_ = text(begun, "session");
      return {};
    }
    if (!is_utf8(session_))
      return Error{Code::kInvalidArgument, "the session's name is not valid UTF-8", "choose another one"};
    return look();
  }

  // The interrupted question, if there is one.
  int resume() {
    if (unanswered_.empty()) return kOk;
    if (!here_.json) here_.terminal.out(here_.terminal.bold(unanswered_) + "\n");
    return show(api_.call(post(path_of(session_, "/resume"), json::object())));
  }

  int run() {
    if (typing_.interactive) greet();
    for (;;) {
      if (typing_.interactive) here_.terminal.err("> ");
      const auto line = typing_.next_line();
      if (!line && line.error().code == Code::kCancelled) return report(line.error(), here_);
      if (!line) {
        note(report(line.error(), here_));
        continue;
      }
      if (!*line) break;
      if ((*line)->find_first_not_of(" \t\r") == std::string::npos) continue;
      if (const int code = ask(**line); code == kInterrupted) return code;
    }
    if (typing_.interactive) here_.terminal.err("\n");
    if (!here_.json && turns_ > 0)
      here_.terminal.err(fmt::format("docmind: go on with: docmind chat --session '{}'\n", session_));
    if (failed_ == 0) return kOk;
    return answered_ == 0 ? kFailed : kSomeFailed;
  }

  bool exists() const { return turns_ > 0 || !unanswered_.empty(); }
  const std::string& session() const { return session_; }

 private:
  Result<> look() {
    const auto shown = body_of(api_.call(get(path_of(session_))));
    if (!shown && shown.error().code == Code::kNotFound) return {};
    const json::value session = DM_TRY(shown);
    turns_ = count(session, "turns");
    unanswered_ = text(session, "unanswered");
    return {};
  }

  void greet() {
    if (turns_ > 0) here_.terminal.err(fmt::format("docmind: {} answered so far\n", turns_));
    if (!unanswered_.empty()) {
      here_.terminal.err(
          fmt::format("docmind: interrupted: {}\n  docmind sessions resume '{}'\n", unanswered_, session_));
    }
    here_.terminal.err("docmind: Ctrl-C ends an answer, Ctrl-D the chat\n");
  }

  int ask(const std::string& question) {
    if (!is_utf8(question)) {
      return note(
          report({Code::kInvalidArgument, "the question is not valid UTF-8", "check the terminal's encoding"}, here_));
    }
    json::object body{{"question", question}, {"turn", turns_ + 1}};
    if (!filter_.empty()) body["filter"] = filter_;
    if (options_.as_typed) body["as_typed"] = true;
    if (options_.separate) body["analysis"] = "separate";
    return show(api_.call(post(path_of(session_, "/ask"), body)));
  }

  int show(const Result<net::Response>& reply) {
    const auto turn = body_of(reply);
    if (!turn) {
      const int code = report(turn.error(), here_);
      if (code == kInterrupted && typing_.interactive && typing_.go_on) {
        typing_.go_on();
        return kOk;
      }
      if (turn.error().code == Code::kConflict) (void)look();  // Somebody else has gone on with it.
      return note(code);
    }
    turns_ = count(*turn, "turn");
    unanswered_.clear();
    ++answered_;
    here_.terminal.out(here_.json ? reply->body + "\n" : render_turn(*turn, here_.terminal) + "\n");
    return kOk;
  }

  int note(int code) {
    ++failed_;
    return code;
  }

  Api& api_;
  const ChatOptions& options_;
  const Surroundings& here_;
  const Typing& typing_;
  std::string session_;
  json::object filter_;
  std::uint64_t turns_ = 0;
  std::string unanswered_;
  std::size_t answered_ = 0;
  std::size_t failed_ = 0;
};

std::string render_session(const json::value& session, const Terminal& terminal) {
  std::string out;
  for (const json::value& turn : list(session, "messages")) {
    out += terminal.bold("> " + one_line(text(turn, "question"))) + "\n" + render_turn(turn, terminal) + "\n";
  }
  const std::string unanswered = text(session, "unanswered");
  if (!unanswered.empty()) out += terminal.bold("> " + one_line(unanswered)) + "\nNot answered: it was interrupted.\n";
  return out;
}

}  // namespace

int chat(Api& api, const ChatOptions& options, const Surroundings& here, const Typing& typing) {
  Chat chat(api, options, here, typing);
  if (auto opened = chat.open(); !opened) return report(opened.error(), here);
  return chat.run();
}

int sessions_resume(Api& api, const SessionsResumeOptions& options, const Surroundings& here, const Typing& typing) {
  const ChatOptions chatting{options.session, false, {}};
  Chat chat(api, chatting, here, typing);
  if (auto opened = chat.open(); !opened) return report(opened.error(), here);
  if (!chat.exists()) {
    return report({Code::kNotFound, "there is no session " + options.session, "docmind sessions list shows them"},
                  here);
  }
  if (const int code = chat.resume(); code != kOk) return code;
  return chat.run();
}

int sessions_list(Api& api, const SessionsListOptions& options, const Surroundings& here) {
  return print(api.call(get("/api/sessions", {{"limit", std::to_string(options.limit)}})), here,
               [&](const json::value& listed) { return render_sessions(listed, here.terminal); });
}

int sessions_show(Api& api, const SessionsShowOptions& options, const Surroundings& here) {
  return print(api.call(get(path_of(options.session))), here,
               [&](const json::value& session) { return render_session(session, here.terminal); });
}

int sessions_fork(Api& api, const SessionsForkOptions& options, const Surroundings& here) {
  json::object body;
  if (!options.to.empty()) body["to"] = options.to;
  if (options.turns != 0) body["turns"] = options.turns;
  return print(api.call(post(path_of(options.session, "/fork"), body)), here,
               [&](const json::value& forked) { return fmt::format("{}\n", one_line(text(forked, "session"))); });
}

int sessions_export(Api& api, const SessionsExportOptions& options, const Surroundings& here) {
  std::string format = options.format;
  if (format.empty()) format = here.json ? "json" : "markdown";
  if (format == "pdf" && here.terminal.out_is_screen) {
    return report({Code::kInvalidArgument, "a PDF is nothing for a terminal",
                   fmt::format("docmind sessions export '{0}' --format pdf > '{0}.pdf'", options.session)},
                  here);
  }
  const auto reply = api.call(get(path_of(options.session, "/export"), {{"format", format}}));
  if (!reply) return report(reply.error(), here);
  here.terminal.out(format == "json" ? reply->body + "\n" : reply->body);
  return kOk;
}

int sessions_delete(Api& api, const SessionsDeleteOptions& options, const Surroundings& here) {
  int code = kOk;
  json::array deleted;
  for (const std::string& session : options.sessions) {
    net::Request request = get(path_of(session));
    request.method = "DELETE";
    const auto body = body_of(api.call(request));
    if (!body) {
      code = report(body.error(), {here.terminal, here.folder, false, here.read_file});
      continue;
    }
    deleted.push_back(*body);
    if (!here.json) here.terminal.out(fmt::format("deleted {}\n", one_line(session)));
  }
  if (here.json) here.terminal.out(to_text(json::object{{"deleted", std::move(deleted)}}) + "\n");
  return code;
}

}  // namespace docmind::cli

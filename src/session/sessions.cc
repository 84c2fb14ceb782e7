#include "session/sessions.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "agents/follow_up.h"
#include "base/hash.h"
#include "base/json_members.h"
#include "base/utf8.h"
#include "graph/engine.h"
#include "session/forget.h"
#include "session/history.h"

namespace docmind::session {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxTurns = 1000;
constexpr std::int64_t kMaxBytes = 16LL << 20U;  // Of all answers together, and of one.
constexpr std::size_t kMaxQuestion = 16U << 10U;
constexpr std::size_t kMaxId = 128;
constexpr std::size_t kTitleCharacters = 80;
constexpr std::size_t kPage = 1000;

Error not_found(std::string_view id) {
  return {Code::kNotFound, "there is no session " + std::string(id), "docmind sessions list shows them."};
}

// A name stands in addresses and on terminals.
Result<> check_id(std::string_view id) {
  const bool printable = std::ranges::none_of(id, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f || c == '/';
  });
  if (id.empty() || id.size() > kMaxId || !printable || !is_utf8(id) || id == "." || id == "..") {
    return Error{Code::kInvalidArgument, "this is no name for a session",
                 "Use 1 to 128 bytes of UTF-8 without \"/\" and control characters."};
  }
  return {};
}

Result<> check_question(const std::string& text) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return Error{Code::kInvalidArgument, "the question is empty", "Ask something about your documents."};
  }
  if (text.size() > kMaxQuestion) {
    return Error{Code::kInvalidArgument, "the question is longer than 16 KiB", "Ask one thing at a time."};
  }
  return {};
}

std::string title_of(std::string_view question) {
  std::string out;
  std::size_t characters = 0;
  for (std::size_t at = 0; at < question.size() && characters < kTitleCharacters; ++characters) {
    const std::uint8_t length = is_utf8(question) ? code_point_at(question, at).length : std::uint8_t{1};
    const bool control = static_cast<unsigned char>(question[at]) < 0x20;
    out += control ? std::string_view(" ") : question.substr(at, length);
    at += length;
  }
  return out.size() < question.size() ? out + "…" : out;
}

std::int64_t to_ms(WallTime time) { return time.time_since_epoch().count(); }

std::int64_t number_at(const json::value& object, std::string_view key) {
  return static_cast<std::int64_t>(json_count(json_member(object, key)));
}

std::string text_at(const json::value& object, std::string_view key) {
  return std::string(json_text(json_member(object, key)));
}

Result<std::shared_ptr<const graph::Graph>> graph_with(graph::Node answer) {
  graph::GraphBuilder builder({graph::messages("messages"), graph::last("asked", graph::Type::kObject)});
  builder.node("answer", std::move(answer));
  builder.edge(graph::kStart, "answer");
  return std::move(builder).compile();
}

json::array messages_of(const Turn& turn) {
  return {
      json::object{{"role", "user"}, {"content", turn.question}, {"asked_ms", turn.asked_ms}, {"filter", turn.filter}},
      json::object{{"role", "assistant"},
                   {"content", json_text(json_member(turn.answer, "answer"))},
                   {"query_used", turn.query},
                   {"because", turn.because},
                   {"answer", turn.answer}}};
}

std::vector<Turn> turns_in(const json::array& messages) {
  std::vector<Turn> turns;
  for (const json::value& message : messages) {
    if (json_text(json_member(message, "role")) == "user") {
      Turn& turn = turns.emplace_back();
      turn.question = text_at(message, "content");
      turn.asked_ms = number_at(message, "asked_ms");
      turn.filter = json_member(message, "filter");
    } else if (!turns.empty()) {
      turns.back().query = text_at(message, "query_used");
      turns.back().because = text_at(message, "because");
      turns.back().answer = json_member(message, "answer");
    }
  }
  return turns;
}

json::object metadata_of(const Overview& overview) {
  return {{"title", overview.title},
          {"turns", overview.turns},
          {"started_ms", overview.started_ms},
          {"changed_ms", overview.changed_ms},
          {"question", overview.unanswered}};
}

// The checkpoint of an input whose question was not answered counts the turn that did not come to be.
Overview overview_of(std::string_view id, const graph::Checkpoint& checkpoint) {
  const json::object& metadata = checkpoint.metadata;
  Overview out;
  out.id = id;
  out.title = json_text(json_member(metadata, "title"));
  out.turns = static_cast<std::uint32_t>(json_count(json_member(metadata, "turns")));
  out.started_ms = static_cast<std::int64_t>(json_count(json_member(metadata, "started_ms")));
  out.changed_ms = static_cast<std::int64_t>(json_count(json_member(metadata, "changed_ms")));
  if (checkpoint.source != graph::Source::kLoop) out.unanswered = json_text(json_member(metadata, "question"));
  if (!out.unanswered.empty() && out.turns > 0) --out.turns;
  return out;
}

Turn turn_of(const Question& question, const std::vector<Turn>& before, const Clock& clock) {
  Turn turn;
  turn.question = question.text;
  turn.query = question.text;
  turn.asked_ms = to_ms(clock.wall());
  turn.filter = question.filter;
  if (question.rewriting == Rewriting::kNever) return turn;
  std::vector<agents::EarlierTurn> earlier;
  for (const Turn& one : before) earlier.push_back({one.query, text_at(one.answer, "answer")});
  agents::FollowUp found = agents::follow_up(question.text, earlier);
  turn.query = std::move(found.query);
  turn.because = std::move(found.because);
  return turn;
}

Result<> check_room(const Session& at, std::int64_t bytes) {
  if (at.turns.size() < kMaxTurns && bytes < kMaxBytes) return {};
  return Error{Code::kResourceExhausted, "the session " + at.overview.id + " is full",
               "Begin another one, or fork it with fewer turns."};
}

}  // namespace

// A session that is being changed, while this lives.
class Sessions::Busy {
 public:
  static Result<Busy> enter(Sessions& sessions, std::string_view id) {
    const MutexLock lock(sessions.mutex_);
    if (!sessions.busy_.insert(std::string(id)).second) {
      return Error{Code::kConflict, "the session " + std::string(id) + " is answering another question",
                   "Ask again when it has."};
    }
    return Busy(sessions, id);
  }
  Busy(Busy&& other) noexcept : sessions_(std::exchange(other.sessions_, nullptr)), id_(std::move(other.id_)) {}
  Busy& operator=(Busy&&) = delete;
  ~Busy() {
    if (sessions_ == nullptr) return;
    const MutexLock lock(sessions_->mutex_);
    sessions_->busy_.erase(id_);
  }

 private:
  Busy(Sessions& sessions, std::string_view id) : sessions_(&sessions), id_(id) {}
  Sessions* sessions_;
  std::string id_;
};

Sessions::Sessions(SessionsDeps deps, std::shared_ptr<const graph::Graph> keeping)
    : deps_(std::move(deps)), keeping_(std::move(keeping)) {}

Result<std::unique_ptr<Sessions>> Sessions::create(SessionsDeps deps) {
  auto keeping = DM_TRY(graph_with([](const graph::State&, graph::Context&) { return graph::Command(); }));
  return std::unique_ptr<Sessions>(new Sessions(std::move(deps), std::move(keeping)));
}

std::string Sessions::new_id() { return docmind::new_id(deps_.clock, deps_.rng); }

Result<graph::Saver*> Sessions::saver() {
  const MutexLock lock(mutex_);
  if (!saver_) saver_ = DM_TRY(deps_.open_saver());
  return saver_.get();
}

Result<Session> Sessions::load(std::string_view id, graph::Waiting waiting) {
  DM_TRY(check_id(id));
  const graph::Engine engine({deps_.clock, deps_.rng, nullptr, DM_TRY(saver())});
  const auto snapshot = DM_TRY(engine.state(*keeping_, id, "", waiting));
  if (!snapshot) return not_found(id);
  return Session{overview_of(id, snapshot->checkpoint), turns_in(json_list(json_member(snapshot->values, "messages")))};
}

Result<Asked> Sessions::ask(std::string_view id, const Question& question, const Ask& ask, graph::Waiting waiting) {
  DM_TRY(check_id(id));
  DM_TRY(check_question(question.text));
  const Busy busy = DM_TRY(Busy::enter(*this, id));
  Result<Session> at = load(id, waiting);
  if (!at && at.error().code != Code::kNotFound) return std::move(at).error();
  Session session;
  session.overview.id = id;
  if (at) session = *std::move(at);
  const std::size_t turns = session.turns.size();
  if (question.turn != 0 && question.turn == turns && session.turns.back().question == question.text) {
    return Asked{question.turn, session.turns.back()};
  }
  if (question.turn != 0 && question.turn != turns + 1) {
    return Error{Code::kConflict, "the session " + std::string(id) + " has " + std::to_string(turns) + " turns already",
                 "Somebody else goes on with it: look at it again."};
  }
  return run(session, question, ask, waiting);
}

Result<Asked> Sessions::resume(std::string_view id, const Ask& ask, graph::Waiting waiting) {
  const Busy busy = DM_TRY(Busy::enter(*this, id));
  const Session session = DM_TRY(load(id, waiting));
  if (session.overview.unanswered.empty()) {
    return Error{Code::kConflict, "the session " + std::string(id) + " has no unanswered question", "Ask one."};
  }
  const graph::Engine engine({deps_.clock, deps_.rng, nullptr, DM_TRY(saver())});
  const auto snapshot = DM_TRY(engine.state(*keeping_, id, "", waiting));
  if (!snapshot) return not_found(id);
  const json::value& asked = json_member(snapshot->values, "asked");
  Question question;
  question.text = session.overview.unanswered;
  question.filter = json_member(asked, "filter");
  question.analysis = text_at(asked, "analysis");
  if (json_flag(json_member(asked, "as_typed"))) question.rewriting = Rewriting::kNever;
  return run(session, question, ask, waiting);
}

Result<Asked> Sessions::run(const Session& at, const Question& question, const Ask& ask, graph::Waiting waiting) {
  std::int64_t bytes = 0;
  for (const Turn& turn : at.turns) bytes += static_cast<std::int64_t>(to_text(turn.answer).size());
  DM_TRY(check_room(at, bytes));
  Asked out{static_cast<std::uint32_t>(at.turns.size() + 1), turn_of(question, at.turns, deps_.clock)};
  std::optional<Error> failure;  // As it was, without what the graph says about it.
  const auto answer = [&](const graph::State&, graph::Context&) -> Result<graph::Command> {
    auto answered =
        ask({out.turn.query, out.turn.filter, question.analysis, history_of(at.turns)}, waiting.deadline, waiting.stop);
    if (answered && static_cast<std::int64_t>(to_text(*answered).size()) > kMaxBytes) {
      answered = Error{Code::kResourceExhausted, "the answer is too long to be kept", "Ask for less at a time."};
    }
    if (!answered) {
      failure = answered.error();
      return *failure;
    }
    out.turn.answer = *std::move(answered);
    return graph::Command{{"messages", messages_of(out.turn)}, {"asked", nullptr}};
  };
  Overview overview = at.overview;
  if (at.turns.empty()) overview.title = title_of(question.text);
  overview.turns = out.number;
  overview.changed_ms = out.turn.asked_ms;
  if (overview.started_ms == 0) overview.started_ms = overview.changed_ms;
  overview.unanswered = question.text;
  graph::RunOptions options;
  options.thread = overview.id;
  options.metadata = metadata_of(overview);
  options.unfinished = graph::Unfinished::kDiscard;
  options.deadline = waiting.deadline;
  options.stop = waiting.stop;
  const graph::Engine engine({deps_.clock, deps_.rng, nullptr, DM_TRY(saver())});
  json::object asked{{"filter", question.filter},
                     {"as_typed", question.rewriting == Rewriting::kNever},
                     {"analysis", question.analysis}};
  const auto ran =
      engine.run(DM_TRY(graph_with(answer)), graph::Input::values({{"asked", std::move(asked)}}), std::move(options));
  if (failure) return *failure;
  if (!ran) return ran.error();
  return out;
}

Result<std::vector<std::string>> Sessions::names(graph::Waiting waiting) {
  graph::Saver& saved = *DM_TRY(saver());
  std::vector<std::string> out;
  for (;;) {
    const std::vector<std::string> page = DM_TRY(saved.threads(out.empty() ? "" : out.back(), kPage, waiting));
    out.insert(out.end(), page.begin(), page.end());
    if (page.size() < kPage) return out;
  }
}

Result<std::vector<Overview>> Sessions::list(std::size_t limit, graph::Waiting waiting) {
  graph::Saver& saved = *DM_TRY(saver());
  std::vector<Overview> out;
  for (const std::string& name : DM_TRY(names(waiting))) {
    graph::ListFilter latest;
    latest.thread = name;
    latest.space = "";
    latest.limit = 1;
    for (const auto& one : DM_TRY(saved.list(latest, waiting))) out.push_back(overview_of(name, one.checkpoint));
  }
  std::ranges::sort(out, [](const Overview& a, const Overview& b) {
    return a.changed_ms != b.changed_ms ? a.changed_ms > b.changed_ms : a.id > b.id;
  });
  if (out.size() > limit) out.resize(limit);
  return out;
}

Result<Session> Sessions::show(std::string_view id, graph::Waiting waiting) { return load(id, waiting); }

Result<Overview> Sessions::fork(std::string_view id, std::string_view to, std::optional<std::uint32_t> turns,
                                graph::Waiting waiting) {
  DM_TRY(check_id(to));
  const Busy busy = DM_TRY(Busy::enter(*this, to));
  const Session from = DM_TRY(load(id, waiting));
  DM_TRY(check_free(to, waiting));
  const std::uint32_t kept = turns.value_or(from.overview.turns);
  if (kept == 0 || kept > from.turns.size()) {
    return Error{Code::kInvalidArgument,
                 "the session " + std::string(id) + " has " + std::to_string(from.turns.size()) + " turns",
                 "Fork it with one of them at least."};
  }
  Overview overview = from.overview;
  overview.id = to;
  overview.turns = kept;
  overview.changed_ms = to_ms(deps_.clock.wall());
  overview.unanswered.clear();
  DM_TRY(begin_with(overview, std::span(from.turns).first(kept), waiting));
  return overview;
}

Result<> Sessions::check_free(std::string_view id, graph::Waiting waiting) {
  const Result<Session> there = load(id, waiting);
  if (there) return Error{Code::kConflict, "there is a session " + std::string(id), "Choose another name."};
  if (there.error().code != Code::kNotFound) return there.error();
  return {};
}

Result<> Sessions::begin_with(const Overview& overview, std::span<const Turn> turns, graph::Waiting waiting) {
  json::array messages;
  for (const Turn& turn : turns) {
    for (json::value& message : messages_of(turn)) messages.push_back(std::move(message));
  }
  graph::RunOptions options;
  options.thread = overview.id;
  options.metadata = metadata_of(overview);
  options.deadline = waiting.deadline;
  options.stop = waiting.stop;
  const graph::Engine engine({deps_.clock, deps_.rng, nullptr, DM_TRY(saver())});
  DM_TRY(engine.run(keeping_, graph::Input::values({{"messages", std::move(messages)}}), std::move(options)));
  return {};
}

Result<Overview> Sessions::import(std::string_view id, std::string_view title, std::vector<Turn> turns,
                                  graph::Waiting waiting) {
  DM_TRY(check_id(id));
  const Busy busy = DM_TRY(Busy::enter(*this, id));
  DM_TRY(check_free(id, waiting));
  if (turns.empty() || turns.size() > kMaxTurns) {
    return Error{Code::kInvalidArgument, "a session has 1 to 1000 turns", "Import it in parts."};
  }
  const std::int64_t now = to_ms(deps_.clock.wall());
  std::int64_t bytes = 0;
  for (Turn& turn : turns) {
    DM_TRY(check_question(turn.question));
    turn.query = turn.question;
    if (turn.asked_ms <= 0 || turn.asked_ms > now) turn.asked_ms = now;
    bytes += static_cast<std::int64_t>(to_text(turn.answer).size());
  }
  if (bytes >= kMaxBytes)
    return Error{Code::kResourceExhausted, "its answers have more than 16 MiB", "Import it in parts."};
  Overview overview;
  overview.id = id;
  overview.title = title_of(title.empty() ? turns.front().question : title);
  overview.turns = static_cast<std::uint32_t>(turns.size());
  overview.started_ms = turns.front().asked_ms;
  overview.changed_ms = turns.back().asked_ms;
  DM_TRY(begin_with(overview, turns, waiting));
  return overview;
}

Result<Overview> Sessions::remove(std::string_view id, graph::Waiting waiting) {
  const Busy busy = DM_TRY(Busy::enter(*this, id));
  Overview overview = DM_TRY(load(id, waiting)).overview;
  DM_TRY(DM_TRY(saver())->delete_thread(id, waiting));
  return overview;
}

Result<std::uint64_t> Sessions::count_with(std::string_view document_id, graph::Waiting waiting) {
  std::uint64_t count = 0;
  for (const std::string& id : DM_TRY(names(waiting))) {
    Result<Session> session = load(id, waiting);
    if (!session && session.error().code == Code::kNotFound) continue;  // Deleted meanwhile.
    if (!session) return std::move(session).error();
    const auto quotes = [&](const Turn& turn) { return quotes_document(turn.answer, document_id); };
    count += std::ranges::any_of(session->turns, quotes) ? 1 : 0;
  }
  return count;
}

Result<> Sessions::forget_document(std::string_view document_id, graph::Waiting waiting) {
  for (const std::string& id : DM_TRY(names(waiting))) DM_TRY(forget_in(id, document_id, waiting));
  return {};
}

Result<> Sessions::forget_in(const std::string& id, std::string_view document_id, graph::Waiting waiting) {
  const Busy busy = DM_TRY(Busy::enter(*this, id));
  Result<Session> at = load(id, waiting);
  if (!at && at.error().code == Code::kNotFound) return {};  // Deleted meanwhile.
  Session session = DM_TRY(std::move(at));
  bool changed = false;
  json::array messages;
  for (Turn& turn : session.turns) {
    // A query may hold a name that was found in an answer before it, and so may what a model wrote without a passage.
    if (changed) forget_unsupported(turn.answer);
    if (changed && !turn.because.empty()) {
      turn.query = turn.question;
      turn.because.clear();
      if (turn.answer.is_object()) turn.answer.get_object()["query_used"] = turn.question;
    }
    changed = session::forget_document(turn.answer, document_id) || changed;
    for (json::value& message : messages_of(turn)) messages.push_back(std::move(message));
  }
  graph::Saver& saved = *DM_TRY(saver());
  if (changed) {
    graph::Edit edit;
    edit.thread = id;
    edit.update.set("messages", std::move(messages), graph::Mode::kOverwrite);
    if (!session.overview.unanswered.empty()) ++session.overview.turns;  // As overview_of reads it.
    edit.metadata = metadata_of(session.overview);
    const graph::Engine engine({deps_.clock, deps_.rng, nullptr, &saved});
    DM_TRY(engine.edit(*keeping_, edit, waiting));
  }
  // Always: an earlier call may have ended between the two.
  return saved.prune({id}, graph::Prune::kKeepLatest, waiting);
}

}  // namespace docmind::session

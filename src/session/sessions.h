// Conversations: questions and their answers in order, kept over restarts, listed, forked, deleted.
//
// A session is a thread of the graph (graph/checkpoint.h), its id the thread's name. One turn is one run of a graph of
// one node: the question is saved, the node has it answered, and the question with its whole answer becomes part of the
// session in one transaction. So a kill in the middle of a turn leaves the session at its last whole turn, with the
// question as `unanswered`: resume() asks it again, another question drops it. A question that points back is rewritten
// before it is searched (agents/follow_up.h); the turn shows both.
//
// Thread safety: every method from any thread. A session takes one call that changes it at a time; another meanwhile is
// kConflict. Bounds: 1000 turns or 16 MiB of answers a session, then kResourceExhausted; ids of 1 to 128 bytes.
// Errors besides: kInvalidArgument, kNotFound, those of the saver and of Ask as they are.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "agents/history.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/thread_annotations.h"
#include "graph/checkpoint.h"
#include "graph/graph.h"

namespace docmind::session {

struct Turn {
  std::string question;       // As it was typed.
  std::string query;          // As it was searched.
  std::string because;        // The words that pointed back; empty: searched as typed.
  std::int64_t asked_ms = 0;  // UTC.
  boost::json::value filter;  // Of the request; null: none.
  boost::json::value answer;  // As Ask gave it.
};

struct Overview {
  std::string id;
  std::string title;  // The first question, cut to 80 characters.
  std::uint32_t turns = 0;
  std::int64_t started_ms = 0;
  std::int64_t changed_ms = 0;
  std::string unanswered;  // A question that was interrupted; empty: none.
};

struct Session {
  Overview overview;
  std::vector<Turn> turns;
};

enum class Rewriting : std::uint8_t { kWhenItPointsBack, kNever };

struct Question {
  std::string text;
  boost::json::value filter{};  // Given to Ask as it is,
  std::string analysis{};       // and so is this: "combined", "separate"; empty: the request did not say.
  Rewriting rewriting = Rewriting::kWhenItPointsBack;
  // Which turn this shall be, from 1. When the session has it already, with this question, it is given back and nothing
  // is asked: so a request can be repeated. 0: whichever is next.
  std::uint32_t turn = 0;
};

struct Query {
  std::string text;                            // As it is to be searched.
  boost::json::value filter;                   // Of the request; null: none.
  std::string analysis{};                      // Of the request; may be empty.
  std::vector<agents::HistoryTurn> history{};  // What a chat model is shown of the turns before (history.h).
};

// Answers a query: an object with the text under "answer".
using Ask = std::function<Result<boost::json::value>(const Query& query, Deadline deadline, std::stop_token stop)>;

struct Asked {
  std::uint32_t number = 0;  // Of the turn, from 1.
  Turn turn{};
};

struct SessionsDeps {
  const Clock& clock;
  Rng& rng;  // Used from several threads at once.
  // Called once, at the first use: a program that has no session keeps no file.
  std::function<Result<std::unique_ptr<graph::Saver>>()> open_saver;
};

class Sessions {
 public:
  static Result<std::unique_ptr<Sessions>> create(SessionsDeps deps);

  // A name that no session has. Nothing is stored.
  std::string new_id();

  // The next turn of a session; its first one begins it.
  Result<Asked> ask(std::string_view id, const Question& question, const Ask& ask, graph::Waiting waiting);
  // Has the unanswered question answered; kConflict when there is none.
  Result<Asked> resume(std::string_view id, const Ask& ask, graph::Waiting waiting);

  // The most recently changed first, at most `limit`.
  Result<std::vector<Overview>> list(std::size_t limit, graph::Waiting waiting);
  Result<Session> show(std::string_view id, graph::Waiting waiting);
  // A new session with the first `turns` of this one (all when absent). kConflict when `to` is there already.
  Result<Overview> fork(std::string_view id, std::string_view to, std::optional<std::uint32_t> turns,
                        graph::Waiting waiting);
  // A session that took place elsewhere, with its turns as they were; nothing is asked. An empty title: the first
  // question. Turns whose time is unknown (0) get this moment. kConflict when it is there already.
  Result<Overview> import(std::string_view id, std::string_view title, std::vector<Turn> turns, graph::Waiting waiting);
  // What was deleted.
  Result<Overview> remove(std::string_view id, graph::Waiting waiting);
  // In how many sessions an answer quotes the document.
  Result<std::uint64_t> count_with(std::string_view document_id, graph::Waiting waiting);
  // Takes a deleted document's words out of every session, and out of the file. kConflict while one that holds them is
  // being changed: what was done until then stays done, so it can be repeated.
  Result<> forget_document(std::string_view document_id, graph::Waiting waiting);

 private:
  class Busy;
  Sessions(SessionsDeps deps, std::shared_ptr<const graph::Graph> keeping);

  Result<graph::Saver*> saver();
  Result<std::vector<std::string>> names(graph::Waiting waiting);
  Result<> forget_in(const std::string& id, std::string_view document_id, graph::Waiting waiting);
  Result<Session> load(std::string_view id, graph::Waiting waiting);
  Result<> check_free(std::string_view id, graph::Waiting waiting);
  Result<> begin_with(const Overview& overview, std::span<const Turn> turns, graph::Waiting waiting);
  Result<Asked> run(const Session& at, const Question& question, const Ask& ask, graph::Waiting waiting);

  SessionsDeps deps_;
  std::shared_ptr<const graph::Graph> keeping_;  // To read a thread, and to begin one with given turns.
  Mutex mutex_;
  std::unique_ptr<graph::Saver> saver_ DM_GUARDED_BY(mutex_);
  std::set<std::string, std::less<>> busy_ DM_GUARDED_BY(mutex_);  // Sessions that are being changed.
};

}  // namespace docmind::session

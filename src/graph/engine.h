// Runs graphs: from a new input, on from where a thread stands, or with the answers to what it asked.
//
// With a saver and a thread every superstep ends with a checkpoint, in one transaction. When a step cannot complete (a
// node failed, asks a person, was cancelled) what its other tasks have computed is saved with the checkpoint before it
// and is not computed again. After a kill the thread stands at its last checkpoint; the step after it runs again, with
// the same idempotency keys.
//
// Thread safety: an Engine from any thread, but one thread of conversation is for one run at a time. Of two, in this
// process or another on the same file, the one that saves a step first goes on; the other ends with kConflict.
// Lifetimes: clock, rng, saver and pause outlive the pool, because a node that was abandoned may still look at them
// until it returns.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "exec/pool.h"
#include "graph/checkpoint.h"
#include "graph/graph.h"
#include "graph/stream.h"

namespace docmind::graph {

struct Seams {
  const Clock& clock;
  Rng& rng;
  exec::Pool* pool = nullptr;  // Null: tasks run one after the other on the caller's thread; nothing can be abandoned.
  Saver* saver = nullptr;      // Null: nothing is kept.
  // Waits between the attempts of a node. Empty: on the clock.
  std::function<Result<>(Duration, const Deadline&, std::stop_token)> pause{};
};

// What a run begins with.
class Input {
 public:
  // Writes to the channels, then from kStart: a new thread, or the next turn of one.
  static Input values(Object values) { return Input(Kind::kValues, std::move(values)); }
  // On from where the thread stands: after a crash, a failure, a pause. With RunOptions::checkpoint: a replay of what
  // came after that one, as a branch of its own.
  static Input proceed() { return Input(Kind::kProceed, {}); }
  // The answer to the one question that is open, or to several by the interrupts' ids; those not answered stay open.
  static Input resume(Value answer) { return Input(Kind::kAnswer, {{"answer", std::move(answer)}}); }
  static Input resume_by_id(Object answers) { return Input(Kind::kAnswers, std::move(answers)); }

  enum class Kind : std::uint8_t { kValues, kProceed, kAnswer, kAnswers };
  Kind kind() const { return kind_; }
  const Object& content() const { return content_; }

 private:
  Input(Kind kind, Object content) : kind_(kind), content_(std::move(content)) {}
  Kind kind_;
  Object content_;
};

// What to do with a thread that is in the middle of something when a new input comes.
enum class Unfinished : std::uint8_t {
  kRefuse,   // kConflict: nothing is lost by accident.
  kDiscard,  // What was due is dropped.
};

struct RunOptions {
  std::string thread{};                     // Which conversation; empty: nothing is saved.
  std::string checkpoint{};                 // Of the thread, to go on from; empty: the latest, as for any answer.
  Object metadata{};                        // For nodes (Context::metadata) and with each checkpoint.
  std::uint32_t recursion_limit = 25;       // Supersteps of this run; LangGraph's old default, kept on purpose.
  std::size_t max_concurrency = 0;          // Tasks at the same time; 0: as many as the pool has threads.
  std::vector<std::string> pause_before{};  // Nodes: stop when one is due, before it runs.
  std::vector<std::string> pause_after{};   // Nodes: stop when one has run.
  Unfinished unfinished = Unfinished::kRefuse;
  Listening listening{};
  Deadline deadline = Deadline::never();
  std::stop_token stop{};
};

struct Interrupt {
  std::string id{};     // The same in every replay of the checkpoint it arose from.
  std::string space{};  // As in Event.
  std::string node{};
  Value question{};
};

struct RunResult {
  Object values{};
  std::vector<Interrupt> interrupts{};  // Open questions; empty: none.
  std::vector<std::string> next{};      // Nodes that are due; empty: the graph came to its end.
  std::string checkpoint{};             // Where the thread stands now; empty without a saver.
  std::uint32_t steps = 0;              // Supersteps of this run.
};

// A thread at one of its checkpoints.
struct Snapshot {
  Object values{};
  std::vector<std::string> next{};
  std::vector<Interrupt> interrupts{};
  std::vector<std::string> errors{};  // Of tasks that failed in the step after it, one sentence each.
  bool paused = false;                // By pause_before or pause_after.
  Checkpoint checkpoint{};
};

struct Edit {
  std::string thread{};
  std::string checkpoint{};  // Which one to branch from; empty: the latest.
  Update update{};
  std::string as_node{};  // As if this node had written it: its edges are followed. Empty: what was due stays due.
  Object metadata{};
};

class Engine {
 public:
  explicit Engine(Seams seams);

  // A node's error keeps its code and says which node. kResourceExhausted: the recursion limit. kConflict: two writes
  // that cannot both be, a thread that waits for something else, or another run that went on with it. kNotFound: no
  // such thread or checkpoint.
  Result<RunResult> run(std::shared_ptr<const Graph> graph, const Input& input, RunOptions options) const;

  // Nothing when the thread or checkpoint is not there. The history is Saver::list().
  Result<std::optional<Snapshot>> state(const Graph& graph, std::string_view thread, std::string_view checkpoint,
                                        Waiting waiting) const;

  // Puts a new checkpoint after the one named, beside what followed it until now; the thread stands there then. Its id.
  Result<std::string> edit(const Graph& graph, const Edit& edit, Waiting waiting) const;

 private:
  Seams seams_;
};

}  // namespace docmind::graph

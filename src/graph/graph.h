// A graph: typed channels, nodes that read them and write to them, edges that say what runs next. This header is all
// that is needed to write one; engine.h runs it.
//
//   GraphBuilder builder({last("n", Type::kInteger), append("log")});
//   builder.node("add", [](const State& state, Context&) -> Result<Command> {
//     return Command{{"n", state.integer("n") + 1}, {"log", Array{"added"}}};
//   });
//   builder.edge(kStart, "add");
//   std::shared_ptr<const Graph> graph = DM_TRY(std::move(builder).compile());
//
// Execution goes in supersteps (Pregel; the semantics are LangGraph's, see docs/adr/0008-own-graph.md): all nodes that
// are due run at the same time, on the values as they were; then their writes are applied together, in the order of the
// task paths: nodes that edges called for, by name, then Sends in the order they were sent. So the result never depends
// on who finished first. A node called for by several edges runs once; each Send runs its node once more, with its own
// input.
//
// Thread safety: a Graph is immutable and may be run from any thread. Nodes and routers are called from several threads
// at once and must not throw (a std::exception is caught and becomes an Error of kind kInternal).
#pragma once
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/json.h"
#include "base/result.h"

namespace docmind::graph {

using Value = boost::json::value;  // What a channel holds: what JSON can say, at most 48 deep.
using Object = boost::json::object;
using Array = boost::json::array;

inline constexpr std::string_view kStart = "__start__";  // Where edges begin.
inline constexpr std::string_view kEnd = "__end__";      // Where they may end; a node without an edge ends there too.

// ---- channels ----

enum class Type : std::uint8_t { kAnything, kBoolean, kInteger, kNumber, kText, kList, kObject };

// How the writes of one superstep become the channel's value.
enum class Reducer : std::uint8_t {
  kLast,       // The value written. Two writes in one superstep are an error (kConflict).
  kAny,        // The value written; of several the last by task path.
  kAppend,     // A list; each write is a list whose items are appended.
  kMessages,   // A list of objects known by "id"; see messages().
  kFold,       // fold(old, written), for each write in turn.
  kEphemeral,  // As kLast, but gone after the superstep that could read it.
};

// old and written to new. Must be associative: a subgraph folds its own writes first, then its parent folds the
// outcome.
using Fold = std::function<Result<Value>(const Value& old, const Value& written)>;

struct Channel {
  std::string name;
  Reducer reducer = Reducer::kLast;
  Type type = Type::kAnything;  // Of the value; a write that does not fit is an error. Null always fits.
  Value initial{};              // Before the first write.
  Fold fold{};                  // For kFold alone.
};

Channel last(std::string name, Type type = Type::kAnything);
Channel any(std::string name, Type type = Type::kAnything);
Channel append(std::string name);
Channel fold(std::string name, Fold how, Value initial, Type type = Type::kAnything);
Channel ephemeral(std::string name, Type type = Type::kAnything);

// A write is a list of objects. One whose "id" is there replaces it in its place, others are appended; one without an
// id gets one, the same in every repetition of a saved run. remove_message(id) takes one away (an error when it is not
// there); remove_all_messages() all that come before it.
Channel messages(std::string name = "messages");
Value remove_message(std::string_view id);
Value remove_all_messages();

// What a node sees: the channels' values, or the input of the Send that called it. Borrowed for the call.
class State {
 public:
  explicit State(const Object& values, const Object* over = nullptr) : values_(values), over_(over) {}

  const Value& operator[](std::string_view name) const;  // Null when nothing was written.
  bool has(std::string_view name) const;                 // Not null.
  std::int64_t integer(std::string_view name) const;     // 0 when it is none.
  double number(std::string_view name) const;            // Integers too; 0 when it is none.
  std::string_view text(std::string_view name) const;    // Empty when it is none.
  const Array& list(std::string_view name) const;        // Empty when it is none.
  Object all() const;                                    // A copy.

 private:
  const Object& values_;
  const Object* over_;  // Values that hide those of the same name; may be null.
};

enum class Mode : std::uint8_t {
  kReduce,
  kOverwrite,  // In place of the old value, whatever the reducer; other writes of the step that come later add to it.
};

struct Write {
  std::string channel;
  Value value;
  Mode mode = Mode::kReduce;
};

class Update {
 public:
  Update() = default;
  Update(std::initializer_list<Write> writes) : writes_(writes) {}
  Update& set(std::string channel, Value value, Mode mode = Mode::kReduce);
  const std::vector<Write>& writes() const { return writes_; }

 private:
  std::vector<Write> writes_;
};

// ---- nodes ----

// Runs a node in the next superstep with an input of its own.
struct Send {
  std::string node;
  Object input;
};

enum class Scope : std::uint8_t {
  kHere,
  kParent,  // From inside a subgraph: it ends, and update and destinations are its parent's.
};

// What a node answers: writes, and whom it calls for besides its edges.
struct Command {
  Command() = default;
  Command(std::initializer_list<Write> writes) : update(writes) {}
  explicit Command(Update writes) : update(std::move(writes)) {}

  Update update{};
  std::vector<std::string> next{};
  std::vector<Send> sends{};
  Scope scope = Scope::kHere;
};

// What a node may ask of the run it is part of. Lives for the call.
class Context {
 public:
  virtual ~Context() = default;

  virtual Deadline deadline() const = 0;     // The sooner of the run's and the node's own.
  virtual std::stop_token stop() const = 0;  // The run was cancelled, or this task is about to be abandoned.
  virtual std::string_view node() const = 0;
  virtual std::uint32_t attempt() const = 0;          // From 1.
  virtual std::uint32_t remaining_steps() const = 0;  // After this one, within the recursion limit.
  virtual std::string_view thread() const = 0;        // Empty when the run is not saved.
  virtual const Object& metadata() const = 0;         // RunOptions::metadata, in subgraphs too.

  // Waits for a person: Value answer = DM_TRY(context.interrupt(question)). Without an answer yet it is an Error that
  // the node passes on, and the run stops; when it is resumed the node runs again from its start, and each interrupt()
  // gives the answer to the question asked at that place. Swallowing the Error does not undo the interrupt.
  virtual Result<Value> interrupt(Value question) = 0;

  // Names a side effect: the same when this task is repeated after a crash, a failure or an interrupt, another in every
  // other task and in a replay. Whoever carries the effect out must ignore a key it has seen.
  virtual std::string idempotency_key(std::string_view effect) const = 0;

  // To whoever listens to the run: tokens of a message, or anything else. Waits when the listener is slow.
  virtual void message(Value piece) = 0;
  virtual void custom(Value piece) = 0;
};

using Node = std::function<Result<Command>(const State& state, Context& context)>;

// Where to go after a node; sees the values with this node's own writes applied.
struct Route {
  std::vector<std::string> next{};
  std::vector<Send> sends{};
};
using Router = std::function<Result<Route>(const State& state)>;

struct Retry {
  std::uint32_t attempts = 1;  // With the first.
  Duration first_wait = std::chrono::milliseconds(500);
  double factor = 2;  // Each wait to the one before.
  Duration longest_wait = std::chrono::seconds(128);
  double jitter = 0.5;                       // A wait is drawn from [1 - jitter, 1] of its length.
  std::function<bool(const Error&)> when{};  // Empty: docmind::retryable(code).
};

// Stands in for a node that failed for good: its writes and edges count as the node's.
using Fallback = std::function<Result<Command>(const State& state, const Error& error)>;

struct NodeOptions {
  Retry retry{};
  // For one attempt; zero: none. A node should look at deadline(). One that ignores it is told to stop and, a quarter
  // of a second later, abandoned: it counts as failed, and what it may still say is dropped. That needs an engine with
  // a pool, whose thread it keeps until it returns; in a subgraph it is the outermost subgraph that is abandoned.
  Duration timeout = Duration::zero();
  Fallback fallback{};
};

class Graph;

// How a subgraph's channels and its parent's meet. By default through their names: a shared channel's value goes in
// (kFold ones start from their initial value), and what the subgraph did to it comes out: what was appended, messages
// that were added, replaced or removed, the folded outcome, or the value if it was written. The functions are given
// what that comes to, and say what it shall be instead.
struct SubgraphOptions {
  std::function<Result<Object>(const State& parent, Object by_name)> input{};
  std::function<Result<Update>(const State& outcome, Update by_name)> output{};
};

class GraphBuilder {
 public:
  explicit GraphBuilder(std::vector<Channel> channels);
  ~GraphBuilder();
  GraphBuilder(GraphBuilder&&) noexcept;
  GraphBuilder& operator=(GraphBuilder&&) noexcept;

  GraphBuilder& node(std::string name, Node run, NodeOptions options = {});
  // A graph as a node. It saves under the parent's thread in a namespace of its own, which ends with the parent's step.
  GraphBuilder& subgraph(std::string name, std::shared_ptr<const Graph> graph, SubgraphOptions how = {},
                         NodeOptions options = {});
  GraphBuilder& edge(std::string_view from, std::string_view to);
  // Runs `to` once all of `from` have run since it last did.
  GraphBuilder& join(std::vector<std::string> from, std::string to);
  GraphBuilder& route(std::string_view from, Router router);

  // kInvalidArgument with the first thing that is wrong: a name twice, unknown or reserved, no edge from kStart.
  Result<std::shared_ptr<const Graph>> compile() &&;

 private:
  struct Draft;
  std::unique_ptr<Draft> draft_;
};

namespace impl {
struct Plan;
}

class Graph {
 public:
  explicit Graph(std::unique_ptr<const impl::Plan> plan);  // GraphBuilder makes them.
  ~Graph();
  const impl::Plan& plan() const { return *plan_; }

 private:
  std::unique_ptr<const impl::Plan> plan_;
};

}  // namespace docmind::graph

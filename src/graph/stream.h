// What a run tells while it goes on.
//
// Thread safety: the listener is called by one thread at a time, from the run's thread and from those of its nodes, and
// never after run() has returned; it must not throw. Nothing is queued: a slow listener holds up whoever speaks, so
// memory is bounded. Order: per superstep first the tasks that start, then what the nodes say as they say it, then
// results, updates and values in the order of the task paths. All but what the nodes say is the same in every
// repetition.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "graph/graph.h"

namespace docmind::graph {

enum class Stream : std::uint8_t {
  kValues = 1,    // {channel: value, ...} after each superstep.
  kUpdates = 2,   // {channel: written, ...} of each task; {"interrupts": [...]} when it waits.
  kMessages = 4,  // Context::message().
  kCustom = 8,    // Context::custom().
  kTasks = 16,    // {"event": "start", "path"}, {"event": "end", "path", "error" or "interrupts" if so}.
  kDebug = 32,    // As kTasks, and {"event": "checkpoint", "id", "parent", "source", "next"}.
};
constexpr std::uint8_t operator|(Stream a, Stream b) {
  return static_cast<std::uint8_t>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}
constexpr std::uint8_t operator|(std::uint8_t a, Stream b) {
  return static_cast<std::uint8_t>(a | static_cast<std::uint8_t>(b));
}

struct Event {
  Stream mode = Stream::kValues;
  std::string space{};  // Empty: the graph itself; else the subgraph's nodes from the outermost in, "research/search".
  std::string node{};   // Empty: of all.
  std::int64_t step = 0;
  Value data{};
};

struct Listening {
  std::uint8_t modes = 0;  // Stream::kValues | Stream::kCustom ...
  std::function<void(const Event&)> listener{};

  Listening() = default;
  Listening(std::uint8_t which, std::function<void(const Event&)> to) : modes(which), listener(std::move(to)) {}
  Listening(Stream which, std::function<void(const Event&)> to)
      : modes(static_cast<std::uint8_t>(which)), listener(std::move(to)) {}
};

}  // namespace docmind::graph

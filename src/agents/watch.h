// What somebody who waits for an answer may see of it meanwhile: which agent works, and what a chat model has written
// so far. A value; what it calls is called from several threads at once, and, by an agent that was left, after the
// answer: so it holds whatever it needs. Empty functions are not called.
#pragma once
#include <cstdint>
#include <functional>
#include <string_view>

namespace docmind::agents {

struct Trace;

struct WatchedStep {
  std::string_view agent;
  std::int64_t part = 0;        // Of the plan; retrieval_expert's.
  std::string_view status;      // "running", "ok", "failed"
  double seconds = 0;           // That it took; 0 while it runs.
  std::string_view document{};  // That is asked by itself; empty: all together.
};

struct Watch {
  std::function<void(const WatchedStep&)> step{};
  // All of what is written so far, nothing checked yet; empty: what stood there is taken back. Not of a question that
  // is written in several parts at the same time.
  std::function<void(std::string_view text)> wrote{};
  // How an answer came to be, once it is made. On the thread that asked.
  std::function<void(const Trace& trace)> made{};
};

}  // namespace docmind::agents

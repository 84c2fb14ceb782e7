// Bounds for a chat template that runs: how many steps, how deep, how many bytes copied in all.
//
// The template engine is llama.cpp's and knows no bounds; cmake/meter_jinja.py puts these calls into its sources. They
// throw, as everything in there does; chat_template.cc catches. A run's meter is found through its thread, since the
// engine has no place to carry it: one thread_local pointer, set for the length of one run. Without one nothing counts.
// Thread safety: each thread has its own.
#pragma once
#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace docmind::engine::template_meter {

struct Meter {
  std::uint64_t steps = 0;   // Left: nodes of the template evaluated.
  std::uint64_t bytes = 0;   // Left: of text made or copied.
  std::uint32_t levels = 0;  // Left: nodes within nodes.
  bool exceeded = false;
};

inline thread_local Meter* current = nullptr;

[[noreturn]] inline void exceed(const char* what) {
  current->exceeded = true;
  throw std::length_error(what);
}

inline void charge(std::size_t bytes, std::size_t times = 1) {
  if (current == nullptr || times == 0) return;
  if (bytes > current->bytes / times) exceed("the template makes too much text");
  current->bytes -= bytes * times;
}

// One node being evaluated.
class Level {
 public:
  Level() : meter_(current) {
    if (meter_ == nullptr) return;
    if (meter_->levels == 0) exceed("the template is nested too deeply");
    if (meter_->steps == 0) exceed("the template takes too many steps");
    --meter_->levels;
    --meter_->steps;
  }
  ~Level() {
    if (meter_ != nullptr) ++meter_->levels;
  }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

 private:
  Meter* meter_;
};

// Sets a thread's meter for one run.
class Run {
 public:
  explicit Run(Meter& meter) { current = &meter; }
  ~Run() { current = nullptr; }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
};

}  // namespace docmind::engine::template_meter

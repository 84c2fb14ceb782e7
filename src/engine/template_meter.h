// Bounds for a chat template that runs: how many steps, how deep, how many bytes copied in all.
//
// The template engine is llama.cpp's and knows no bounds; cmake/meter_jinja.py puts these calls into its sources. They
// throw, as everything in there does; chat_template.cc catches. A run's meter is found through its thread, since the
// engine has no place to carry it: one thread_local pointer, set for the length of one run. Without one nothing counts.
// Thread safety: each thread has its own.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <vector>

namespace docmind::engine::template_meter {

// A value of a run, held until its end: lists and objects can be put into themselves, and so deep into each other that
// freeing them one from within the other ends the stack. At the end all are emptied while all are held.
struct Kept {
  std::shared_ptr<void> value{};
  void (*empty)(void*) = nullptr;
};

struct Meter {
  std::uint64_t steps = 0;   // Left: nodes of the template evaluated.
  std::uint64_t bytes = 0;   // Left: of text made or copied.
  std::uint32_t levels = 0;  // Left: nodes within nodes.
  bool exceeded = false;
  std::vector<Kept> kept{};
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

// Of everything a template makes, what holds other values is kept.
template <typename Value>
void keep(const std::shared_ptr<Value>& value) {
  if constexpr (requires { value->pop_at(0); } || requires { value->unordered; }) {
    if (current == nullptr) return;
    charge(sizeof(Value));
    current->kept.push_back({value, [](void* held) {
                               auto* const it = static_cast<Value*>(held);
                               it->val_arr.clear();
                               it->val_obj.clear();
                               if constexpr (requires { it->unordered; }) it->unordered.clear();
                             }});
  }
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

// Sets a thread's meter for one run; at its end no list or object made in it has anything in it any more.
class Run {
 public:
  explicit Run(Meter& meter) { current = &meter; }
  ~Run() {
    for (const Kept& kept : current->kept) kept.empty(kept.value.get());
    current = nullptr;
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
};

}  // namespace docmind::engine::template_meter

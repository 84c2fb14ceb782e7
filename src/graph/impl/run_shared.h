// What all parts of one run share: its options, the answers it was given, the listener, chance.
//
// Thread safety: every method from any thread. Shared by the loop, its subgraphs and tasks that were abandoned.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/thread_annotations.h"
#include "graph/engine.h"

namespace docmind::graph::impl {

class RunShared {
 public:
  RunShared(Seams seams, RunOptions options, Object answers);

  const Seams& seams() const { return seams_; }
  const RunOptions& options() const { return options_; }
  const Object& answers() const { return answers_; }  // By interrupt id.
  const std::string& id() const { return id_; }       // Of this run.
  bool saving() const { return seams_.saver != nullptr && !options_.thread.empty(); }

  std::string fresh_id() DM_EXCLUDES(chance_);
  double chance_in_01() DM_EXCLUDES(chance_);

  // `data` is made only when somebody listens. mute: a task that was abandoned is heard no more.
  template <typename Data>
  void tell(Stream mode, const std::string& space, const std::string& node, std::int64_t step, Data&& data,
            const std::atomic<bool>* mute = nullptr) DM_EXCLUDES(speaking_) {
    if ((options_.listening.modes & static_cast<std::uint8_t>(mode)) == 0) return;
    speak({.mode = mode, .space = space, .node = node, .step = step, .data = data()}, mute);
  }
  void end() DM_EXCLUDES(speaking_);  // Nobody is told anything after it.

 private:
  void speak(const Event& event, const std::atomic<bool>* mute) DM_EXCLUDES(speaking_);

  const Seams seams_;
  const RunOptions options_;
  const Object answers_;
  Mutex chance_;
  Mutex speaking_;
  bool ended_ DM_GUARDED_BY(speaking_) = false;
  const std::string id_;
};

}  // namespace docmind::graph::impl

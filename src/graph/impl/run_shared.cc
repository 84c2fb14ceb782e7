#include "graph/impl/run_shared.h"

#include "base/hash.h"

namespace docmind::graph::impl {

RunShared::RunShared(Seams seams, RunOptions options, Object answers)
    : seams_(std::move(seams)),
      options_(std::move(options)),
      answers_(std::move(answers)),
      id_(new_id(seams_.clock, seams_.rng)) {}

std::string RunShared::fresh_id() {
  const MutexLock lock(chance_);
  return new_id(seams_.clock, seams_.rng);
}

double RunShared::chance_in_01() {
  const MutexLock lock(chance_);
  return static_cast<double>(seams_.rng.next() >> 11U) * 0x1.0p-53;
}

void RunShared::speak(const Event& event, const std::atomic<bool>* mute) {
  const MutexLock lock(speaking_);
  if (ended_ || (mute != nullptr && mute->load())) return;
  options_.listening.listener(event);
}

void RunShared::end() {
  const MutexLock lock(speaking_);
  ended_ = true;
}

}  // namespace docmind::graph::impl

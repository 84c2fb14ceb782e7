// Many callers in virtual time: each is a thread, one runs at once, and the clock jumps to whoever wakes next.
//
// The same actors with the same chance give the same run, however busy the machine is. An actor's code calls sleep(),
// itself or through pause(), and blocks on nothing else.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "resilience/pause.h"

namespace docmind::resilience::testing {

class VirtualTime final : public Clock {
 public:
  TimePoint now() const override { return now_; }
  WallTime wall() const override { return WallTime{}; }

  // From an actor.
  void sleep(Duration how_long) {
    const std::size_t me = running_;
    wake_.emplace(std::pair(now_ + how_long, ++order_), me);
    scheduler_.release();
    actors_[me]->acquire();
  }
  Pause pause() {
    return [this](Duration how_long, std::stop_token stop) -> Result<> {
      sleep(how_long);
      if (stop.stop_requested()) return Error{Code::kCancelled, "stopped"};
      return {};
    };
  }

  // Runs them all to their end, begun in their order.
  void run(const std::vector<std::function<void()>>& actors) {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < actors.size(); ++i) {
      actors_.push_back(std::make_unique<std::binary_semaphore>(0));
      wake_.emplace(std::pair(now_, ++order_), i);
    }
    for (std::size_t i = 0; i < actors.size(); ++i) {
      threads.emplace_back([this, i, &actor = actors[i]] {
        actors_[i]->acquire();
        actor();
        scheduler_.release();
      });
    }
    while (!wake_.empty()) {
      const auto next = wake_.extract(wake_.begin());
      now_ = next.key().first;
      running_ = next.mapped();
      actors_[running_]->release();
      scheduler_.acquire();
    }
    threads.clear();
    actors_.clear();
  }

 private:
  // Only whoever has the turn touches them; the semaphores hand it on.
  TimePoint now_{};
  std::size_t running_ = 0;
  std::uint64_t order_ = 0;
  std::map<std::pair<TimePoint, std::uint64_t>, std::size_t> wake_;
  std::vector<std::unique_ptr<std::binary_semaphore>> actors_;
  std::binary_semaphore scheduler_{0};
};

}  // namespace docmind::resilience::testing

// What tests of the policies share: time that stands still, waits that are written down, a guard and scripted answers.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "obs/metrics.h"
#include "resilience/guard.h"

namespace docmind::resilience::testing {

class GuardTest : public ::testing::Test {
 protected:
  GuardDeps deps() {
    return {
        .clock = clock_, .rng = rng_, .metrics = metrics_, .pause = [this](Duration how_long, std::stop_token stop) {
          return wait(how_long, std::move(stop));
        }};
  }
  std::unique_ptr<Guard> guard(const GuardOptions& options) {
    auto opened = Guard::open("ollama", options, deps());
    EXPECT_TRUE(opened) << opened.error().message;
    return *std::move(opened);
  }
  Call within(Duration time) { return {.deadline = Deadline::in(time, clock_)}; }

  virtual Result<> wait(Duration how_long, std::stop_token stop) {
    waits_.push_back(how_long);
    clock_.advance(how_long);
    if (stop.stop_requested()) return Error{Code::kCancelled, "stopped"};
    return {};
  }

  // A backend that answers 42 when its list of failures is used up.
  auto failing(std::vector<Code> codes) {
    return [this, codes = std::move(codes)](Attempt&) -> Result<int> {
      const std::size_t call = calls_++;
      if (call < codes.size()) return Error{codes[call], "not now"};
      return 42;
    };
  }

  ManualClock clock_;
  SeededRng rng_{1};
  obs::Metrics metrics_;
  std::vector<Duration> waits_;
  std::size_t calls_ = 0;
};

}  // namespace docmind::resilience::testing

// Many callers and one backend in virtual time, from a seed: the figures the policies are chosen for.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <optional>
#include <vector>

#include "resilience/guard.h"
#include "resilience/testing/virtual_time.h"

namespace docmind::resilience {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

double in_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// Answers a question with its double after a while, unless the scene says otherwise.
class Backend {
 public:
  Backend(testing::VirtualTime& time, Rng& rng) : time_(time), rng_(rng) {}
  virtual ~Backend() = default;

  Result<int> ask(int question, Attempt& attempt) {
    ++attempts_;
    ++by_second_[std::chrono::floor<seconds>(time_.now()).time_since_epoch().count()];
    if (const std::optional<Error> error = trouble(attempt)) return *error;
    return serve(question, attempt, within(milliseconds(200), milliseconds(2000)));
  }
  Duration within(Duration least, Duration most) {
    return least +
           Duration(static_cast<std::int64_t>(rng_.next() % static_cast<std::uint64_t>((most - least).count())));
  }
  bool chance(double probability) { return static_cast<double>(rng_.next() >> 11U) * 0x1p-53 < probability; }
  // Most attempts in any second of [from, to).
  std::uint64_t peak(Duration from, Duration to) const {
    std::uint64_t most = 0;
    for (auto at = by_second_.lower_bound(from / seconds(1)); at != by_second_.lower_bound(to / seconds(1)); ++at) {
      most = std::max(most, at->second);
    }
    return most;
  }
  std::uint64_t attempts() const { return attempts_; }

 protected:
  virtual std::optional<Error> trouble(Attempt& attempt) = 0;
  virtual Result<int> serve(int question, Attempt& attempt, Duration takes) {
    if (takes >= attempt.deadline().left()) return hang(attempt);
    time_.sleep(takes);
    return 2 * question;
  }
  Error hang(const Attempt& attempt) {
    time_.sleep(attempt.deadline().left());
    return {Code::kDeadlineExceeded, "no answer"};
  }

  testing::VirtualTime& time_;
  Rng& rng_;

 private:
  std::uint64_t attempts_ = 0;
  std::map<std::int64_t, std::uint64_t> by_second_;
};

class Simulation : public ::testing::Test {
 protected:
  struct Asked {
    std::uint64_t calls = 0;
    std::uint64_t right = 0;
    std::uint64_t wrong = 0;
    std::uint64_t refused_by_breaker = 0;
    std::uint64_t attempts = 0;
  };

  Simulation() {
    options_.bulkhead.reset();  // It waits on real time.
    options_.attempt_timeout = seconds(10);
  }
  void make_guard() {
    guard_ = *Guard::open("b", options_, {.clock = time_, .rng = rng_, .metrics = metrics_, .pause = time_.pause()});
  }
  // One call; what became of it goes into `asked`.
  auto ask(Backend& backend, Asked& asked) {
    const int question = static_cast<int>(++questions_);
    auto done = guard_->run({.deadline = Deadline::in(seconds(60), time_)},
                            [&](Attempt& attempt) { return backend.ask(question, attempt); });
    ++asked.calls;
    asked.attempts += done.report.attempts;
    if (done.result) ++(*done.result == 2 * question ? asked.right : asked.wrong);
    if (done.report.end == End::kOpen && done.report.attempts == 0) {
      ++asked.refused_by_breaker;
      EXPECT_EQ(done.report.took, Duration::zero());
    }
    return done;
  }
  void run(std::size_t callers, const std::function<void()>& caller) {
    time_.run(std::vector<std::function<void()>>(callers, caller));
  }
  Duration now() const { return time_.now().time_since_epoch(); }

  testing::VirtualTime time_;
  SeededRng rng_{20'26};
  obs::Metrics metrics_;
  GuardOptions options_ = guarding_a_backend();
  std::unique_ptr<Guard> guard_;
  std::uint64_t questions_ = 0;
};

// Every fault that may be gone at the next attempt.
class Faulty final : public Backend {
 public:
  using Backend::Backend;
  std::uint64_t faults = 0;

 private:
  std::optional<Error> trouble(Attempt& attempt) override {
    if (faults >= 1000 || !chance(0.07)) return {};
    switch (faults++ % 8) {
      case 0:
        return Error{Code::kUnavailable, "connection refused"};
      case 1:
        time_.sleep(within(milliseconds(1), seconds(1)));
        return Error{Code::kUnavailable, "connection reset"};
      case 2:
        return hang(attempt);
      case 3:
        return Error{Code::kInternal, "status 500"};
      case 4:
        attempt.retry_after(seconds(2));
        return Error{Code::kUnavailable, "status 503"};
      case 5:
        attempt.retry_after(seconds(1));
        return Error{Code::kRateLimited, "status 429"};
      case 6:
        return Error{Code::kDataLoss, "not JSON"};
      default:
        time_.sleep(within(milliseconds(200), seconds(2)));
        return Error{Code::kDataLoss, "the stream ended early"};
    }
  }
};

TEST_F(Simulation, AThousandTransientFaultsOfMixedKindsEndInRightAnswers) {
  make_guard();
  Faulty backend(time_, rng_);
  Asked all;
  std::uint64_t hit = 0;
  std::uint64_t hit_and_right = 0;
  run(20, [&] {
    while (backend.faults < 1000) {
      time_.sleep(backend.within(Duration::zero(), seconds(4)));
      const auto done = ask(backend, all);
      if (done.report.failed.empty()) continue;
      ++hit;
      if (done.result) ++hit_and_right;
    }
  });
  const double recovered = static_cast<double>(hit_and_right) / static_cast<double>(hit);
  std::cout << "faults " << backend.faults << " in " << all.calls << " calls: " << hit << " calls hit, "
            << 100 * recovered << " % of them answered rightly, wrong answers " << all.wrong << ", amplification "
            << static_cast<double>(all.attempts) / static_cast<double>(all.calls) << ", breaker opened "
            << guard_->breaker()->status().opened << " times\n";
  EXPECT_EQ(backend.faults, 1000U);
  EXPECT_GT(recovered, 0.95);
  EXPECT_GT(static_cast<double>(all.right) / static_cast<double>(all.calls), 0.99);
  EXPECT_EQ(all.wrong, 0U);
}

// Dead from one moment to another.
class Mortal : public Backend {
 public:
  Mortal(testing::VirtualTime& time, Rng& rng, Duration dies, Duration heals, bool hangs)
      : Backend(time, rng), dies_(dies), heals_(heals), hangs_(hangs) {}
  virtual bool dead() const {
    const Duration now = time_.now().time_since_epoch();
    return now >= dies_ && now < heals_;
  }
  std::uint64_t attempts_while_dead = 0;

 protected:
  std::optional<Error> trouble(Attempt& attempt) override {
    if (!dead()) return {};
    ++attempts_while_dead;
    if (hangs_) return hang(attempt);
    time_.sleep(milliseconds(2));
    return Error{Code::kUnavailable, "connection refused"};
  }

 private:
  const Duration dies_;
  const Duration heals_;
  const bool hangs_;
};

class DeadBackend : public Simulation, public ::testing::WithParamInterface<bool> {};

TEST_P(DeadBackend, IsLeftAloneAndTakenUpAgainWhenItHeals) {
  const Duration dies = minutes(1);
  const Duration heals = minutes(6);
  const Duration end = minutes(8);
  make_guard();
  Mortal backend(time_, rng_, dies, heals, GetParam());
  Asked all;
  Asked while_dead;
  Duration first_answer = end;
  Duration last_failure = Duration::zero();
  run(100, [&] {
    while (now() < end) {
      time_.sleep(backend.within(Duration::zero(), seconds(4)));
      Asked& asked = backend.dead() ? while_dead : all;
      const Duration began = now();
      const auto done = ask(backend, asked);
      if (began >= heals && done.result) first_answer = std::min(first_answer, now());
      if (began >= heals && !done.result) last_failure = std::max(last_failure, now());
    }
  });
  const double amplification = static_cast<double>(backend.attempts_while_dead) / static_cast<double>(while_dead.calls);
  const std::uint64_t before = backend.peak(seconds(10), dies);
  const std::uint64_t after = backend.peak(heals, end);
  std::cout << "dead for 5 minutes (" << (GetParam() ? "hangs" : "refuses") << "), 100 callers: " << while_dead.calls
            << " calls, " << backend.attempts_while_dead << " reached it, amplification " << amplification << ", "
            << while_dead.refused_by_breaker << " refused at once; first answer " << in_seconds(first_answer - heals)
            << " s after healing, last failure " << in_seconds(last_failure - heals) << " s; most attempts in a second "
            << before << " before, " << after << " after\n";
  EXPECT_LE(amplification, 1.1);
  EXPECT_GT(while_dead.refused_by_breaker, while_dead.calls / 2);
  EXPECT_LE(first_answer - heals, seconds(10));
  EXPECT_LE(last_failure - heals, seconds(10));
  EXPECT_LE(after, before + before / 5);
  EXPECT_EQ(all.wrong + while_dead.wrong, 0U);
}

INSTANTIATE_TEST_SUITE_P(Simulation, DeadBackend, ::testing::Bool());

TEST_F(Simulation, TheBudgetAloneKeepsAHundredCallersFromAStorm) {
  options_.breaker.reset();
  make_guard();
  Mortal backend(time_, rng_, Duration::zero(), minutes(60), false);
  Asked all;
  run(100, [&] {
    for (int i = 0; i < 10; ++i) ask(backend, all);
  });
  const double amplification = static_cast<double>(backend.attempts()) / static_cast<double>(all.calls);
  std::cout << "a dead backend without a breaker, 1,000 calls of 100 callers: amplification " << amplification << "\n";
  EXPECT_EQ(all.calls, 1000U);
  EXPECT_LE(amplification, 1.1);
}

// Up for three seconds, down for three.
class Flapping final : public Mortal {
 public:
  Flapping(testing::VirtualTime& time, Rng& rng) : Mortal(time, rng, {}, {}, false) {}
  bool dead() const override { return time_.now().time_since_epoch() / seconds(3) % 2 == 1; }
};

TEST_F(Simulation, AFlappingBackendIsProbedByOneCallEverLessOften) {
  make_guard();
  Flapping backend(time_, rng_);
  Asked all;
  run(100, [&] {
    while (now() < minutes(10)) {
      time_.sleep(backend.within(Duration::zero(), seconds(4)));
      ask(backend, all);
    }
  });
  const std::uint64_t early = backend.peak(Duration::zero(), minutes(1));
  std::cout << "up and down every 3 s for 10 minutes, 100 callers: " << all.calls << " calls, " << backend.attempts()
            << " attempts, breaker opened " << guard_->breaker()->status().opened
            << " times, most attempts in a second " << early << "\n";
  EXPECT_LE(guard_->breaker()->status().opened, 60U);
  EXPECT_LE(static_cast<double>(backend.attempts()), 1.1 * static_cast<double>(all.calls));
}

// Takes ten at once and sends the others away.
class Small final : public Backend {
 public:
  using Backend::Backend;
  std::uint64_t served = 0;

 private:
  std::optional<Error> trouble(Attempt& attempt) override {
    if (running_ < 10) return {};
    attempt.retry_after(seconds(1));
    return Error{Code::kRateLimited, "busy"};
  }
  Result<int> serve(int question, Attempt& attempt, Duration) override {
    ++running_;
    auto answer = Backend::serve(question, attempt, milliseconds(500));
    --running_;
    ++served;
    return answer;
  }
  int running_ = 0;
};

TEST_F(Simulation, AnOverloadedBackendKeepsWorkingAtItsRate) {
  make_guard();
  Small backend(time_, rng_);
  Asked all;
  run(100, [&] {
    while (now() < minutes(5)) {
      time_.sleep(backend.within(seconds(1), seconds(3)));
      ask(backend, all);
    }
  });
  const double rate = static_cast<double>(backend.served) / in_seconds(now());
  const double amplification = static_cast<double>(backend.attempts()) / static_cast<double>(all.calls);
  std::cout << "a backend of 20 calls/s with 100 callers: " << rate << " calls/s, amplification " << amplification
            << ", breaker opened " << guard_->breaker()->status().opened << " times\n";
  EXPECT_GE(rate, 18);
  EXPECT_LE(amplification, 1.12);  // 10 % of each window's calls; the last window is cut.
  EXPECT_EQ(guard_->breaker()->status().opened, 0U);
}

}  // namespace
}  // namespace docmind::resilience

#include "tracing/tracer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <latch>

#include "base/testing/threaded_seams.h"
#include "base/thread_annotations.h"
#include "exec/wait.h"
#include "net/client.h"
#include "net/server.h"
#include "tracing/http_sender.h"

namespace docmind::tracing {
namespace {

constexpr auto kSoon = std::chrono::seconds(30);

Span span(std::uint64_t id, bool sampled = true) {
  return {.place = {.high = 1, .low = 2, .span = id, .sampled = sampled}, .name = "n" + std::to_string(id)};
}

std::vector<Span> spans(std::size_t count) {
  std::vector<Span> out;
  for (std::size_t i = 1; i <= count; ++i) out.push_back(span(i));
  return out;
}

std::size_t spans_in(const std::string& body) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = body.find("\"spanId\"", at)) != std::string::npos; ++at) ++count;
  return count;
}

// A collector that says what it is told to, and then that it is well.
class TracerTest : public ::testing::Test {
 protected:
  void open(TracerOptions options = {}) {
    options.delay = std::chrono::milliseconds(1);
    options.pause = std::chrono::milliseconds(1);
    tracer_ = *Tracer::open(options, {clock_, *log_, metrics_,
                                      [this](const std::string& body, const Deadline& deadline,
                                             const std::stop_token& stop) { return take(body, deadline, stop); }});
  }

  Result<> take(const std::string& body, const Deadline& deadline, const std::stop_token& stop) {
    MutexLock lock(mutex_);
    ++asked_;
    changed_.notify_all();
    const auto waited =
        exec::wait_until(changed_, lock, deadline, stop, [this]() DM_REQUIRES(mutex_) { return !hangs_; });
    if (waited != exec::Waited::kReady) return exec::error_of(waited, "the collector hangs");
    if (!answers_.empty()) {
      const Code code = answers_.front();
      answers_.pop_front();
      return Error{code, "no"};
    }
    bodies_.push_back(body);
    changed_.notify_all();
    return {};
  }

  bool reached(const std::function<bool()>& what) {
    MutexLock lock(mutex_);
    return exec::wait_until(changed_, lock, Deadline::in(kSoon, clock_), {}, what) == exec::Waited::kReady;
  }
  std::size_t taken() {
    std::size_t count = 0;
    for (const std::string& body : bodies_) count += spans_in(body);
    return count;
  }
  double dropped() { return metrics_.counter("docmind_tracing_spans_dropped_total", "").value(); }
  double sent() { return metrics_.counter("docmind_tracing_spans_sent_total", "").value(); }
  std::size_t told(const std::string& event) {
    const MutexLock lock(lines_mutex_);
    return static_cast<std::size_t>(
        std::ranges::count_if(lines_, [&](const std::string& line) { return line.find(event) != std::string::npos; }));
  }

  SteadyClock clock_;
  obs::Metrics metrics_;
  Mutex lines_mutex_;
  std::vector<std::string> lines_ DM_GUARDED_BY(lines_mutex_);
  std::unique_ptr<obs::Log> log_ = *obs::Log::open({.sink =
                                                        [this](std::string_view line) {
                                                          const MutexLock lock(lines_mutex_);
                                                          lines_.emplace_back(line);
                                                        }},
                                                   clock_);
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::string> bodies_;
  std::deque<Code> answers_;
  std::size_t asked_ = 0;
  bool hangs_ = false;
  std::unique_ptr<Tracer> tracer_;
};

TEST_F(TracerTest, SpansAreSentInBatches) {
  open({.batch = 4});
  tracer_->add(spans(10));
  ASSERT_TRUE(reached([this] { return taken() == 10; }));
  EXPECT_TRUE(std::ranges::all_of(bodies_, [](const std::string& body) { return spans_in(body) <= 4; }));
  tracer_.reset();
  EXPECT_EQ(sent(), 10);
  EXPECT_EQ(dropped(), 0);
}

TEST_F(TracerTest, WhatIsNotRecordedIsNotSent) {
  open();
  tracer_->add({span(1, false), span(2), Span{.name = "nowhere"}});
  tracer_.reset();
  ASSERT_EQ(bodies_.size(), 1U);
  EXPECT_EQ(spans_in(bodies_[0]), 1U);
  EXPECT_NE(bodies_[0].find("\"n2\""), std::string::npos);
}

TEST_F(TracerTest, WhatDoesNotFitIsDroppedAndNobodyWaits) {
  hangs_ = true;
  open({.waiting = 8, .batch = 4});
  tracer_->add(spans(4));
  ASSERT_TRUE(reached([this] { return asked_ == 1; }));  // They are on their way, and stay there.
  tracer_->add(spans(11));
  EXPECT_EQ(dropped(), 3);
  {
    const MutexLock lock(mutex_);
    hangs_ = false;
    changed_.notify_all();
  }
  ASSERT_TRUE(reached([this] { return taken() == 12; }));
}

TEST_F(TracerTest, ACollectorThatIsAwayIsToldOnceAndGetsAllOfIt) {
  answers_ = {Code::kUnavailable, Code::kDeadlineExceeded, Code::kRateLimited};
  open({.batch = 4});
  tracer_->add(spans(4));
  ASSERT_TRUE(reached([this] { return taken() == 4; }));
  tracer_.reset();
  EXPECT_EQ(asked_, 4U);
  EXPECT_EQ(sent(), 4);
  EXPECT_EQ(dropped(), 0);
  EXPECT_EQ(told("tracing_collector_away"), 1U);
  EXPECT_EQ(told("tracing_collector_back"), 1U);
}

TEST_F(TracerTest, WhatTheCollectorRefusesIsDropped) {
  answers_ = {Code::kInvalidArgument};
  open({.batch = 2});
  tracer_->add(spans(4));
  ASSERT_TRUE(reached([this] { return taken() == 2; }));
  tracer_.reset();
  EXPECT_EQ(dropped(), 2);
}

TEST_F(TracerTest, TheEndWaitsNoLongerThanItsPatience) {
  hangs_ = true;
  open({.batch = 2, .last_patience = std::chrono::milliseconds(50)});
  tracer_->add(spans(6));
  ASSERT_TRUE(reached([this] { return asked_ == 1; }));
  const TimePoint began = clock_.now();
  tracer_.reset();
  EXPECT_GE(clock_.now() - began, std::chrono::milliseconds(50));
  EXPECT_LT(clock_.now() - began, std::chrono::seconds(10));  // patience, which is not asked for.
  EXPECT_EQ(dropped(), 6);
}

TEST_F(TracerTest, TheEndSendsWhatIsLeft) {
  open({.batch = 2});
  tracer_->add(spans(7));
  tracer_.reset();
  EXPECT_EQ(taken(), 7U);
}

TEST_F(TracerTest, AShareOfTheTracesIsTaken) {
  open({.share = 0.25});
  std::size_t taken = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const TraceContext place{.high = 1, .low = (i * 0x9E3779B97F4A7C15ULL) | 1U, .span = 1};
    taken += tracer_->sampled(place).sampled ? 1U : 0U;
    EXPECT_EQ(tracer_->sampled(place), tracer_->sampled(place));
  }
  EXPECT_GT(taken, 200U);
  EXPECT_LT(taken, 300U);
  // As the caller has it.
  EXPECT_TRUE(tracer_->sampled({.high = 1, .low = 0, .span = 1, .parent = 2, .sampled = true}).sampled);
  EXPECT_FALSE(tracer_->sampled({.high = 1, .low = ~0ULL, .span = 1, .parent = 2, .sampled = false}).sampled);
  open({.share = 0});
  EXPECT_FALSE(tracer_->sampled({.high = 1, .low = ~0ULL, .span = 1}).sampled);
  open({.share = 1});
  EXPECT_TRUE(tracer_->sampled({.high = 1, .low = 0, .span = 1}).sampled);
}

TEST(TracerTimes, AreThoseOfTheWallAndKeepTheirOrder) {
  ManualClock clock;
  clock.advance(std::chrono::seconds(5));
  const obs::Log log;
  obs::Metrics metrics;
  const auto tracer =
      *Tracer::open({}, {clock, log, metrics, [](const auto&, const auto&, const auto&) { return Result<>(); }});
  const TimePoint early = clock.now();
  clock.advance(std::chrono::microseconds(300));
  EXPECT_EQ(tracer->nanoseconds(early), 5'000'000'000U);
  EXPECT_EQ(tracer->nanoseconds(clock.now()), 5'000'300'000U);
}

TEST(HttpSender, PostsJsonToTheCollectorsPath) {
  Mutex mutex;
  net::Request seen;
  int status = 200;
  const auto server = *net::Server::open({}, [&](const net::Request& request, net::ResponseWriter& out) {
    const MutexLock lock(mutex);
    seen = request;
    (void)out.send(net::json_response(status, "{}"));
  });
  const std::uint16_t port = *server->listen_tcp({});
  const auto client = *net::Client::open();
  const SteadyClock clock;
  const Send send = http_sender(*client, {.endpoint = {.port = port}, .path = "/otel"});
  EXPECT_TRUE(send("{\"a\":1}", Deadline::in(kSoon, clock), {}));
  EXPECT_EQ(seen.method + " " + seen.target.path, "POST /otel/v1/traces");
  EXPECT_EQ(seen.headers.find("Content-Type"), "application/json");
  EXPECT_EQ(seen.body, "{\"a\":1}");
  status = 503;
  EXPECT_EQ(send("{}", Deadline::in(kSoon, clock), {}).error().code, Code::kUnavailable);
  status = 400;
  EXPECT_FALSE(retryable(send("{}", Deadline::in(kSoon, clock), {}).error().code));
}

}  // namespace
}  // namespace docmind::tracing

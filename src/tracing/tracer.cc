#include "tracing/tracer.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <thread>
#include <utility>

#include "base/thread_annotations.h"
#include "exec/wait.h"

namespace docmind::tracing {
namespace {

constexpr std::uint64_t kRange = 1ULL << 56U;  // Of what sampling looks at.
constexpr Duration kSameTime = std::chrono::seconds(1);

}  // namespace

class Tracer::Queue {
 public:
  Queue(TracerOptions options, TracerDeps deps)
      : options_(std::move(options)),
        deps_(std::move(deps)),
        sent_(deps_.metrics.counter("docmind_tracing_spans_sent_total", "Spans that the collector took.")),
        dropped_(deps_.metrics.counter("docmind_tracing_spans_dropped_total",
                                       "Spans that were not sent: too many waited, or the collector refused them.")) {}

  ~Queue() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
  }

  Result<> start() {
    try {
      thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    } catch (const std::system_error&) {
      return Error{Code::kResourceExhausted, "the machine refuses another thread", "Close other programs."};
    }
    return {};
  }

  void add(std::vector<Span> spans) {
    std::size_t dropped = 0;
    {
      const MutexLock lock(mutex_);
      for (Span& span : spans) {
        if (waiting_.size() >= options_.waiting) {
          ++dropped;
        } else {
          waiting_.push_back(std::move(span));
        }
      }
      changed_.notify_all();
    }
    if (dropped > 0) dropped_.add(static_cast<double>(dropped));
  }

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      wait_for_some(stop);
      const std::vector<Span> batch = take();
      bool done = batch.empty();
      while (!done && !stop.stop_requested()) {
        done = settled(batch, Deadline::in(options_.patience, deps_.clock), stop);
        if (!done) exec::rest(Deadline::in(options_.pause, deps_.clock), stop);
      }
      if (!done) put_back(batch);
    }
    send_rest();
  }

  // Waits for some, and then a while for more.
  void wait_for_some(const std::stop_token& stop) {
    MutexLock lock(mutex_);
    exec::wait_until(changed_, lock, Deadline::never(), stop,
                     [this]() DM_REQUIRES(mutex_) { return !waiting_.empty(); });
    exec::wait_until(changed_, lock, Deadline::in(options_.delay, deps_.clock), stop,
                     [this]() DM_REQUIRES(mutex_) { return waiting_.size() >= options_.batch; });
  }

  std::vector<Span> take() {
    const MutexLock lock(mutex_);
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(options_.batch, waiting_.size()));
    std::vector<Span> out(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
    return out;
  }

  void put_back(const std::vector<Span>& batch) {
    const MutexLock lock(mutex_);
    waiting_.insert(waiting_.begin(), batch.begin(), batch.end());
  }

  // Whether nothing more is to be done with it.
  bool settled(const std::vector<Span>& batch, const Deadline& deadline, const std::stop_token& stop) {
    const Result<> sent = deps_.send(to_otlp(batch, options_.resource), deadline, stop);
    const Code code = sent ? Code::kInternal : sent.error().code;
    if (code == Code::kCancelled) return false;
    tell(sent);
    if (!sent && retryable(code)) return false;
    (sent ? sent_ : dropped_).add(static_cast<double>(batch.size()));
    return true;
  }

  void tell(const Result<>& sent) {
    const bool away = !sent;
    if (std::exchange(away_, away) == away) return;
    if (!away) {
      deps_.log.event(obs::Level::kInfo, "tracing_collector_back");
    } else {
      deps_.log.failure(obs::Level::kWarn, "tracing_collector_away", sent.error());
    }
  }

  // What is left when the tracer goes: once, and no longer than the deadline of all of it.
  void send_rest() {
    const Deadline deadline = Deadline::in(options_.last_patience, deps_.clock);
    while (true) {
      const std::vector<Span> batch = take();
      if (batch.empty()) return;
      if (!deadline.expired() && settled(batch, deadline, {})) continue;
      dropped_.add(static_cast<double>(batch.size()));
    }
  }

  const TracerOptions options_;
  const TracerDeps deps_;
  obs::Counter& sent_;
  obs::Counter& dropped_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Span> waiting_ DM_GUARDED_BY(mutex_);
  bool away_ = false;  // Of the thread alone.
  std::jthread thread_;
};

Tracer::Tracer(TracerOptions options, TracerDeps deps)
    : share_(options.share), clock_(deps.clock), queue_(std::make_unique<Queue>(std::move(options), std::move(deps))) {}

Tracer::~Tracer() = default;

Result<std::unique_ptr<Tracer>> Tracer::open(TracerOptions options, TracerDeps deps) {
  std::unique_ptr<Tracer> out(new Tracer(std::move(options), std::move(deps)));
  DM_TRY(out->queue_->start());
  return out;
}

TraceContext Tracer::sampled(TraceContext context) const {
  if (context.parent != 0) return context;
  const auto least = static_cast<std::uint64_t>((1 - share_) * static_cast<double>(kRange));
  context.sampled = (context.low & (kRange - 1)) >= least;
  return context;
}

void Tracer::add(std::vector<Span> spans) {
  std::erase_if(spans, [](const Span& span) { return !span.place || !span.place.sampled; });
  if (!spans.empty()) queue_->add(std::move(spans));
}

// The wall clock may be set, and counts a machine's sleep: so both clocks are asked now. But it has milliseconds, and a
// busy machine stops between the two questions, by which a child could begin before its parent: a difference that small
// is none.
std::uint64_t Tracer::nanoseconds(TimePoint at) const {
  const Duration now = clock_.wall().time_since_epoch() - clock_.now().time_since_epoch();
  Duration known(between_clocks_.load());
  if (std::chrono::abs(now - known) > kSameTime) {
    known = now;
    between_clocks_ = now.count();
  }
  return static_cast<std::uint64_t>((at.time_since_epoch() + known).count());
}

}  // namespace docmind::tracing

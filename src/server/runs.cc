#include "server/runs.h"

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <list>
#include <utility>

#include "base/hash.h"
#include "base/thread_annotations.h"
#include "exec/pool.h"
#include "exec/wait.h"
#include "net/http.h"

namespace docmind::server {
namespace {

constexpr std::string_view kDraft = "draft";

struct Run {
  RunInfo info{};
  std::vector<RunEvent> events{};
  std::uint64_t bytes = 0;  // Of the events.
  std::stop_source stop{};
  TimePoint ended{};
};

Error unknown(std::string_view id) {
  return {Code::kNotFound, "there is no run " + std::string(id),
          "Runs are kept ten minutes after their end; ask again."};
}

}  // namespace

std::string_view name_of(RunState state) {
  switch (state) {
    case RunState::kRunning:
      return "running";
    case RunState::kDone:
      return "done";
    case RunState::kFailed:
      return "failed";
    case RunState::kStopped:
      return "stopped";
  }
  return {};
}

struct Runs::State {
  State(RunsOptions given, const Clock& its_clock, Rng& its_rng) : options(given), clock(its_clock), rng(its_rng) {}

  const RunsOptions options;
  const Clock& clock;
  Rng& rng;
  mutable Mutex mutex{};
  mutable std::condition_variable_any changed{};
  std::list<Run> runs DM_GUARDED_BY(mutex){};  // By age.
  std::size_t going_on DM_GUARDED_BY(mutex) = 0;
  std::uint64_t bytes DM_GUARDED_BY(mutex) = 0;
  std::unique_ptr<exec::Pool> pool{};

  Run* find(std::string_view id) DM_REQUIRES(mutex) {
    const auto found = std::ranges::find(runs, id, [](const Run& run) { return std::string_view(run.info.id); });
    return found == runs.end() ? nullptr : &*found;
  }

  void add(Run& run, std::string_view name, std::string data) DM_REQUIRES(mutex) {
    if (name == kDraft && !run.events.empty() && run.events.back().name == kDraft) {
      run.bytes -= run.events.back().data.size();
      bytes -= run.events.back().data.size();
      run.events.pop_back();
    }
    run.bytes += data.size();
    bytes += data.size();
    run.events.push_back({++run.info.last_event, std::string(name), std::move(data)});
    changed.notify_all();
  }

  void say(const std::string& id, std::string_view name, std::string data) {
    const MutexLock lock(mutex);
    Run* const run = find(id);
    if (run != nullptr && run->info.state == RunState::kRunning) add(*run, name, std::move(data));
  }

  void end(const std::string& id, Result<std::string> result) {
    const MutexLock lock(mutex);
    Run& run = *find(id);  // It is going on, so it was not forgotten.
    const bool stopped = !result && run.stop.stop_requested();
    run.ended = clock.now();
    if (result) {
      run.info.state = RunState::kDone;
      add(run, "done", *std::move(result));
    } else {
      run.info.state = stopped ? RunState::kStopped : RunState::kFailed;
      add(run, stopped ? "stopped" : "error", stopped ? "{}" : net::error_body(result.error()));
    }
    --going_on;
  }

  // Those that have ended go when they are old, and the oldest of them when there are too many.
  void forget() DM_REQUIRES(mutex) {
    for (auto run = runs.begin(); run != runs.end();) {
      const bool over = run->info.state != RunState::kRunning;
      const bool old = over && clock.now() - run->ended >= options.kept_for;
      const bool crowded = runs.size() >= options.kept || bytes > options.kept_bytes;
      if (!old && !(over && crowded)) {
        ++run;
        continue;
      }
      bytes -= run->bytes;
      run = runs.erase(run);
    }
  }
};

Runs::Runs(std::shared_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Runs>> Runs::open(RunsOptions options, const Clock& clock, Rng& rng) {
  auto state = std::make_shared<State>(options, clock, rng);
  state->pool = DM_TRY(exec::Pool::open({.threads = options.at_once, .queue_bound = options.at_once}));
  return std::unique_ptr<Runs>(new Runs(std::move(state)));
}

Runs::~Runs() {
  for (const RunInfo& one : running({})) (void)stop(one.id);
  state_->pool.reset();  // Joins.
}

Result<RunInfo> Runs::start(std::string session, std::string question, Work work) {
  State& my = *state_;
  const MutexLock lock(my.mutex);
  if (my.going_on >= my.options.at_once) {
    return Error{Code::kResourceExhausted, "Too many answers are being made.", "Wait for one to end, or stop one."};
  }
  my.forget();
  Run run;
  run.info = {.id = new_id(my.clock, my.rng), .session = std::move(session), .question = std::move(question)};
  const std::string id = run.info.id;
  const RunInfo info = run.info;
  DM_TRY(my.pool->try_submit(
      [this, id, work = std::move(work), stop = run.stop.get_token()] {
        const Say say = [of = std::weak_ptr(state_), id](std::string_view name, std::string data) {
          if (const auto its = of.lock()) its->say(id, name, std::move(data));
        };
        state_->end(id, work(say, stop));
      },
      exec::Lane::kInteractive));
  ++my.going_on;
  my.runs.push_back(std::move(run));
  return info;
}

Result<RunInfo> Runs::find(std::string_view id) const {
  const MutexLock lock(state_->mutex);
  const Run* const run = state_->find(id);
  if (run == nullptr) return unknown(id);
  return run->info;
}

std::vector<RunInfo> Runs::running(std::string_view session) const {
  const MutexLock lock(state_->mutex);
  std::vector<RunInfo> out;
  for (const Run& run : state_->runs) {
    const bool meant = session.empty() || run.info.session == session;
    if (meant && run.info.state == RunState::kRunning) out.push_back(run.info);
  }
  return out;
}

Result<> Runs::stop(std::string_view id) {
  std::stop_source source(std::nostopstate);
  {
    const MutexLock lock(state_->mutex);
    const Run* const run = state_->find(id);
    if (run == nullptr) return unknown(id);
    source = run->stop;
  }
  source.request_stop();  // Without the lock: what it calls may say something.
  return {};
}

Result<std::vector<RunEvent>> Runs::next(std::string_view id, std::uint64_t after, Deadline deadline,
                                         std::stop_token stop) const {
  MutexLock lock(state_->mutex);
  const Run* run = nullptr;
  const auto ready = [&]() DM_REQUIRES(state_->mutex) {
    run = state_->find(id);
    return run == nullptr || run->info.last_event > after || run->info.state != RunState::kRunning;
  };
  const exec::Waited waited = exec::wait_until(state_->changed, lock, deadline, std::move(stop), ready);
  if (waited != exec::Waited::kReady) return exec::error_of(waited, "nothing happened in this run");
  if (run == nullptr) return unknown(id);
  std::vector<RunEvent> out;
  std::ranges::copy_if(run->events, std::back_inserter(out), [&](const RunEvent& one) { return one.number > after; });
  return out;
}

}  // namespace docmind::server

#include "llm/child/server_child.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/find.h"

namespace docmind::child {
namespace {

constexpr Duration kProbePause = std::chrono::milliseconds(10);
constexpr Duration kWatchPause = std::chrono::seconds(1);
constexpr std::size_t kMaxLine = 4096;  // Bytes of what it says, in the log,
constexpr std::size_t kMostSaid = 500;  // and of its last line, for a person.

// Puts what a process writes into a log, line by line. For one thread.
class LinesToLog {
 public:
  explicit LinesToLog(const obs::Log& log) : log_(log) {}
  void take(std::string_view bytes) {
    for (const char byte : bytes) {
      if (byte != '\n' && line_.size() < kMaxLine) line_.push_back(byte);
      if (byte != '\n' || line_.empty()) continue;
      log_.event(obs::Level::kInfo, "said", {{"line", line_}});
      line_.clear();
    }
  }

 private:
  const obs::Log& log_;
  std::string line_;
};

}  // namespace

// One thread at a time holds `busy` and with it the process; the others wait for it to be done. Of one that is kept up
// that is always the keeper.
struct ServerChild::State {
  State(ServerChildOptions o, ServerChildDeps d) : options(std::move(o)), deps(d) {}

  const ServerChildOptions options;
  const ServerChildDeps deps;
  std::unique_ptr<obs::Log> said_log;  // Null: nothing is written down.
  std::mutex mutex;
  std::condition_variable_any changed;
  bool busy = false;                         // Guarded by mutex, like the rest.
  std::unique_ptr<sys::Subprocess> process;  // Null before the first start.
  bool healthy = false;                      // Has answered, and nobody suspects it since.
  bool outdated = false;                     // A step was taken since it was started, or nobody wants it.
  bool wanted = false;                       // Of one that is kept up.
  TimePoint began{};                         // When it was started,
  TimePoint patience{};                      // and until when it must answer while it is not healthy.
  std::string stamp{};                       // As it was at the start.
  RunningServer server{};
  std::deque<TimePoint> starts{};
  Duration start_took{};
  std::size_t step = 0;   // Of options.steps, in force,
  std::string stepped{};  // and why the last one was taken.
  std::string failure{};  // Of the last start.
  std::jthread keeper{};  // Of one that is kept up. Last: it uses all of the above.

  bool runs() const { return process != nullptr && !process->exited(); }
  Result<> acquire(std::unique_lock<std::mutex>& lock, Deadline deadline, const std::stop_token& stop);
  Result<RunningServer> hold(Deadline deadline, const std::stop_token& stop);
  Result<RunningServer> get(const std::string& stamp_now, Deadline deadline, const std::stop_token& stop);
  void settle(const std::string& stamp_now);
  Result<> start(const std::string& stamp_now);
  Result<> wait_for_health(Deadline deadline, const std::stop_token& stop);
  void count_start() const;
  bool answers(Deadline deadline, const std::stop_token& stop);
  bool take_step(std::string why);
  Error ended(const sys::Exit& exit);
  void drop();
  void end_process();
  Result<RunningServer> wait_for_keeper(Deadline deadline, const std::stop_token& stop);
  std::string away() const;
  void keep_up(const std::stop_token& stop);
  Error gone(std::string_view what, Code code = Code::kUnavailable) const;
};

Error ServerChild::State::gone(std::string_view what, Code code) const {
  return {code, fmt::format("The {} {}.", options.name, what),
          options.log_file.empty() ? "Check its model with docmind doctor; docmind tries again by itself."
                                   : "Its log says more: " + options.log_file + "; docmind tries again by itself."};
}

Result<> ServerChild::State::acquire(std::unique_lock<std::mutex>& lock, Deadline deadline,
                                     const std::stop_token& stop) {
  while (busy) {
    if (stop.stop_requested()) return Error{Code::kCancelled, "The request was cancelled."};
    if (deadline.expired()) {
      return Error{Code::kDeadlineExceeded, fmt::format("The {} is still starting.", options.name)};
    }
    const Duration slice = std::min<Duration>(deadline.left(), std::chrono::seconds(1));
    changed.wait_for(lock, stop, slice, [this] { return !busy; });
  }
  return {};
}

Result<RunningServer> ServerChild::State::hold(Deadline deadline, const std::stop_token& stop) {
  const std::string stamp_now = options.stamp ? DM_TRY(options.stamp()) : std::string();
  std::unique_lock lock(mutex);
  DM_TRY(acquire(lock, deadline, stop));
  if (healthy && !process->exited() && stamp_now == stamp) return server;
  busy = true;
  lock.unlock();
  Result<RunningServer> got = get(stamp_now, deadline, stop);
  lock.lock();
  busy = false;
  failure = got || stop.stop_requested() ? std::string() : got.error().message;
  changed.notify_all();
  return got;
}

// What ended, what is older than the last step and what was started from something else goes.
void ServerChild::State::settle(const std::string& stamp_now) {
  if (process == nullptr) return;
  if (const auto exit = process->exited()) {
    (void)ended(*exit);
  } else if (outdated) {
    drop();
  } else if (stamp_now != stamp) {
    drop();
    const std::lock_guard lock(mutex);
    step = 0;
    stepped.clear();
  }
}

Result<RunningServer> ServerChild::State::get(const std::string& stamp_now, Deadline deadline,
                                              const std::stop_token& stop) {
  settle(stamp_now);
  Result<> answered;
  // Once more when it ends over the answer: it was dying when we came, or something outside has killed it.
  for (std::size_t more = 1;;) {
    if (process == nullptr) DM_TRY(start(stamp_now));
    const std::size_t step_before = step;
    answered = healthy ? Result<>() : wait_for_health(deadline, stop);
    if (answered) return server;
    if (process != nullptr) break;  // It goes on starting, for the next caller.
    if (step == step_before && more-- == 0) break;
  }
  return std::move(answered).error();
}

Result<> ServerChild::State::start(const std::string& stamp_now) {
  const TimePoint now = deps.clock.now();
  while (!starts.empty() && now - starts.front() >= options.start_window) starts.pop_front();
  if (!options.kept_up && starts.size() >= options.max_starts)
    return gone("keeps ending and is left alone for a while");
  Launch launch = DM_TRY(options.launch(step));
  starts.push_back(now);
  sys::SubprocessOptions process_options{.argv = std::move(launch.argv),
                                         .env = std::move(launch.environment),
                                         .out = said_log ? sys::Output::kWithErr : sys::Output::kNothing};
  if (said_log) {
    process_options.on_err = [lines = std::make_shared<LinesToLog>(*said_log)](std::string_view bytes) {
      lines->take(bytes);
    };
  }
  auto started = DM_TRY(sys::Subprocess::start(std::move(process_options)).with("start the " + options.name));
  const std::lock_guard lock(mutex);
  process = std::move(started);
  healthy = false;
  outdated = false;
  began = now;
  patience = now + options.start_timeout;
  stamp = stamp_now;
  server = {std::move(launch.endpoint), server.life + 1};
  return {};
}

Result<> ServerChild::State::wait_for_health(Deadline deadline, const std::stop_token& stop) {
  while (true) {
    if (answers(deadline, stop)) {
      const std::lock_guard lock(mutex);
      healthy = true;
      start_took = deps.clock.now() - began;
      count_start();
      deps.log.event(obs::Level::kDebug, "child_running",
                     {{"child", options.name}, {"pid", process->pid()}, {"life", server.life}});
      return {};
    }
    if (stop.stop_requested()) return Error{Code::kCancelled, "The request was cancelled."};
    if (deadline.expired()) {
      return Error{Code::kDeadlineExceeded, fmt::format("The {} did not start in time.", options.name)};
    }
    if (deps.clock.now() >= patience) {
      drop();
      return gone("did not answer in time and was ended");
    }
    // Waiting for its end is the pause between two probes: one that dies is seen at once.
    const auto exit = process->wait(deadline.sooner(kProbePause, deps.clock), stop);
    if (exit) return ended(*exit);
  }
}

void ServerChild::State::count_start() const {
  if (options.backend.empty()) return;
  const obs::Labels labels{{"backend", options.backend}};
  deps.metrics.counter("docmind_backend_starts_total", "Starts of a backend's process that came to health.", labels)
      .add();
  deps.metrics.gauge("docmind_backend_start_seconds", "How long its last start took.", labels)
      .set(std::chrono::duration<double>(start_took).count());
}

bool ServerChild::State::answers(Deadline deadline, const std::stop_token& stop) {
  net::Request request;
  request.target.path = options.health_path;
  const auto response = deps.client.send(
      server.endpoint, request,
      {.deadline = deadline.sooner(std::chrono::seconds(1), deps.clock), .stop = stop, .max_body = 4096});
  return response && response->status == 200;
}

// With the mutex held.
bool ServerChild::State::take_step(std::string why) {
  if (step >= options.steps.size()) return false;
  const std::string& name = options.steps[step++];
  stepped = std::move(why);
  starts.clear();  // It is another one from here.
  if (!options.backend.empty()) {
    deps.metrics
        .counter("docmind_backend_steps_total", "What a backend gave up since its memory did not suffice.",
                 {{"backend", options.backend}, {"step", name}})
        .add();
  }
  deps.log.event(obs::Level::kWarn, "child_step", {{"child", options.name}, {"step", name}, {"why", stepped}});
  return true;
}

// Why it ended.
Error ServerChild::State::ended(const sys::Exit& exit) {
  const std::string said = process->err_tail();
  std::string line = options.cause ? options.cause(said) : std::string();
  if (line.empty()) line = last_line(said).substr(0, kMostSaid);
  const std::string why = exit.signal != 0 || line.empty() ? sys::describe(exit) : line;
  deps.log.event(obs::Level::kWarn, "child_died",
                 {{"child", options.name}, {"exit", sys::describe(exit)}, {"said", line}});
  const bool helps = !outdated && options.step_helps && options.step_helps(exit, said);
  drop();
  const std::lock_guard lock(mutex);
  if (helps) (void)take_step(why);
  return gone("has ended: " + why, helps ? Code::kResourceExhausted : Code::kUnavailable);
}

void ServerChild::State::drop() {
  std::unique_ptr<sys::Subprocess> over;
  {
    const std::lock_guard lock(mutex);
    over = std::move(process);
    healthy = false;
  }
  over.reset();  // Kills and reaps it.
  // The socket file of a process that was killed; gone already when it ended by itself.
  const std::string& socket = server.endpoint.unix_path;
  if (!socket.empty()) (void)static_cast<bool>(deps.files.remove(socket));
}

Result<RunningServer> ServerChild::State::wait_for_keeper(Deadline deadline, const std::stop_token& stop) {
  const Deadline patience_of_caller = deadline.sooner(options.caller_waits, deps.clock);
  std::unique_lock lock(mutex);
  if (!std::exchange(wanted, true)) changed.notify_all();
  while (!healthy && !stop.stop_requested() && !patience_of_caller.expired()) {
    const Duration slice = std::min<Duration>(patience_of_caller.left(), std::chrono::seconds(1));
    changed.wait_for(lock, stop, slice, [this] { return healthy; });
  }
  if (healthy) return server;
  if (stop.stop_requested()) return Error{Code::kCancelled, "The request was cancelled."};
  return Error{Code::kUnavailable, away(), "Wait a little, then ask again: docmind tries by itself."};
}

// With the mutex held.
std::string ServerChild::State::away() const {
  if (!failure.empty()) return failure;
  const auto since = process == nullptr ? Duration::zero() : deps.clock.now() - began;
  return fmt::format("The {} is starting, since {} s.", options.name,
                     std::chrono::duration_cast<std::chrono::seconds>(since).count());
}

void ServerChild::State::keep_up(const std::stop_token& stop) {
  Duration pause = options.first_pause;
  const auto until_wanted = [&] {
    std::unique_lock lock(mutex);
    if (!wanted) {
      lock.unlock();
      end_process();
      lock.lock();
    }
    changed.wait(lock, stop, [this] { return wanted; });
  };
  for (until_wanted(); !stop.stop_requested(); until_wanted()) {
    const TimePoint from = deps.clock.now();
    bool lives = static_cast<bool>(hold(Deadline::never(), stop));
    while (lives && !stop.stop_requested()) {
      const bool ended_now = static_cast<bool>(process->wait(Deadline::in(kWatchPause, deps.clock), stop));
      const std::lock_guard lock(mutex);
      if (ended_now) healthy = false;
      lives = healthy && wanted;
    }
    if (deps.clock.now() - from >= options.longest_pause) pause = options.first_pause;
    std::unique_lock lock(mutex);
    // One that is suspected is looked at, and one that took a step is started, without a pause.
    const bool at_once = !wanted || outdated || runs();
    if (!at_once) changed.wait_for(lock, stop, pause, [] { return false; });
    if (!at_once) pause = std::min(2 * pause, options.longest_pause);
  }
}

ServerChild::ServerChild(std::unique_ptr<State> state) : state_(std::move(state)) {}

// Time to save what it has, then it is dropped.
void ServerChild::State::end_process() {
  if (process == nullptr) return;
  process->terminate();
  (void)process->wait(Deadline::in(options.end_timeout, deps.clock), {});
  drop();
}

ServerChild::~ServerChild() {
  if (state_->keeper.joinable()) {
    state_->keeper.request_stop();
    state_->keeper.join();
  }
  state_->end_process();
}

Result<std::unique_ptr<ServerChild>> ServerChild::open(ServerChildOptions options, ServerChildDeps deps) {
  auto state = std::make_unique<State>(std::move(options), deps);
  if (!state->options.log_file.empty()) {
    DM_TRY(deps.files.make_dirs(std::filesystem::path(state->options.log_file).parent_path()));
    state->said_log = DM_TRY(obs::Log::open({.file = state->options.log_file}, deps.clock));
  }
  if (state->options.kept_up) {
    state->keeper = std::jthread([kept = state.get()](const std::stop_token& stop) { kept->keep_up(stop); });
  }
  return std::unique_ptr<ServerChild>(new ServerChild(std::move(state)));
}

Result<RunningServer> ServerChild::running(Deadline deadline, std::stop_token stop) {
  if (state_->options.kept_up) return state_->wait_for_keeper(deadline, stop);
  return state_->hold(deadline.sooner(state_->options.caller_waits, state_->deps.clock), stop);
}

void ServerChild::suspect(std::uint64_t life) {
  State& s = *state_;
  const std::lock_guard lock(s.mutex);
  if (s.busy || life != s.server.life || !s.healthy) return;
  s.healthy = false;
  s.patience = s.deps.clock.now() + s.options.probe_timeout;
}

bool ServerChild::step_down(std::uint64_t life, std::string_view why) {
  State& s = *state_;
  const std::lock_guard lock(s.mutex);
  if (s.busy || life != s.server.life || s.outdated || !s.take_step(std::string(why))) return false;
  s.healthy = false;
  s.outdated = true;
  return true;
}

void ServerChild::want() {
  const std::lock_guard lock(state_->mutex);
  state_->wanted = true;
  state_->changed.notify_all();
}

void ServerChild::end() {
  State& s = *state_;
  std::unique_lock lock(s.mutex);
  s.wanted = false;
  if (s.options.kept_up) {  // The keeper sees the end within kWatchPause, and ends it.
    s.healthy = false;
    if (s.process != nullptr) s.process->terminate();
    return;
  }
  if (!s.acquire(lock, Deadline::in(s.options.end_timeout, s.deps.clock), {})) return;  // Somebody wants it.
  s.busy = true;
  lock.unlock();
  s.end_process();
  lock.lock();
  s.busy = false;
  s.changed.notify_all();
}

std::optional<RunningServer> ServerChild::running_now() const {
  const State& s = *state_;
  const std::lock_guard lock(state_->mutex);
  return s.healthy && s.runs() ? std::optional(s.server) : std::nullopt;
}

ChildStatus ServerChild::status() const {
  const State& s = *state_;
  const std::lock_guard lock(state_->mutex);
  const bool runs = s.runs();
  ChildStatus out{.pid = runs ? s.process->pid() : 0,
                  .healthy = runs && s.healthy,
                  .starts = s.server.life,
                  .start_took = s.start_took,
                  .step = s.step,
                  .step_name = s.step == 0 ? std::string() : s.options.steps[s.step - 1],
                  .stepped = s.stepped,
                  .failure = s.failure};
  const bool refuses = s.options.kept_up && s.options.caller_waits == Duration::zero();
  if (refuses && s.wanted && !out.healthy) out.away = s.away();
  return out;
}

}  // namespace docmind::child

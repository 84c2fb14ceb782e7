#include "llm/llamacpp/engine_child.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>

#include "net/client.h"
#include "obs/log.h"
#include "sys/files.h"
#include "sys/subprocess.h"

namespace docmind::llamacpp {
namespace {

constexpr std::size_t kMaxSocketPath = 107;
constexpr Duration kProbePause = std::chrono::milliseconds(10);

// What the engine said last, for a person.
std::string last_line(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  const std::size_t start = text.rfind('\n');
  return std::string(start == std::string_view::npos ? text : text.substr(start + 1)).substr(0, 500);
}

Error gone(std::string_view what) {
  return {Code::kUnavailable, fmt::format("The embedding engine {}.", what),
          "Check the model file with docmind doctor; docmind tries again by itself."};
}

}  // namespace

// One caller at a time holds `busy` and with it the child; the others wait for it to be done.
struct EngineChild::State {
  State(EngineChildOptions o, EngineChildDeps d) : options(std::move(o)), deps(d) {}

  const EngineChildOptions options;
  const EngineChildDeps deps;
  std::mutex mutex;
  std::condition_variable_any changed;
  bool busy = false;                       // Guarded by mutex, like the rest.
  std::unique_ptr<sys::Subprocess> child;  // Null before the first start.
  bool healthy = false;                    // Has answered /health, and nobody suspects it since.
  TimePoint patience{};                    // Until when /health must answer while not healthy.
  sys::FileStat model{};                   // The file as it was at the start.
  RunningEngine engine;
  std::deque<TimePoint> starts;

  Result<> acquire(std::unique_lock<std::mutex>& lock, Deadline deadline, const std::stop_token& stop);
  Result<RunningEngine> get(const sys::FileStat& model_now, Deadline deadline, const std::stop_token& stop);
  Result<> start(const sys::FileStat& model_now);
  Result<> wait_for_health(Deadline deadline, const std::stop_token& stop);
  bool answers(Deadline deadline, const std::stop_token& stop);
  void drop();
};

Result<> EngineChild::State::acquire(std::unique_lock<std::mutex>& lock, Deadline deadline,
                                     const std::stop_token& stop) {
  while (busy) {
    if (stop.stop_requested()) return Error{Code::kCancelled, "The request was cancelled."};
    if (deadline.expired()) return Error{Code::kDeadlineExceeded, "The embedding engine is still starting."};
    const Duration step = std::min<Duration>(deadline.left(), std::chrono::seconds(1));
    changed.wait_for(lock, stop, step, [this] { return !busy; });
  }
  return {};
}

Result<RunningEngine> EngineChild::State::get(const sys::FileStat& model_now, Deadline deadline,
                                              const std::stop_token& stop) {
  const std::optional<sys::Exit> exit = child != nullptr ? child->exited() : std::nullopt;
  if (exit) {
    deps.log.event(obs::Level::kWarn, "engine_died",
                   {{"exit", sys::describe(*exit)}, {"said", last_line(child->err_tail())}});
  }
  if (exit || (child != nullptr && model_now != model)) drop();
  // Once more when it ends over the answer: it was dying when we came, or something outside has killed it.
  Result<> answered;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (child == nullptr) DM_TRY(start(model_now));
    if (!healthy) answered = wait_for_health(deadline, stop);
    if (answered) return engine;
    if (child != nullptr) break;  // It goes on starting, for the next caller.
  }
  return std::move(answered).error();
}

Result<> EngineChild::State::start(const sys::FileStat& model_now) {
  const TimePoint now = deps.clock.now();
  while (!starts.empty() && now - starts.front() >= options.start_window) starts.pop_front();
  if (starts.size() >= options.max_starts) return gone("keeps ending and is left alone for a while");
  starts.push_back(now);
  const std::string socket = fmt::format("{}/engine-{:016x}.sock", options.socket_folder, deps.rng.next());
  sys::SubprocessOptions process;
  process.argv = {options.binary, "engine", "--model", options.model_path, "--socket", socket};
  if (options.threads != 0) {
    process.argv.emplace_back("--threads");
    process.argv.push_back(std::to_string(options.threads));
  }
  process.argv.insert(process.argv.end(), options.arguments.begin(), options.arguments.end());
  process.env = options.environment;
  process.out = sys::Output::kNothing;
  child = DM_TRY(sys::Subprocess::start(std::move(process)).with("start the embedding engine"));
  healthy = false;
  patience = now + options.start_timeout;
  model = model_now;
  engine = {socket, engine.life + 1};
  return {};
}

Result<> EngineChild::State::wait_for_health(Deadline deadline, const std::stop_token& stop) {
  while (true) {
    if (answers(deadline, stop)) {
      healthy = true;
      deps.log.event(obs::Level::kDebug, "engine_running", {{"pid", child->pid()}, {"life", engine.life}});
      return {};
    }
    if (stop.stop_requested()) return Error{Code::kCancelled, "The request was cancelled."};
    if (deadline.expired()) return Error{Code::kDeadlineExceeded, "The embedding engine did not start in time."};
    if (deps.clock.now() >= patience) {
      drop();
      return gone("did not answer in time and was ended");
    }
    // Waiting for its end is the pause between two probes: a child that dies is seen at once.
    const auto exit = child->wait(deadline.sooner(kProbePause, deps.clock), stop);
    if (exit) {
      const std::string said = exit->signal != 0 ? std::string() : last_line(child->err_tail());
      drop();
      return gone(fmt::format("has ended: {}", said.empty() ? sys::describe(*exit) : said));
    }
  }
}

bool EngineChild::State::answers(Deadline deadline, const std::stop_token& stop) {
  net::Request request;
  request.target.path = "/health";
  const auto response = deps.client.send(
      {.unix_path = engine.socket_path}, request,
      {.deadline = deadline.sooner(std::chrono::seconds(1), deps.clock), .stop = stop, .max_body = 4096});
  return response && response->status == 200;
}

void EngineChild::State::drop() {
  child.reset();  // Kills and reaps it.
  healthy = false;
  // The socket file of a process that was killed; gone already when it ended by itself.
  (void)static_cast<bool>(deps.files.remove(engine.socket_path));
}

EngineChild::EngineChild(std::unique_ptr<State> state) : state_(std::move(state)) {}

EngineChild::~EngineChild() {
  if (state_->child == nullptr) return;
  state_->child->terminate();
  (void)state_->child->wait(Deadline::in(state_->options.end_timeout, state_->deps.clock), {});
  state_->drop();
}

Result<std::unique_ptr<EngineChild>> EngineChild::open(EngineChildOptions options, EngineChildDeps deps) {
  if (options.socket_folder.size() + std::string_view("/engine-0123456789abcdef.sock").size() > kMaxSocketPath) {
    return Error{Code::kInvalidArgument, "The folder for the engine's socket has too long a name.",
                 "Set XDG_RUNTIME_DIR to a shorter path."};
  }
  DM_TRY(deps.files.make_dirs(options.socket_folder));
  return std::unique_ptr<EngineChild>(new EngineChild(std::make_unique<State>(std::move(options), deps)));
}

Result<RunningEngine> EngineChild::running(Deadline deadline, std::stop_token stop) {
  State& s = *state_;
  const sys::FileStat model = DM_TRY(s.deps.files.stat(s.options.model_path).with("the embedding model"));
  std::unique_lock lock(s.mutex);
  DM_TRY(s.acquire(lock, deadline, stop));
  if (s.healthy && !s.child->exited() && model == s.model) return s.engine;
  s.busy = true;
  lock.unlock();
  Result<RunningEngine> engine = s.get(model, deadline, stop);
  lock.lock();
  s.busy = false;
  s.changed.notify_all();
  return engine;
}

void EngineChild::suspect(std::uint64_t life) {
  State& s = *state_;
  std::unique_lock lock(s.mutex);
  if (s.busy || life != s.engine.life || !s.healthy) return;
  s.healthy = false;
  s.patience = s.deps.clock.now() + s.options.probe_timeout;
}

int EngineChild::pid() const {
  const std::unique_lock lock(state_->mutex);
  if (state_->busy || state_->child == nullptr || state_->child->exited()) return 0;
  return state_->child->pid();
}

}  // namespace docmind::llamacpp

// Keeps one server process (an engine, a vLLM, an Ollama): starts it, restarts it when it has died, stops it when this
// object goes.
//
// One that is not `kept_up` is started by the first caller who wants it; callers that come meanwhile wait for the same
// start, and one that ends at once costs a bounded number of starts: after `max_starts` within `start_window` the
// answer is kUnavailable until the window has passed. One that is kept up is started when first wanted and again
// whenever it ends, with pauses that grow from `first_pause` to `longest_pause`; callers wait for it `caller_waits` at
// most. end() ends either until somebody wants it again. A child whose memory did not suffice (`step_helps`,
// step_down()) is started again with the next of `steps` in force, and with all before it; steps stay in force until
// `stamp` changes or this object goes. The child dies with us, even when we are killed (sys/subprocess.h). Thread
// safety: any method from any thread.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "net/client.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "sys/files.h"
#include "sys/subprocess.h"

namespace docmind::child {

struct Launch {                            // One start.
  std::vector<std::string> argv{};         // argv[0] is an absolute path.
  std::vector<std::string> environment{};  // "NAME=value", all that it gets.
  net::Endpoint endpoint{};                // Where it will answer; the file of a Unix socket goes with the process.
};

struct ServerChildOptions {
  std::string name{};     // "embedding engine": for sentences and the log.
  std::string backend{};  // "llamacpp": the label in docmind_backend_starts_total and its like; empty: not counted.
  // Asked before each start; `step` of `steps` are in force, 0: none.
  std::function<Result<Launch>(std::size_t step)> launch{};
  std::vector<std::string> steps{};  // What is given up when memory does not suffice, for people: "a context of 65536".
  // Whether this end, with what it said last, calls for the next step. Empty: none does.
  std::function<bool(const sys::Exit& exit, std::string_view said)> step_helps{};
  // The line of what it said last that tells why it ended. Empty, or an empty answer: the last one.
  std::function<std::string(std::string_view said)> cause{};
  // What it is started from: asked at each call, and started afresh when the answer changes. Empty: nothing changes.
  std::function<Result<std::string>()> stamp{};
  std::string health_path = "/health";
  std::string log_file{};  // Gets all that it says (obs/log.h); empty: the last 64 KiB are kept in memory alone.
  bool kept_up = false;
  Duration caller_waits = std::chrono::hours(1);
  Duration first_pause = std::chrono::seconds(5);
  Duration longest_pause = std::chrono::seconds(60);
  std::uint32_t max_starts = 5;
  Duration start_window = std::chrono::seconds(60);
  Duration start_timeout = std::chrono::minutes(2);  // Until it is healthy; a large model loads from a slow disk.
  Duration probe_timeout = std::chrono::seconds(5);  // For a suspected one to answer before it is killed.
  Duration end_timeout = std::chrono::seconds(10);   // To save what it has computed, when all ends.
};

struct ServerChildDeps {  // All outlive the child.
  const Clock& clock;
  sys::Files& files;
  net::Client& client;
  const obs::Log& log;
  obs::Metrics& metrics;
};

// One life of the process. `life` counts starts, so that a failed request can say which process failed it.
struct RunningServer {
  net::Endpoint endpoint{};
  std::uint64_t life = 0;
};

struct ChildStatus {
  int pid = 0;  // 0: none runs.
  bool healthy = false;
  std::uint64_t starts = 0;
  Duration start_took{};    // The last one that came to health; 0: none yet.
  std::size_t step = 0;     // Of `steps`, in force.
  std::string step_name{};  // "a context of 65536"; empty: none in force.
  std::string stepped{};    // Why the last step was taken.
  std::string failure{};    // Why it is not healthy, while it is not.
  std::string away{};       // What a caller who does not wait (caller_waits = 0) would be told now; empty: it answers.
};

class ServerChild {
 public:
  static Result<std::unique_ptr<ServerChild>> open(ServerChildOptions options, ServerChildDeps deps);
  ~ServerChild();
  ServerChild(const ServerChild&) = delete;
  ServerChild& operator=(const ServerChild&) = delete;

  // A healthy one. kUnavailable when it cannot be started, or is still starting after `caller_waits`;
  // kResourceExhausted when its memory does not suffice and there is no step left.
  Result<RunningServer> running(Deadline deadline, std::stop_token stop);

  // The one that runs and is healthy, if there is one, whatever it was started from. Starts and waits for nothing.
  std::optional<RunningServer> running_now() const;

  // A request to that life failed in the transport: whoever asks next gets a fresh process if this one is dead or does
  // not answer its health check.
  void suspect(std::uint64_t life);

  // That life's memory did not suffice: it is ended, and the next start has one step more in force. False when there is
  // no such step, or that life is over.
  bool step_down(std::uint64_t life, std::string_view why);

  // From now on one that is kept up is kept up; without waiting for it.
  void want();

  // Ends it, until somebody wants it again: what it has in memory is freed. Its requests are cut off.
  void end();

  ChildStatus status() const;

 private:
  struct State;
  explicit ServerChild(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::child

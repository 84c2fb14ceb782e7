// Keeps one `docmind engine` process: starts it when it is first wanted, restarts it when it has died, stops it when
// this object goes.
//
// Thread safety: any method from any thread; callers that come while it starts wait for the same start.
// The child dies with us, even when we are killed (sys/subprocess.h). It is started afresh when the model file changes.
// A model that makes the engine crash at once costs a bounded number of starts: after `max_starts` within
// `start_window` the answer is kUnavailable until the window has passed.
#pragma once
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "base/rng.h"

namespace docmind::obs {
class Log;
}
namespace docmind::net {
class Client;
}
namespace docmind::sys {
class Files;
}

namespace docmind::llamacpp {

struct EngineChildOptions {
  std::string binary;                      // The docmind binary.
  std::string model_path;                  // A GGUF file.
  std::string socket_folder;               // Where the socket goes; made with mode 0700 when absent.
  std::uint32_t threads = 0;               // 0: the engine decides.
  std::vector<std::string> arguments{};    // More, as `docmind engine` takes them.
  std::vector<std::string> environment{};  // "NAME=value", all that the engine gets.
  std::uint32_t max_starts = 5;
  Duration start_window = std::chrono::seconds(60);
  Duration start_timeout = std::chrono::minutes(2);  // Until /health answers; a large model loads from a slow disk.
  Duration probe_timeout = std::chrono::seconds(5);  // For a suspected engine to answer /health before it is killed.
  Duration end_timeout = std::chrono::seconds(10);   // To save what it has computed, when all ends.
};

struct EngineChildDeps {
  const Clock& clock;
  Rng& rng;
  sys::Files& files;
  net::Client& client;
  const obs::Log& log;
};

// One life of the engine process. `life` counts starts, so that a failed request can say which process failed it.
struct RunningEngine {
  std::string socket_path;
  std::uint64_t life = 0;
};

class EngineChild {
 public:
  static Result<std::unique_ptr<EngineChild>> open(EngineChildOptions options, EngineChildDeps deps);
  ~EngineChild();
  EngineChild(const EngineChild&) = delete;
  EngineChild& operator=(const EngineChild&) = delete;

  // A healthy engine, started when none runs. kUnavailable when it cannot be started.
  Result<RunningEngine> running(Deadline deadline, std::stop_token stop);

  // A request to that life failed in the transport: whoever asks next gets a fresh process if this one is dead or
  // does not answer /health.
  void suspect(std::uint64_t life);

  // Process id of the engine, 0 when none runs. For doctor and for tests that kill it.
  int pid() const;

 private:
  struct State;
  explicit EngineChild(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::llamacpp
